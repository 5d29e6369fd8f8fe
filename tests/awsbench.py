"""An emulated AWS in a realistic mess, and the command line let loose on it in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reaper.model import Outcome
from reaper.providers.aws import open_aws
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.gateway import operation
from reaper.sandbox.aws.world import Seen, World, build, everything
from reaper.sandbox.faults import Operation
from tests.cloudbench import CloudBench, Opener

REGION = "us-east-1"
ELSEWHERE = "eu-west-1"
# moto takes the account from the role that is assumed, and knows every account there could be.
SECOND_ACCOUNT = "222222222222"
SECOND_ROLE = f"arn:aws:iam::{SECOND_ACCOUNT}:role/reaper"
# What AWS goes on listing for an hour, or until a later purge.
LINGERING = frozenset({"aws:ec2:instance", "aws:ec2:natgateway", "aws:kms:key"})


@dataclass(kw_only=True)
class AwsBench(CloudBench[AwsSandbox]):
    """One emulated AWS, a configuration that knows it, and runs that leave things there."""

    regions: Sequence[str] = (REGION,)
    second: bool = False

    cloud = "aws"
    enabled = ("aws:kms:key",)

    def places(self) -> list[dict[str, Any]]:
        common = {"regions": list(self.regions), "endpoint": self.sandbox.endpoint}
        places: list[dict[str, Any]] = [{"account": self.sandbox.account, **common}]
        if self.second:
            role = {"role_arn": SECOND_ROLE, "external_id": "between us"}
            places.append({"account": SECOND_ACCOUNT, **role, **common})
        return places

    def play(
        self, opener: Opener = open_aws, at: Callable[[str], None] = lambda _step: None
    ) -> list[Outcome]:
        """Sweep with a provider of one's own, and be there between any two steps."""
        outcomes, gaps = self.played(opener, at)
        assert gaps == []
        return outcomes

    def build(
        self,
        tags: Mapping[str, str],
        name: str,
        *,
        region: str = REGION,
        objects: int = 1,
        role: str | None = None,
    ) -> World:
        return build(
            self.sandbox.endpoint, tags, name=name, region=region, objects=objects, role=role
        )

    def left_by_a_run(self, name: str = "ours", *, versions: int = 0, **how: Any) -> World:
        """Let a run build a world, and end without removing any of it."""
        with self.run() as run:
            world = self.build(run.tags, name, **how)
            for bucket in world.ids("aws:s3:bucket"):
                self._fill(bucket, versions)
        return world

    def look(self, role: str | None = None) -> dict[Seen, str]:
        return everything(self.sandbox.endpoint, self.regions, role)

    def sort(self, method: str) -> Operation:
        return operation(method)

    def called(self, service: str, name: str) -> str:
        return f"{service}:{name}"

    def let_time_pass(self, bucket: str, key: str, *, seconds: float) -> None:
        """Let an object have been written later than now, as S3 tells whole seconds only."""
        from moto.s3.models import s3_backends  # noqa: PLC0415 - the sandbox has loaded it

        found = s3_backends[self.sandbox.account]["aws"].get_object(bucket, key)
        assert found is not None
        found.last_modified += timedelta(seconds=seconds)

    def _fill(self, bucket: str, versions: int) -> None:
        """Put versions into a bucket, two for each key, past the API for its slowness."""
        from moto.s3.models import s3_backends  # noqa: PLC0415 - the sandbox has loaded it

        backend = s3_backends[self.sandbox.account]["aws"]
        for number in range(versions):
            backend.put_object(bucket, f"heap/{number // 2:06}", b"x")
