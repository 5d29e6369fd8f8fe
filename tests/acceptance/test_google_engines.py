"""The safety simulation's broken engines, let loose on the emulated Google Cloud.

Each meets a history there in which it does harm, as it does in the simulation; the real one does
none. What only the simulation's clock and its killed processes can show is shown there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from time import sleep
from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")
pytest.importorskip("google.auth")

from reaper.client import ActiveRun
from reaper.model import Outcome, Status
from reaper.sandbox.faults import Effect, Operation
from reaper.sandbox.gce.world.rest import Refusal, Rest
from reaper.sweep.cell import Sweep
from tests.acceptance.google import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.google import running as running  # noqa: PLC0414 - a fixture
from tests.googlebench import GoogleBench
from tests.sandbox.gce.asking import ZONE, Project
from tests.simulation import mutants

DISKS = f"{ZONE}/disks"
TOPIC = "/v1/projects/sandbox/topics/news"
BUCKET = "/storage/v1/b/ours-data"
TICK_S = 0.01  # Google cuts its times to milliseconds: what is later must be so by more than one


@pytest.fixture
def world(bench: GoogleBench) -> Iterator[Project]:
    with Rest(bench.sandbox.endpoint) as rest:
        yield Project(rest, "sandbox")


def make_disk(world: Project, labels: Mapping[str, str] | None = None, name: str = "data") -> Any:
    return world.make(DISKS, name, sizeGb="1", **({"labels": dict(labels)} if labels else {}))


def leave_disk(bench: GoogleBench, world: Project) -> ActiveRun:
    with bench.run() as run:
        make_disk(world, run.tags)
    return run


def once(step: str, do: Callable[[], object]) -> Callable[[str], None]:
    """Do something when the sweep is at a step for the first time."""
    done: list[str] = []

    def at(reached: str) -> None:
        if reached == step and not done:
            done.append(step)
            do()

    return at


def is_gone(world: Project, path: str) -> bool:
    with suppress(Refusal):
        world.rest.ask("GET", path)
        return False
    return True


def says_gone(outcomes: list[Outcome]) -> bool:
    return any(outcome.status is Status.GONE for outcome in outcomes)


def harm_to_what_was_taken_over(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A live run takes a disk over after the scan: does it go?"""
    leave_disk(bench, world)
    with bench.run() as alive:

        def take_over() -> None:
            mark = world.get(f"{DISKS}/data")["labelFingerprint"]
            body = {"labels": dict(alive.tags), "labelFingerprint": mark}
            world.ask("POST", f"{DISKS}/data/setLabels", body)

        bench.play(at=once("planned", take_over), engine=engine)

        return "data" not in world.names(DISKS)


def harm_to_a_new_bearer(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A person makes it anew after the scan, with its labels: does that go?"""
    run = leave_disk(bench, world)

    def make_anew() -> None:
        world.drop(f"{DISKS}/data")
        make_disk(world, run.tags)

    bench.play(at=once("planned", make_anew), engine=engine)

    return "data" not in world.names(DISKS)


def harm_to_a_live_runs_disk(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A live run's disk would go with a dead run's machine: does it?"""
    with bench.run() as alive:
        make_disk(world, alive.tags)
        with bench.run() as dead:
            world.make(
                f"{ZONE}/instances",
                "vm",
                labels=dict(dead.tags),
                machineType=f"{ZONE}/machineTypes/e2-micro",
                networkInterfaces=[{"network": "global/networks/default"}],
                disks=[{"boot": True, "autoDelete": True, "source": f"{DISKS}/data"}],
            )

        bench.play(engine=engine)

        return "data" not in world.names(DISKS)


def lie_of_a_failed_list(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A deletion is denied, and then nothing can be read: is it told to be gone?"""
    leave_disk(bench, world)
    denied = bench.refuse(Effect.DENY, "compute.disks.delete", Operation.DELETE)
    bench.play(engine=engine)
    bench.sandbox.faults.remove(denied)
    bench.refuse(Effect.DENY, "compute.disks.*", Operation.INDEX, Operation.READ)

    outcomes, _ = bench.play(engine=engine)

    bench.sandbox.faults.clear()
    assert "data" in world.names(DISKS)
    return says_gone(outcomes)


def lie_of_a_blind_caller(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """The permission to see it is lost on the way, and so is the list's: is it told to be gone?"""
    leave_disk(bench, world)

    def blind() -> None:
        bench.refuse(Effect.BLIND, "compute.disks.*", Operation.READ, Operation.DELETE)
        bench.refuse(Effect.DENY, "compute.disks.*", Operation.INDEX)

    outcomes, _ = bench.play(at=once("planned", blind), engine=engine)

    bench.sandbox.faults.clear()
    assert "data" in world.names(DISKS)
    return says_gone(outcomes)


def lie_of_an_answer(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A deletion takes its time: is it told to be over?"""
    leave_disk(bench, world)
    bench.sandbox.lags.delete_s = 30.0

    outcomes, _ = bench.play(engine=engine)

    assert "data" in world.names(DISKS)
    return says_gone(outcomes)


def harm_to_a_name(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A topic that a run made and removed is made anew by a person: does it go by its name?"""
    with bench.run() as run:
        world.rest.ask("PUT", TOPIC, {"labels": dict(run.tags)})
        run.created(kind="gce:pubsub:topic", scope="sandbox", id="topics/news")
        world.rest.ask("DELETE", TOPIC)
    world.rest.ask("PUT", TOPIC, {})

    bench.play(engine=engine)

    return is_gone(world, TOPIC)


def harm_to_what_is_used(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """Somebody writes to a dead run's bucket: does it go?"""
    with bench.run() as run:
        body = {"name": "ours-data", "labels": dict(run.tags)}
        world.rest.ask("POST", "/storage/v1/b", body, project="sandbox")
    sleep(TICK_S)
    path, headers = "/upload/storage/v1/b/ours-data/o", {"Content-Type": "text/plain"}
    world.rest.send("POST", path, b"x", headers, uploadType="media", name="later")

    bench.play(engine=engine)

    return is_gone(world, BUCKET)


def harm_to_a_copy(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A person copies a dead run's disk, with its labels: does the copy go?"""
    run = leave_disk(bench, world)
    sleep(TICK_S)
    make_disk(world, run.tags, "copy")

    bench.play(engine=engine)

    return "copy" not in world.names(DISKS)


def harm_to_what_was_half_read(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """Who uses a dead run's image cannot be told: does it go?"""
    make_disk(world)
    with bench.run() as run:
        source = f"projects/sandbox/{DISKS}/data"
        world.make("global/images", "image", labels=dict(run.tags), sourceDisk=source)
    bench.refuse(Effect.DENY, "compute.instanceTemplates.*", Operation.INDEX)

    bench.play(engine=engine)

    return "image" not in world.names("global/images")


def harm_beyond_the_brake(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """More is left than may go at once: does it?"""
    with bench.run() as run:
        for number in range(4):
            make_disk(world, run.tags, f"data-{number}")

    bench.play(engine=engine, most=2)

    return len(world.names(DISKS)) < 4


def harm_to_what_is_kept(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A person asks to keep a dead run's disk: does it go?"""
    with bench.run() as run:
        make_disk(world, {**run.tags, "reaper-keep": "forever"})

    bench.play(engine=engine)

    return "data" not in world.names(DISKS)


def nothing_is_done(bench: GoogleBench, world: Project, engine: type[Sweep]) -> bool:
    """A run left a disk: does it stay?"""
    leave_disk(bench, world)

    bench.play(engine=engine)

    return "data" in world.names(DISKS)


Harm = Callable[[GoogleBench, Project, type[Sweep]], bool]
HARMS: Mapping[type[Sweep], Harm] = {
    mutants.SkipsTheSecondLook: harm_to_what_was_taken_over,
    mutants.TakesANameForTheThing: harm_to_a_new_bearer,
    mutants.FollowsCascadesBlindly: harm_to_a_live_runs_disk,
    mutants.TrustsAFailedList: lie_of_a_failed_list,
    mutants.TrustsNotFound: lie_of_a_blind_caller,
    mutants.TakesAnAnswerForTheEnd: lie_of_an_answer,
    mutants.TrustsAJournaledName: harm_to_a_name,
    mutants.IgnoresAUseAfterTheEnd: harm_to_what_is_used,
    mutants.DeletesACopy: harm_to_a_copy,
    mutants.BelievesAHalfReadThing: harm_to_what_was_half_read,
    mutants.IgnoresTheBrake: harm_beyond_the_brake,
    mutants.IgnoresAKeep: harm_to_what_is_kept,
    mutants.DoesNothing: nothing_is_done,
}
each = pytest.mark.parametrize(
    ("mutant", "harm"), HARMS.items(), ids=[mutant.__name__ for mutant in HARMS]
)


@each
def test_a_broken_engine_is_caught(
    bench: GoogleBench, world: Project, mutant: type[Sweep], harm: Harm
) -> None:
    assert harm(bench, world, mutant)


@each
def test_the_real_engine_does_no_such_harm(
    bench: GoogleBench, world: Project, mutant: type[Sweep], harm: Harm
) -> None:
    assert not harm(bench, world, Sweep)
