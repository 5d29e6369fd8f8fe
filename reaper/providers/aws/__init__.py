"""AWS accounts: what bears tags in their regions, and IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reaper.config import Config
    from reaper.config.places import AwsPlace
    from reaper.providers.protocol import Permissions, Provider

__all__ = ["discover", "open_aws", "permitted"]


def open_aws(place: AwsPlace, *, read_only: bool) -> Provider:
    """Open one configured account; nothing is asked of it before `identity`."""
    from reaper.providers.aws.account import Account  # noqa: PLC0415 - imports boto3

    return Account(place, read_only=read_only)


def discover() -> list[str]:
    """The account of the SDK's own credentials, if there are any and they are accepted."""
    from reaper.providers.aws.discovery import own_account  # noqa: PLC0415 - imports boto3

    return own_account()


def permitted(
    config: Config, *, kinds: frozenset[str], read_only: bool, simulate: bool
) -> Permissions:
    """Write the policy for what this configuration lets reaper do; nothing is asked of AWS."""
    from reaper.providers.aws import granting  # noqa: PLC0415 - imports boto3

    return granting.permitted(config, kinds=kinds, read_only=read_only, simulate=simulate)
