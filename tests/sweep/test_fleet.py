"""Every cell of a configuration, each failing alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from reaper.errors import IdentityMismatch, LedgerUnreachable
from reaper.ledger import Ledger
from reaper.model import Status
from reaper.providers.protocol import Identity
from reaper.sandbox.faults import Effect, FaultInjector, Operation, always
from reaper.sandbox.memory import MemoryProvider
from reaper.sandbox.sorts import DISK, EVERYWHERE, ROLE
from reaper.sandbox.things import Bond
from reaper.sandbox.world import World
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, assemble, check_pin, each
from reaper.sweep.site import Site
from reaper.tags import run_tags
from tests.sweep.lab import Lab
from tests.sweep.test_survey import LostLedger


def fleet_of(lab: Lab, *providers: MemoryProvider, **options: object) -> Fleet:
    settings = lab.site().settings
    return assemble(providers, lab.ledger, settings, clock=lab.clock, **options)  # type: ignore[arg-type]  # passed on as given


def sweep(site: Site) -> SweepReport:
    return Sweep(replace(site, workers=1)).run()


def test_each_cell_of_each_place_is_swept(lab: Lab) -> None:
    world = World(lab.clock, scopes=("east", "west"))

    reports, gaps = each(fleet_of(lab, MemoryProvider(world)), sweep)

    assert sorted(report.cell.scope for report in reports) == ["east", "west"]
    assert gaps == ()


def test_what_has_no_region_waits_for_the_regions(lab: Lab) -> None:
    world = World(lab.clock, scopes=(EVERYWHERE, "east", "west"))
    seen: list[str] = []

    each(fleet_of(lab, MemoryProvider(world)), lambda site: seen.append(site.cell.scope))

    assert sorted(seen[:2]) == ["east", "west"]
    assert seen[2:] == [EVERYWHERE]


def test_what_a_region_uses_goes_after_its_user_in_the_same_sweep(lab: Lab) -> None:
    world = World(lab.clock, scopes=(EVERYWHERE, "east"))
    run = lab.run()
    role = world.create(ROLE, EVERYWHERE, by=run.id, tags=run_tags(run))
    disk = world.create(DISK, "east", by=run.id, tags=run_tags(run), bonds=[(Bond.NEEDS, role)])
    lab.finish(run)

    reports, _ = each(fleet_of(lab, MemoryProvider(world)), sweep)

    gone = {outcome.ref: outcome.status for report in reports for outcome in report.outcomes}
    assert gone == {disk: Status.GONE, role: Status.GONE}


def test_a_region_that_broke_keeps_what_it_uses(lab: Lab) -> None:
    world = World(lab.clock, scopes=(EVERYWHERE, "east"))
    run = lab.run()
    role = world.create(ROLE, EVERYWHERE, by=run.id, tags=run_tags(run))
    disk = world.create(DISK, "east", by=run.id, tags=run_tags(run), bonds=[(Bond.NEEDS, role)])
    lab.finish(run)

    def break_down(site: Site) -> SweepReport:
        if site.cell.scope == "east":
            raise LedgerUnreachable("the ledger did not answer")
        return sweep(site)

    (report,), gaps = each(fleet_of(lab, MemoryProvider(world)), break_down)

    (outcome,) = report.outcomes
    assert (outcome.ref, outcome.status) == (role, Status.BLOCKED)
    assert outcome.blocked_by == (str(disk),)
    assert [gap.scope for gap in gaps] == ["east"]


def test_two_ways_to_one_cell_are_one(lab: Lab) -> None:
    fleet = fleet_of(lab, MemoryProvider(lab.world), MemoryProvider(lab.world))

    assert len(fleet.sites) == 1


def test_a_place_out_of_reach_is_a_gap_and_the_others_go_on(lab: Lab) -> None:
    faults = FaultInjector()
    faults.add(always(Effect.FAIL, Operation.IDENTITY))
    away = MemoryProvider(World(lab.clock, scopes=("east",)), faults=faults)

    reports, gaps = each(fleet_of(lab, away, MemoryProvider(lab.world)), sweep)

    assert [report.cell.scope for report in reports] == ["lab"]
    assert [gap.provider for gap in gaps] == ["memory"]


def test_a_scope_can_be_asked_for_by_any_of_its_names(lab: Lab) -> None:
    world = World(lab.clock, scopes=("east", "west"))

    for name in ("east", "memory east", "memory/east"):
        fleet = fleet_of(lab, MemoryProvider(world), scopes=frozenset({name}))
        assert [site.cell.scope for site in fleet.sites] == ["east"]


def test_a_place_that_is_another_than_before_stops_everything(lab: Lab) -> None:
    check_pin(lab.ledger, "docker", Identity(place="unix:///sock", id="ABC"))

    with pytest.raises(IdentityMismatch, match=r"is XYZ now, and was ABC .* --accept XYZ"):
        check_pin(lab.ledger, "docker", Identity(place="unix:///sock", id="XYZ"))


def test_a_place_whose_identity_is_configured_is_not_pinned(lab: Lab) -> None:
    check_pin(lab.ledger, "docker", Identity(place="unix:///sock", id="ABC"))

    check_pin(lab.ledger, "docker", Identity(place="unix:///sock", id="XYZ", pin=False))


def test_a_lost_ledger_does_not_hide_who_is_there() -> None:
    lost: Ledger = LostLedger()  # type: ignore[assignment]  # it stands in for one

    unsure = check_pin(lost, "docker", Identity(place="unix:///sock", id="ABC"))

    assert "unix:///sock" in (unsure or "")


def test_nothing_is_deleted_where_the_pin_was_not_compared(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lost: Ledger = LostLedger()  # type: ignore[assignment]  # it stands in for one
    (site,) = assemble([MemoryProvider(lab.world)], lost, lab.site().settings).sites
    back = replace(site, ledger=lab.ledger, clock=lab.clock)

    report = sweep(back)

    assert "cannot be told" in (report.skipped or "")
    assert lab.there(machine)


@dataclass(frozen=True, kw_only=True)
class Breaking:
    """A job that breaks in one cell."""

    error: Exception

    def __call__(self, site: Site) -> str:
        if site.cell.scope == "east":
            raise self.error
        return site.cell.scope


@pytest.mark.parametrize(
    ("error", "told"),
    [(LedgerUnreachable("no ledger"), "no ledger"), (KeyError("x"), "a defect of reaper")],
)
def test_a_cell_that_breaks_is_a_gap_and_the_others_go_on(
    lab: Lab, error: Exception, told: str
) -> None:
    world = World(lab.clock, scopes=("east", "west"))

    done, gaps = each(fleet_of(lab, MemoryProvider(world)), Breaking(error=error))

    assert done == ("west",)
    assert told in gaps[0].reason
    assert gaps[0].scope == "east"


def test_a_fleet_without_cells_does_nothing() -> None:
    assert each(Fleet(sites=(), gaps=()), lambda site: site) == ((), ())
