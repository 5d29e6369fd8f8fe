"""The AWS sandbox as the demo's stage: an account on loopback that ends with the demo."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from reaper.providers.aws.names import KMS_KEY
from reaper.sandbox.aws.world.everything import everything
from reaper.sandbox.demo.stage import Ground, Look
from reaper.sandbox.demo.things import Facts, Part, Tell, Thing
from reaper.sandbox.demo.world import DemoBroken, end, start_program
from reaper.sandbox.demo_aws.maker import REGION, Maker
from reaper.sandbox.demo_aws.making import make_strangers
from reaper.sandbox.demo_aws.surroundings import own_credentials


class AwsStage:
    """An emulated AWS that nobody else uses."""

    name = "aws"
    enables: Sequence[str] = (KMS_KEY,)
    inspection = "all that AWS describes of it"
    errors: tuple[type[Exception], ...] = (ClientError, BotoCoreError)

    def __init__(self) -> None:
        self._exits = ExitStack()
        self._endpoint = ""
        self._account = ""

    def set_up(self, ground: Ground) -> None:
        """Start the sandbox.

        Raises:
            DemoBroken: It does not start.
        """
        self._exits.enter_context(own_credentials(ground.directory))
        log = ground.directory / "sandbox.log"
        server = start_program("reaper.sandbox.demo_aws.serving", log=log)
        self._exits.callback(end, server)
        self._endpoint, self._account = _started(server, log)

    def introduce(self) -> str:
        """Say what it is."""
        return (
            f"an AWS sandbox at {self._endpoint}: an account of its own, emulated on this machine "
            "and\n  made as strict as AWS; no credentials are read, and it ends with the demo"
        )

    def place(self) -> str:
        """Write the sandbox's account."""
        return f'{{account: "{self._account}", regions: [{REGION}], endpoint: "{self._endpoint}"}}'

    def arguments(self) -> Mapping[str, str]:
        """Tell where the sandbox is."""
        return {"endpoint": self._endpoint}

    def make_strangers(self, tell: Tell) -> None:
        """Make what others have; one of them uses a volume of the killed run."""
        make_strangers(Maker.at(self._endpoint, Part.STRANGER, tell))

    def look(self, things: Iterable[Thing]) -> Look:
        """Describe all that exists in the account."""
        there = {
            (kind, id_): facts
            for (kind, _, id_), text in everything(self._endpoint, [REGION]).items()
            if not _over(facts := _facts(text))
        }
        ours = {(thing.kind, thing.seen or thing.id): thing for thing in things}
        killed = {thing.id for thing in ours.values() if thing.part is Part.KILLED}
        rest = {
            f"{kind} {id_}": " ".join(facts.values())
            for (kind, id_), facts in there.items()
            if (kind, id_) not in ours
        }
        return Look(
            things={thing: there.get(key) for key, thing in ours.items()},
            # A network's own parts go with it.
            rest={
                name: text for name, text in rest.items() if not any(id_ in text for id_ in killed)
            },
        )

    def same(self, facts: Facts) -> str:
        """Tell how much was compared."""
        return f"the same in all {len(facts)} points"

    def take_down(self, things: Sequence[Thing]) -> None:  # noqa: ARG002 - the protocol's
        """End the sandbox, and with it all that was made there."""
        self._exits.close()


def _started(server: subprocess.Popen[str], log: Path) -> tuple[str, str]:
    """Read where the sandbox is and which account it has."""
    assert server.stdout is not None
    told = server.stdout.readline().split()
    if len(told) != 2:  # noqa: PLR2004 - endpoint and account
        raise DemoBroken(f"the AWS sandbox did not start:\n{log.read_text(encoding='utf-8')}")
    return told[0], told[1]


def _facts(text: str) -> Facts:
    """What `everything` tells of a thing, point by point; its parts have no order."""
    points: dict[str, str] = {}
    for number, part in enumerate(json.loads(text)):
        told = part if isinstance(part, dict) else {f"part {number}": part}
        for name, value in told.items():
            key = f"{name} ({number})" if name in points else name
            points[key] = json.dumps(value, sort_keys=True)
    return points


def _over(facts: Facts) -> bool:
    """Whether it is an instance that has ended: AWS describes one for about an hour after that."""
    return '"terminated"' in facts.get("State", "")
