"""What a world is built with: clients, one owner's tags in each service's form, and a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One thing that was created.

    Attributes:
        kind: As the AWS provider calls it: `aws:ec2:volume`.
        id: What the service's own calls name it by.
        part: Which one of its kind: `data`, `boot`, `member`; empty where it is the only one.
    """

    kind: str
    id: str
    arn: str
    part: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What one owner has."""

    region: str
    tags: Mapping[str, str]
    made: tuple[Made, ...]

    def ids(self, kind: str, part: str | None = None) -> tuple[str, ...]:
        """List the IDs of a kind; None: of all its parts."""
        return tuple(
            each.id for each in self.made if each.kind == kind and part in {None, each.part}
        )

    def arns(self, kind: str, part: str | None = None) -> tuple[str, ...]:
        """List the ARNs of a kind; None: of all its parts."""
        return tuple(
            each.arn for each in self.made if each.kind == kind and part in {None, each.part}
        )

    @property
    def kinds(self) -> frozenset[str]:
        """Which kinds there are."""
        return frozenset(each.kind for each in self.made)


class Builder:
    """Creates things for one owner in one region, and writes down what it created."""

    def __init__(
        self,
        endpoint: str,
        tags: Mapping[str, str],
        *,
        region: str,
        name: str,
        role: str | None = None,
    ) -> None:
        self.region = region
        self.name = name
        self.tags = dict(tags)
        self.client = clients(endpoint, region, role)
        self.account = str(self.client("sts").get_caller_identity()["Account"])
        self._made: list[Made] = []

    @property
    def pairs(self) -> list[dict[str, str]]:
        """The owner's tags, as most services take them."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def tagged(self, *sorts: str) -> list[dict[str, Any]]:
        """Write the owner's tags as EC2 takes them, for each sort of thing that a call creates."""
        return [{"ResourceType": sort, "Tags": self.pairs} for sort in sorts if self.tags]

    def note(self, kind: str, identity: str, arn: str = "", part: str = "") -> str:
        """Write down what was created, and hand back its ID."""
        service, noun = kind.split(":")[1:]
        self._made.append(
            Made(
                kind=kind,
                id=identity,
                arn=arn or f"arn:aws:{service}:{self.region}:{self.account}:{noun}/{identity}",
                part=part,
            )
        )
        return identity

    def world(self) -> World:
        """Tell what was created."""
        return World(region=self.region, tags=self.tags, made=tuple(self._made))


def clients(endpoint: str, region: str, role: str | None = None) -> Any:
    """Make a function that makes clients of services, one of each.

    With a role's ARN they act as the role, in its account.
    """
    if role is None:
        return _clients(endpoint, region)
    told = _clients(endpoint, region)("sts").assume_role(RoleArn=role, RoleSessionName="world")
    given = told["Credentials"]
    return _clients(
        endpoint, region, (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    )


@cache
def _clients(
    endpoint: str, region: str, keys: tuple[str, str, str | None] = ("sandbox", "sandbox", None)
) -> Any:
    config = Config(retries={"total_max_attempts": 1})

    @cache
    def client(service: str) -> Any:
        return _session().client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            config=config,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            aws_session_token=keys[2],
        )

    return client


@cache
def _session() -> boto3.Session:
    """Share what takes its time: the services' models."""
    return boto3.Session()
