"""What `reaper demo` plays, act by act, and how it tells it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from reaper.cli import demo_tables, render
from reaper.cli.failures import say, write
from reaper.cli.report import entries
from reaper.cli.surveys import Seen, view
from reaper.client import RunDirectory
from reaper.clock import SYSTEM_CLOCK
from reaper.errors import PlaceUnreachable
from reaper.ledger import Ledger
from reaper.model import Cell, Outcome, Plan, Status
from reaper.providers.opening import open_places
from reaper.providers.protocol import Identity
from reaper.sandbox.demo_docker.proof import Check, Finding, checks, compare, look_at_all
from reaper.sandbox.demo_docker.things import Part, Thing
from reaper.sandbox.demo_docker.worker import SHARED_NETWORK
from reaper.sandbox.demo_docker.world import (
    DEBUGGER,
    GARBLED,
    World,
    await_run,
    demo_world,
    kill,
    living,
    make_strangers,
    start_run,
)
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import assemble
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Settings, Site

# What cannot go at once (an engine under load) is tried again for so long.
_PATIENCE_S = 20.0
_LONGEST_PAUSE_S = 5.0


def play(cell: Cell, identity: Identity) -> bool:
    """Play the whole demo on this engine; true if everything was as it has to be.

    Raises:
        DemoBroken: The engine refused something, or something could not be removed at the end.
    """
    try:
        with demo_world(cell.scope) as world:
            _introduce(world, cell, identity)
            results = _acts(world)
    except SystemExit:
        say("stopped; everything that the demo had made has been removed again")
        raise
    write("Everything that the demo made has been removed again.\n\n")
    right = not any(check.wrong for check in results)
    write(_CLOSING if right else _WRONG)
    return right


def _acts(world: World) -> tuple[Check, ...]:
    scene = _set_scene(world)
    with _site(world) as site:
        there = look_at_all(world.client, world.of(Part.KILLED))
        before = look_at_all(world.client, (*world.of(Part.LIVE), *world.of(Part.STRANGER)))
        _kill(scene, site)
        plan = _plan(site)
        outcomes = _sweep(site)
        write(render.result(entries([plan], outcomes.values()), plan.gaps, {}))
        findings = compare(before, look_at_all(world.client, before))
        left = look_at_all(world.client, there)
        results = (
            _all_were_there(there),
            *checks(world, plan, outcomes, findings, left),
            _live_run_lives(scene),
        )
        _prove(findings, results)
        return results


# --- the scene ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scene:
    """The two test runs: their processes and directories."""

    killed: subprocess.Popen[str]
    killed_run: RunDirectory
    live: subprocess.Popen[str]
    live_run: RunDirectory


def _introduce(world: World, cell: Cell, identity: Identity) -> None:
    version = identity.notes.get("version")
    engine = f"Docker {version} at {cell.label}" if version else f"the engine at {cell.label}"
    write(
        f"This is {engine}.\n"
        f"All that the demo makes is in the realm {world.realm} and bears the label "
        f"reaper-demo={world.mark};\nnothing else on this engine is a candidate, and all of it "
        "is removed at the end.\n"
    )


def _set_scene(world: World) -> _Scene:
    _heading("1. Two test runs are at work, and colleagues use the engine too")
    killed = start_run(world, Part.KILLED)
    live = start_run(world, Part.LIVE)
    with _waiting("they create containers, networks, volumes and images"):
        live_run = await_run(world, Part.LIVE, live)
        killed_run = await_run(world, Part.KILLED, killed)
        make_strangers(world)
    write(demo_tables.scene(world.things))
    return _Scene(killed=killed, killed_run=killed_run, live=live, live_run=live_run)


@contextmanager
def _site(world: World) -> Iterator[Site]:
    """Open configuration, ledger and engine as `reaper sweep` does."""
    config = world.config()
    ledger = Ledger.open(config.ledger)
    providers = open_places(config, read_only=False)
    try:
        settings = Settings(policy=config.policy(), rules=config.tag_rules(), brake=config.brake())
        fleet = assemble(providers, ledger, settings, directories=HostDirectories(world.state))
        if not fleet.sites:
            raise PlaceUnreachable("; ".join(gap.reason for gap in fleet.gaps))
        yield fleet.sites[0]
    finally:
        for provider in providers:
            provider.close()
        ledger.close()


# --- the acts -----------------------------------------------------------------------------------


def _kill(scene: _Scene, site: Site) -> None:
    _heading("2. The CI kills the nightly run with SIGKILL: it cleans nothing up")
    kill(scene.killed)
    run = scene.killed_run.read()
    write(f"killed: {run.id}, process {scene.killed.pid}\n")
    early = Sweep(site).survey().plan
    if scene.killed_run.read().alive(SYSTEM_CLOCK.now()):
        going = sum(len(wave) for wave in early.waves)
        write(
            f"A plan made right now: {going} of {len(early.items)} to go. It might be alive, "
            "for its lease holds.\n"
        )
    _count_down(scene.killed_run)
    write("Its lease has lapsed. Nobody beats for it any more.\n")


def _count_down(directory: RunDirectory) -> None:
    with _waiting("the lease lapses") as tell:
        while (left := _left_s(directory)) > 0:
            tell(f"the lease lapses in {left:.1f} s")
            SYSTEM_CLOCK.sleep(min(0.1, left))


def _left_s(directory: RunDirectory) -> float:
    return (directory.read().lease.until - SYSTEM_CLOCK.now()).total_seconds()


def _plan(site: Site) -> Plan:
    _heading("3. reaper plan: what would be done, and why; nothing is changed")
    survey = Sweep(site).survey()
    write(render.plans([view(Seen(site=site, survey=survey))], survey.plan.gaps))
    return survey.plan


def _sweep(site: Site) -> Mapping[str, Outcome]:
    """Sweep until nothing is pending; the outcomes by `ref.id`."""
    _heading("4. reaper sweep: what went, what stayed, and why")
    deadline = SYSTEM_CLOCK.elapsed() + _PATIENCE_S
    outcomes: dict[str, Outcome] = {}
    with _waiting("sweeping"):
        while True:
            report: SweepReport = Sweep(site).run()
            outcomes.update({outcome.ref.id: outcome for outcome in report.outcomes})
            pending = any(found.status is Status.PENDING for found in outcomes.values())
            if report.skipped or not pending or SYSTEM_CLOCK.elapsed() > deadline:
                break
            SYSTEM_CLOCK.sleep(_LONGEST_PAUSE_S)
    if report.skipped:
        write(f"The sweep was not carried out: {report.skipped}\n")
    return outcomes


# --- the proof ----------------------------------------------------------------------------------


def _all_were_there(killed: Mapping[Thing, object]) -> Check:
    return Check(
        claim=f"All {len(killed)} things of the killed run were there before the sweep",
        wrong=tuple(f"{thing.kind} {thing.name} was not" for thing, f in killed.items() if not f),
    )


def _live_run_lives(scene: _Scene) -> Check:
    wrong = []
    if not living(scene.live):
        wrong.append(f"its process ended with code {scene.live.returncode}")
    if not scene.live_run.read().alive(SYSTEM_CLOCK.now()):
        wrong.append("its lease has lapsed, or it was ended")
    return Check(claim="The live run is at work and its lease holds", wrong=tuple(wrong))


def _prove(findings: Sequence[Finding], results: Sequence[Check]) -> None:
    _heading("5. The proof: what had to stay, by docker inspect before and after the sweep")
    write(demo_tables.proof(findings))
    write(f"\n{demo_tables.results(results)}\n\n")


_CLOSING = f"""\
This is right as it is:
  {SHARED_NETWORK} stays while {DEBUGGER} is on it; the next sweep after that takes it.
  {GARBLED} stays until a person says what it is: `reaper resolve`.

To try it with your own tests:
  reaper init     write a configuration from the engines found here, observing only
  reaper plan     what would be done on them, and why
  reaper sweep    do it
"""

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
