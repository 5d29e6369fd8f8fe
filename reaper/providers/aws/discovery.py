"""Finds the account that the SDK's own credentials are of, for `reaper init`."""

from __future__ import annotations

import os
from typing import Any

import botocore.session
from botocore.config import Config

from reaper.providers.aws.answers import CALL_ERRORS, explain
from reaper.providers.discovery import Discovery, FoundPlace

_PATIENCE_S = 5
_FALLBACK_REGION = "us-east-1"
_ENDPOINT = "AWS_ENDPOINT_URL"  # as botocore reads it


def own_account() -> Discovery:
    """The account, if there are credentials and STS accepts them; else why there is none.

    Where none are configured, nobody is asked: not the instance's metadata service either.
    """
    session = botocore.session.Session()
    try:
        session.get_component("credential_provider").remove("iam-role")
        if session.get_credentials() is None:
            return Discovery(notes=(_none(session),))
        caller = _caller(session)
    except CALL_ERRORS as error:
        return Discovery(notes=(f"the credentials of AWS are no use here: {explain(error)}",))
    return Discovery(places=(_place(session, caller),))


def _none(session: Any) -> str:
    """Say that there are no credentials, and which profiles there are."""
    profiles = ", ".join(session.available_profiles)
    if profiles:
        return f"AWS has no default credentials here; AWS_PROFILE can name one of: {profiles}"
    return "AWS has no credentials here: `aws configure`, or AWS_PROFILE, gives some"


def _caller(session: Any) -> dict[str, str]:
    client = session.create_client(
        "sts",
        region_name=session.get_config_variable("region") or _FALLBACK_REGION,
        config=Config(
            connect_timeout=_PATIENCE_S,
            read_timeout=_PATIENCE_S,
            retries={"total_max_attempts": 1},
        ),
    )
    try:
        found: dict[str, str] = client.get_caller_identity()
        return found
    finally:
        client.close()


def _place(session: Any, caller: dict[str, str]) -> FoundPlace:
    account, region = str(caller["Account"]), session.get_config_variable("region")
    place: dict[str, str | tuple[str, ...]] = {
        "account": account,
        "regions": (str(region),) if region else "all",
    }
    if profile := session.get_config_variable("profile"):
        place["profile"] = str(profile)
    if endpoint := os.environ.get(_ENDPOINT):
        place["endpoint"] = endpoint
    return FoundPlace(
        place=place,
        address=account,
        about=f"as {caller['Arn']}",
        remarks={"regions": "or all: those that are enabled" if region else "or a list of some"},
    )
