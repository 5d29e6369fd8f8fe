"""What somebody uses stays, whoever made it: each way to use a thing is a trap of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import Seen
from tests.acceptance.aws_traps import Trap, hands, set_traps
from tests.awsbench import REGION, AwsBench
from tests.cloudbench import STRANGER
from tests.results import Result

TRAPS = (
    "a volume that is attached to their machine",
    "an interface of their machine",
    "a machine that their volume is attached to",
    "a machine that their interface is attached to",
    "a machine that their address leads to",
    "the key of their machine",
    "the placement of their machine",
    "a snapshot of their image",
    "the image of their machine",
    "the image of their template",
    "the template of their group",
    "the address of their interface",
    "an interface that their address leads to",
    "a gateway that their routes lead through",
    "a network with their subnet",
    "a subnet with their interface",
    "a gateway of their network",
    "the routes of their subnet",
    "the access list of their subnet",
    "an endpoint in their routes",
    "a group that their rules let in",
    "a group that their rules let out to",
    "a group of their interface",
    "the role of their profile",
    "the role of their function",
    "the profile of their machine",
    "the policy of their role",
    "the policy of their user",
    "the policy of their people",
    "the targets of their balancer",
    "a group that their machine was added to",
)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What was there before a sweep and after it."""

    traps: Mapping[str, Mapping[str, Trap]]
    before: Mapping[Seen, str]
    after: Mapping[Seen, str]
    swept: Result


@pytest.fixture(scope="module")
def story(aws_of_module: AwsSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    bench = AwsBench(sandbox=aws_of_module, directory=tmp_path_factory.mktemp("in-use"))
    endpoint = bench.sandbox.endpoint
    with bench.run() as alive:
        with bench.run() as over:
            dead = hands(endpoint, REGION, over.tags)
            users = {
                "a stranger": hands(endpoint, REGION, STRANGER),
                "a live run": hands(endpoint, REGION, alive.tags),
            }
            traps = {
                whose: set_traps(dead, theirs, f"n{number}")
                for number, (whose, theirs) in enumerate(users.items())
            }
        before = bench.look()
        swept = bench.sweep()
        yield Story(traps=traps, before=before, after=bench.look(), swept=swept)


@pytest.mark.parametrize("whose", ["a stranger", "a live run"])
@pytest.mark.parametrize("trap", TRAPS)
def test_it_stays_as_it_was_and_the_reason_names_who_uses_it(
    story: Story, trap: str, whose: str
) -> None:
    found = story.traps[whose][trap]
    item = story.swept.item(found.kind, found.id)

    seen = _seen(found)
    assert item["verdict"] == "reap", item["reason"]
    assert item["outcome"] in {"blocked", "pending"}, item
    assert found.by in " ".join([*item["blocked_by"], item["detail"]])
    assert story.after[seen] == story.before[seen]


def test_nothing_of_theirs_is_lost_or_altered(story: Story) -> None:
    reaped = [item for item in story.swept.items if item["verdict"] == "reap"]
    runs = {item["run"] for item in reaped}
    # A network's default access list is the network's own, and tells its subnets.
    networks = {item["id"] for item in reaped if item["kind"] == "aws:ec2:vpc"}
    lost = {
        each: after
        for each, text in story.before.items()
        if (after := story.after.get(each)) != text
        and not any(run in text for run in runs)
        and not (each[0] == "aws:ec2:network-acl" and any(vpc in text for vpc in networks))
    }

    assert lost == {}


def test_every_trap_is_told(story: Story) -> None:
    assert all(set(traps) == set(TRAPS) for traps in story.traps.values())


def _seen(trap: Trap) -> Seen:
    kind, place = trap.kind, "global" if ":iam:" in trap.kind else REGION
    return kind, place, trap.id
