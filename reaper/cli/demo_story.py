"""What `reaper demo` plays, act by act, and how it tells it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console

from reaper.cli import demo_tables, render
from reaper.cli.failures import say, write
from reaper.cli.report import entries
from reaper.cli.surveys import Seen, view
from reaper.client import RunDirectory
from reaper.clock import SYSTEM_CLOCK
from reaper.errors import PlaceUnreachable
from reaper.ledger import Ledger
from reaper.model import Gap, Outcome, Plan, Status
from reaper.providers.opening import open_places
from reaper.sandbox.demo.checks import Proof
from reaper.sandbox.demo.parts import Part
from reaper.sandbox.demo.stage import Stage
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, assemble, each
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Settings

# What cannot go at once (a place under load) is tried again for so long.
_PATIENCE_S = 20.0
_LONGEST_PAUSE_S = 5.0


def play(stage: Stage) -> bool:
    """Play the whole demo on this stage; true if everything was as it has to be."""
    try:
        proof = _acts(stage)
    except SystemExit:
        say("stopped; everything that the demo had made is removed again")
        raise
    right = not any(check.wrong for check in proof.checks)
    write(f"This is right as it is:\n{stage.closing}\n" if right else _WRONG)
    return right


def _acts(stage: Stage) -> Proof:
    write(stage.introduction)
    _heading(f"1. Two test runs are at work on {stage.name}, and colleagues use it too")
    with _waiting("they create what tests create"):
        stage.set_scene()
    write(demo_tables.scene(stage.runs.things))
    with _fleet(stage) as fleet:
        _kill(stage, fleet)
        plans, gaps = _plan(fleet)
        outcomes = _sweep(fleet)
        write(render.result(entries(plans, outcomes.values()), gaps, {}))
        proof = stage.prove(plans, {outcome.ref.id: outcome for outcome in outcomes.values()})
    _heading(f"5. The proof: what had to stay, by {stage.asked} before and after the sweep")
    write(demo_tables.proof(proof, stage.asked))
    write(f"\n{demo_tables.results(proof.checks)}\n\n")
    return proof


@contextmanager
def _fleet(stage: Stage) -> Iterator[Fleet]:
    """Open configuration, ledger and places as `reaper sweep` does."""
    config = stage.config()
    ledger = Ledger.open(config.ledger)
    providers = open_places(config, read_only=False)
    try:
        settings = Settings(policy=config.policy(), rules=config.tag_rules(), brake=config.brake())
        directories = HostDirectories(stage.runs.state)
        fleet = assemble(providers, ledger, settings, directories=directories)
        if not fleet.sites:
            raise PlaceUnreachable("; ".join(gap.reason for gap in fleet.gaps))
        yield fleet
    finally:
        for provider in providers:
            provider.close()
        ledger.close()


# --- the acts -----------------------------------------------------------------------------------


def _kill(stage: Stage, fleet: Fleet) -> None:
    _heading("2. The CI kills the nightly run with SIGKILL: it cleans nothing up")
    process = stage.runs.kill(Part.KILLED)
    directory = stage.runs.run(Part.KILLED)
    write(f"killed: {directory.read().id}, process {process}\n")
    early, _ = each(fleet, lambda site: Sweep(site).survey().plan)
    if directory.read().alive(SYSTEM_CLOCK.now()):
        going = sum(len(wave) for plan in early for wave in plan.waves)
        write(
            f"A plan made right now: {going} of {sum(len(plan.items) for plan in early)} to go. "
            "It might be alive, for its lease holds.\n"
        )
    _count_down(directory)
    write("Its lease has lapsed. Nobody beats for it any more.\n")


def _count_down(directory: RunDirectory) -> None:
    with _waiting("the lease lapses") as tell:
        while (left := _left_s(directory)) > 0:
            tell(f"the lease lapses in {left:.1f} s")
            SYSTEM_CLOCK.sleep(min(0.1, left))


def _left_s(directory: RunDirectory) -> float:
    return (directory.read().lease.until - SYSTEM_CLOCK.now()).total_seconds()


def _plan(fleet: Fleet) -> tuple[Sequence[Plan], Sequence[Gap]]:
    _heading("3. reaper plan: what would be done, and why; nothing is changed")
    seen, broken = each(fleet, lambda site: Seen(site=site, survey=Sweep(site).survey()))
    plans = [found.survey.plan for found in seen]
    gaps = (*broken, *(gap for plan in plans for gap in plan.gaps))
    write(render.plans([view(found) for found in seen], gaps))
    return plans, gaps


def _sweep(fleet: Fleet) -> Mapping[str, Outcome]:
    """Sweep until nothing is pending; the outcomes by `ref.key`."""
    _heading("4. reaper sweep: what went, what stayed, and why")
    deadline = SYSTEM_CLOCK.elapsed() + _PATIENCE_S
    outcomes: dict[str, Outcome] = {}
    with _waiting("sweeping"):
        while True:
            reports: Sequence[SweepReport]
            reports, _ = each(fleet, lambda site: Sweep(site).run())
            found = (outcome for report in reports for outcome in report.outcomes)
            outcomes.update({outcome.ref.key: outcome for outcome in found})
            pending = any(outcome.status is Status.PENDING for outcome in outcomes.values())
            skipped = [report.skipped for report in reports if report.skipped]
            if skipped or not pending or SYSTEM_CLOCK.elapsed() > deadline:
                break
            SYSTEM_CLOCK.sleep(_LONGEST_PAUSE_S)
    for reason in skipped:
        write(f"The sweep was not carried out: {reason}\n")
    return outcomes


_WRONG = """\
Something above is not as it has to be (FAILED). That is a defect of reaper, or somebody else worked
on the demo's things meanwhile: please report it with this whole output.
"""


# --- how it is told -----------------------------------------------------------------------------


def _heading(text: str) -> None:
    write(f"\n{text}\n{'-' * len(text)}\n")


@contextmanager
def _waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is waited for, and let it be changed."""
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    with Console(stderr=True).status(text) as status:
        yield status.update
