"""What `reaper demo` plays, act by act, and how it tells it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console

from reaper.cli import demo_tables, render, sweeping
from reaper.cli.failures import say, write
from reaper.cli.options import Narrowed
from reaper.cli.progress import watching
from reaper.cli.session import Session
from reaper.cli.surveys import survey, view
from reaper.cli.sweeping import Swept
from reaper.client import RunDirectory
from reaper.clock import SYSTEM_CLOCK
from reaper.ledger import Ledger
from reaper.model import Plan
from reaper.providers.opening import open_places
from reaper.sandbox.demo.proof import Check, Told, checks, compare
from reaper.sandbox.demo.stage import Look, Stage
from reaper.sandbox.demo.things import Part, Role
from reaper.sandbox.demo.world import (
    World,
    await_run,
    demo_world,
    kill,
    living,
    make_strangers,
    start_run,
)
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Observer, Unobserved

# What cannot go at once (an engine under load) is tried again for so long.
_PATIENCE = timedelta(seconds=20)


def play(stages: Sequence[Stage]) -> bool:
    """Play the whole demo on these stages; true if everything was as it has to be.

    Raises:
        DemoBroken: A place refused something, or something could not be removed at the end.
    """
    try:
        with ExitStack() as exits:
            with _waiting("setting the stage"):
                world = exits.enter_context(demo_world(stages))
            results = _acts(world)
            closing = _closing(world)
    except SystemExit:
        say("stopped; everything that the demo had made has been removed again")
        raise
    write("Everything that the demo made has been removed again.\n\n")
    right = not any(check.wrong for check in results)
    write(closing if right else _WRONG)
    return right


def _acts(world: World) -> tuple[Check, ...]:
    _introduce(world)
    scene = _set_scene(world)
    with _session(world) as session:
        with _waiting("asking each place what it has"):
            before = world.look()
        _kill(scene)
        plans = _plan(session)
        swept = _sweep(session)
        with _waiting("asking each place what it has"):
            after = world.look()
        outcomes = {
            (entry.ref.kind, entry.ref.id): entry.outcome
            for entry in swept.listed
            if entry.outcome is not None
        }
        return _prove(world, scene, before, after, Told(plans=plans, outcomes=outcomes))


# --- the scene ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scene:
    """The two test runs: their processes and directories."""

    killed: subprocess.Popen[str]
    killed_run: RunDirectory
    live: subprocess.Popen[str]
    live_run: RunDirectory


def _introduce(world: World) -> None:
    write("The life of a leak, played on\n")
    for stage in world.stages:
        write(f"- {stage.introduce()}\n")
    write(
        f"The demo's runs are in the realm {world.ground.realm}: nothing else is a candidate. "
        "All that it makes is\nremoved at the end.\n"
    )


def _set_scene(world: World) -> _Scene:
    _heading("1. Two test runs are at work, and colleagues use the same places")
    killed = start_run(world, Part.KILLED)
    live = start_run(world, Part.LIVE)
    with _waiting("the runs begin") as tell:

        def count() -> None:
            tell(f"they create what they need: {len(world.things)} things so far")

        live_run = await_run(world, Part.LIVE, live, count)
        killed_run = await_run(world, Part.KILLED, killed, count)
        make_strangers(world)
    for stage in world.stages:
        write(f"\n{demo_tables.scene(world.on(stage))}")
    return _Scene(killed=killed, killed_run=killed_run, live=live, live_run=live_run)


@contextmanager
def _session(world: World) -> Iterator[Session]:
    """Open configuration, ledger and places as `reaper sweep` does."""
    config = world.config()
    ledger = Ledger.open(config.ledger)
    providers = open_places(config, read_only=False)
    try:
        yield Session(
            config=config,
            ledger=ledger,
            narrowed=Narrowed(),
            providers=providers,
            read_only=False,
            directories=HostDirectories(world.state),
            watch=_watching,
        )
    finally:
        for provider in providers:
            provider.close()
        ledger.close()


# --- the acts -----------------------------------------------------------------------------------


def _kill(scene: _Scene) -> None:
    _heading("2. The CI kills the nightly run with SIGKILL: it cleans nothing up")
    kill(scene.killed)
    run = scene.killed_run.read()
    write(f"killed: {run.id}, process {scene.killed.pid}\n")
    write(
        "It might be alive, for its lease holds: until that lapses nothing of it is touched, "
        "whatever its age.\n"
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


def _plan(session: Session) -> tuple[Plan, ...]:
    _heading("3. reaper plan: what would be done, and why; nothing is changed")
    seen, gaps = survey(session)
    write(render.plans([view(each) for each in seen], gaps))
    return tuple(each.survey.plan for each in seen)


def _sweep(session: Session) -> Swept:
    """Sweep until nothing is pending."""
    _heading("4. reaper sweep: what went, what stayed, and why")
    swept = sweeping.sweep(session, session.settings(), wait=_PATIENCE)
    write(render.result(swept.listed, swept.gaps, swept.skipped))
    return swept


# --- the proof ----------------------------------------------------------------------------------


def _prove(
    world: World,
    scene: _Scene,
    before: Mapping[str, Look],
    after: Mapping[str, Look],
    told: Told,
) -> tuple[Check, ...]:
    _heading("5. The proof: what had to stay, asked of each place before and after, without reaper")
    results: list[Check] = []
    for stage in world.stages:
        looks = before[stage.name], after[stage.name]
        found = list(checks(world, stage, *looks, told))
        write(f"\n{demo_tables.proof(stage, compare(*looks))}\n{demo_tables.results(found)}\n")
        results.extend(found)
    lives = _live_run_lives(scene)
    write(f"\n{demo_tables.results([lives])}\n\n")
    return (*results, lives)


def _live_run_lives(scene: _Scene) -> Check:
    wrong = []
    if not living(scene.live):
        wrong.append(f"its process ended with code {scene.live.returncode}")
    if not scene.live_run.read().alive(SYSTEM_CLOCK.now()):
        wrong.append("its lease has lapsed, or it was ended")
    return Check(claim="The live run is at work and its lease holds", wrong=tuple(wrong))


_MEANINGS: Mapping[Role, str] = {
    Role.BLOCKED: "stays while {blocker} uses it; the next sweep after that takes it",
    Role.KEPT: "stays until its reaper-keep is over",
    Role.SCHEDULED: "is purged by the cloud itself, at the time it gave",
    Role.GARBLED: "stays until a person says what it is: `reaper resolve`",
}


def _closing(world: World) -> str:
    lines = []
    for stage in world.stages:
        blocker = world.playing(stage, Role.BLOCKER)
        for role, meaning in _MEANINGS.items():
            if thing := world.playing(stage, role):
                means = meaning.format(blocker=blocker.name if blocker else "somebody")
                lines.append(f"  {thing.name} {means}\n")
    return f"This is right as it is:\n{''.join(lines)}{_NEXT}"


_NEXT = """
To try it with your own tests:
  reaper init     write a configuration from the places found here, observing only
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
def _watching() -> Iterator[Observer]:
    """Watch a sweep on a terminal; elsewhere its result says enough."""
    if not sys.stderr.isatty():
        yield Unobserved()
        return
    with watching() as observer:
        yield observer


@contextmanager
def _waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is waited for, and let it be changed."""
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    with Console(stderr=True).status(text) as status:
        yield status.update
