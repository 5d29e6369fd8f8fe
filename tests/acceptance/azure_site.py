"""A run's group and a stranger's in an emulated Azure, and the sweep that comes after the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from reaper.client.active import ActiveRun
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.rest import Rest
from tests.acceptance.azure import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.azure import running as running  # noqa: PLC0414 - a fixture
from tests.azurebench import AzureBench
from tests.results import Result
from tests.sandbox.azure.asking import Group


@dataclass(frozen=True, kw_only=True)
class Site:
    """A run's group and a stranger's, and the run that works there; over when the test sweeps."""

    bench: AzureBench
    rest: Rest
    ours: Group
    theirs: Group
    run: ActiveRun
    over: Callable[[], None]

    @property
    def tags(self) -> Mapping[str, str]:
        return self.run.tags


@pytest.fixture
def site(bench: AzureBench) -> Iterator[Site]:
    with Rest(bench.sandbox.endpoint) as rest, ExitStack() as exits:
        run = exits.enter_context(bench.run())
        yield Site(
            bench=bench,
            rest=rest,
            ours=Group.make(rest, SUBSCRIPTION, "ours", tags=run.tags),
            theirs=Group.make(rest, SUBSCRIPTION, "theirs"),
            run=run,
            over=exits.close,
        )


def swept(site: Site) -> Result:
    site.over()
    return site.bench.sweep()


def stays(site: Site, kind: str, identity: str, *, by: str, outcome: str = "blocked") -> Result:
    """Sweep, and make sure that this is there still, and says because of whom."""
    told = swept(site)

    item = told.item(kind, identity.lower())
    assert item["outcome"] == outcome, item
    said = f"{item['detail']} {item['blocked_by']}".lower()
    assert by.lower() in said, item
    assert site.ours.there(identity)
    return told
