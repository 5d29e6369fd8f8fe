"""An account of one's own in the sandbox, as the command line meets it: by configuration alone."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto")

import boto3
from typer.testing import CliRunner, Result

import reaper
from reaper.cli.main import app
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import World, build

REGION = "eu-west-1"

CONFIG = """\
ledger: sqlite:///{ledger}
policy: {{grace: 0s, enable: ['aws:kms:key'], brake: {{max_share: 1.0}}}}
providers:
  aws:
    - account: '{account}'
      regions: [{regions}]
      endpoint: {endpoint}
{more}"""


@dataclass(kw_only=True)
class Desk:
    """A person with a configuration, before an account in the sandbox."""

    sandbox: AwsSandbox
    directory: Path
    environment: pytest.MonkeyPatch

    def configure(
        self,
        *,
        account: str | None = None,
        regions: str = REGION,
        endpoint: str | None = None,
        more: str = "",
    ) -> None:
        """Write the configuration; `more` are further lines of the place."""
        text = CONFIG.format(
            ledger=self.directory / "ledger.db",
            account=account or self.sandbox.account,
            regions=regions,
            endpoint=endpoint or self.sandbox.endpoint,
            more="".join(f"      {line}\n" for line in more.splitlines()),
        )
        self.config.write_text(text)

    @property
    def config(self) -> Path:
        return self.directory / "reaper.yaml"

    def say(self, *command: str) -> Result:
        """Give a command, in this process."""
        return CliRunner().invoke(app, [*command, "--config", str(self.config)])

    def told(self, *command: str, code: int = 0) -> Any:
        """Give a command that is to end with this code; its JSON."""
        result = self.say(*command, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def leftovers(self, *, name: str = "ours", region: str = REGION) -> World:
        """One of each kind, left by a run that is over."""
        with reaper.run(owner="alice", state=self.directory / "state") as run:
            return build(self.sandbox.endpoint, run.tags, name=name, region=region)

    def leftover(self) -> str:
        """One volume, left by a run that is over; its ID."""
        with reaper.run(owner="alice", state=self.directory / "state") as run:
            tags = [{"Key": key, "Value": value} for key, value in run.tags.items()]
            made = self.client("ec2").create_volume(
                AvailabilityZone=f"{REGION}a",
                Size=1,
                TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
            )
        return str(made["VolumeId"])

    def volumes(self) -> list[Any]:
        """The volumes that there are, as AWS describes them."""
        volumes: list[Any] = self.client("ec2").describe_volumes()["Volumes"]
        return volumes

    def client(self, service: str, region: str = REGION) -> Any:
        """A client that may do everything."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.sandbox.endpoint,
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    def become(self, policies: list[Any], *, name: str = "reaper") -> None:
        """Act from now on as a user who has these policies and no other."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        for number, policy in enumerate(policies):
            made = iam.create_policy(
                PolicyName=f"{name}-{number}", PolicyDocument=json.dumps(policy)
            )
            iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.environment.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        self.environment.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    def own_policies(self, *options: str) -> list[Any]:
        """What `reaper iam aws` writes for this configuration."""
        policies: list[Any] = self.told("iam", "aws", *options)["policies"]
        return policies


@pytest.fixture
def desk(aws_running: AwsSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Nobody's credentials but the test's own, and no asking of a machine's metadata."""
    aws_running.reset()
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    desk = Desk(sandbox=aws_running, directory=tmp_path, environment=monkeypatch)
    desk.configure()
    return desk
