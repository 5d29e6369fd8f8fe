"""An emulated AWS in a realistic mess, and the command line let loose on it in this process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

import reaper
from reaper.cli.main import app
from reaper.client.active import ActiveRun
from reaper.config import load
from reaper.config.places import AwsPlace
from reaper.ledger import Ledger
from reaper.model import Outcome
from reaper.providers.aws import open_aws
from reaper.providers.protocol import Provider
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.gateway import operation
from reaper.sandbox.aws.world import Seen, World, build, everything
from reaper.sandbox.faults import Effect, Fault, Operation
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, assemble, each
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Settings, Site
from tests.results import Result

REGION = "us-east-1"
ELSEWHERE = "eu-west-1"
STRANGER = {"owner": "somebody"}
# moto takes the account from the role that is assumed, and knows every account there could be.
SECOND_ACCOUNT = "222222222222"
SECOND_ROLE = f"arn:aws:iam::{SECOND_ACCOUNT}:role/reaper"
# What AWS goes on listing for an hour, or until a later purge.
LINGERING = frozenset({"aws:ec2:instance", "aws:ec2:natgateway", "aws:kms:key"})

CONFIG = """\
ledger: sqlite:///{ledger}
policy:
  grace: 0s
  enable: [aws:kms:key]
  brake: {{max_share: 1.0}}  # all that is tagged here goes
providers:
  aws: {places}
"""


class Opener(Protocol):
    """Opens a place, as the provider's own function does."""

    def __call__(self, place: AwsPlace, *, read_only: bool) -> Provider: ...


def run_sweep(site: Site) -> SweepReport:
    return Sweep(site).run()


@dataclass(kw_only=True)
class AwsBench:
    """One emulated AWS, a configuration that knows it, and runs that leave things there."""

    sandbox: AwsSandbox
    directory: Path
    regions: Sequence[str] = (REGION,)
    second: bool = False

    @property
    def config(self) -> Path:
        return self.directory / "reaper.yaml"

    def write_config(self) -> None:
        common = {"regions": list(self.regions), "endpoint": self.sandbox.endpoint}
        places: list[dict[str, Any]] = [{"account": self.sandbox.account, **common}]
        if self.second:
            role = {"role_arn": SECOND_ROLE, "external_id": "between us"}
            places.append({"account": SECOND_ACCOUNT, **role, **common})
        text = CONFIG.format(ledger=self.directory / "ledger.db", places=json.dumps(places))
        self.config.write_text(text)

    def reaper(self, *arguments: str) -> Result:
        """Let the command line do something, as JSON where it can."""
        self.write_config()
        done = CliRunner().invoke(
            app,
            [*arguments, "--config", str(self.config)],
            env={"REAPER_STATE": str(self.directory / "state"), "REAPER_RUN_ID": None},
        )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Result(code=done.exit_code, stdout=done.stdout, stderr=done.stderr)

    def sweep(self, *arguments: str) -> Result:
        return self.reaper("sweep", "--yes", "--json", *arguments)

    def play(
        self, opener: Opener = open_aws, at: Callable[[str], None] = lambda _step: None
    ) -> list[Outcome]:
        """Sweep with a provider of one's own, and be there between any two steps."""
        self.write_config()
        config = load(self.config, {})
        settings = Settings(
            policy=config.policy(),
            rules=config.tag_rules(),
            brake=config.brake(),
            verify_for=timedelta(seconds=2),
        )
        providers = [opener(place, read_only=False) for place in config.providers.aws]
        ledger = Ledger.open(config.ledger)
        try:
            fleet = assemble(
                providers,
                ledger,
                settings,
                directories=HostDirectories(self.directory / "state"),
            )
            sites = [replace(site, at=at) for site in fleet.sites]
            reports, gaps = each(Fleet(sites=tuple(sites), gaps=fleet.gaps), run_sweep)
            assert gaps == ()
            return [outcome for report in reports for outcome in report.outcomes]
        finally:
            ledger.close()
            for provider in providers:
                provider.close()

    @contextmanager
    def run(self) -> Iterator[ActiveRun]:
        """Start a run of its own, also within another; it ends with the context."""
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("REAPER_RUN_ID", raising=False)
            with reaper.run(
                realm="default",
                owner="alice@example.com",
                lease=timedelta(minutes=10),
                state=self.directory / "state",
            ) as run:
                yield run

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

    def look_past_faults(self) -> dict[Seen, str]:
        """Look as nobody denies anything; the faults stay armed."""
        armed = self.sandbox.faults.armed
        self.sandbox.faults.clear()
        try:
            return self.look()
        finally:
            for fault in armed:
                self.sandbox.faults.add(fault)

    def refuse(self, effect: Effect, kind: str, *operations: Operation, **more: Any) -> Fault:
        """Let a fault befall calls such as `ec2:*`."""
        fault = Fault(effect=effect, operations=frozenset(operations), kind=kind, **more)
        return self.sandbox.faults.add(fault)

    def deletions(self) -> Counter[str]:
        """How often each mutating operation that removes something was asked for."""
        found: Counter[str] = Counter()
        for (_, service, name), number in self.sandbox.requests.counts.items():
            if operation(f"{service}:{name}") is Operation.DELETE:
                found[f"{service}:{name}"] += number
        return found

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
