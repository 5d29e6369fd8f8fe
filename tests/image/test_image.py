"""The image: a daemon in a container that sweeps the engine whose socket it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from reaper.clock import SYSTEM_CLOCK
from tests.daemon.processes import until
from tests.image.conftest import Daemon, Image, gone

if TYPE_CHECKING:
    from docker.models.containers import Container

pytestmark = [pytest.mark.docker, pytest.mark.image]

STOP_WITHIN_S = 25  # `daemon.stop_within` of the sample configuration


def left_behind(image: Image, busybox: str, tags: Mapping[str, str]) -> Container:
    return image.started(image=busybox, command=["sleep", "600"], labels=dict(tags))


def run_of(daemon: Daemon) -> tuple[str, dict[str, str]]:
    """Start a run beside the daemon; its ID and its tags."""
    run_id = daemon.command("reaper", "run", "start").strip()
    return run_id, json.loads(daemon.command("reaper", "tags", run_id))


def test_it_sweeps_on_schedule_ends_in_time_and_resumes(image: Image, busybox: str) -> None:
    ledger = image.volume()
    paces = {"REAPER_DAEMON__EVERY": "1s", "REAPER_POLICY__GRACE": "0s"}
    first = image.daemon(ledger, **paces)
    one, tags = run_of(first)
    leftover = left_behind(image, busybox, tags)
    alive, tags = run_of(first)
    held = left_behind(image, busybox, tags)
    stranger = left_behind(image, busybox, {})

    first.command("reaper", "run", "finish", one)
    until(lambda: gone(leftover), "the leftover went", more=first.log)
    first.wait_for("sweep over", len(first.lines("sweep over")) + 1)
    _, metrics = first.get("/metrics")
    user = first.command("python3", "-c", "import os; print(os.getuid(), os.access('/', os.W_OK))")
    until(lambda: health(first) == "healthy", "the health check passed")
    began = SYSTEM_CLOCK.elapsed()
    first.container.stop(timeout=STOP_WITHIN_S + 5)
    took = SYSTEM_CLOCK.elapsed() - began
    finished, _ = image.command(ledger, "run", "finish", alive)
    kept = not gone(held)
    second = image.daemon(ledger, **paces)
    until(lambda: gone(held), "the second start removed it")

    assert 'outcome="gone"} 1.0' in metrics
    assert 'verdict="keep"} 1.0' in metrics
    assert user.split() == ["65532", "False"]
    assert first.container.wait()["StatusCode"] == 0
    assert took <= STOP_WITHIN_S
    assert (finished, kept) == (0, True)
    assert not gone(stranger)
    history = json.loads(second.command("reaper", "history", "--json"))
    assert {item["id"] for item in history["items"]} == {leftover.id, held.id}


def health(daemon: Daemon) -> str:
    daemon.container.reload()
    return str(daemon.container.attrs["State"]["Health"]["Status"])


def test_a_single_sweep_is_a_command_of_it(image: Image, busybox: str) -> None:
    ledger = image.volume()
    _, run_id = image.command(ledger, "run", "start")
    _, tags = image.command(ledger, "tags", run_id.strip())
    leftover = left_behind(image, busybox, json.loads(tags))
    image.command(ledger, "run", "finish", run_id.strip())

    code, said = image.command(
        ledger, "sweep", "--yes", "--json", "--wait", "1m", REAPER_POLICY__GRACE="0s"
    )

    report: dict[str, Any] = json.loads(said)
    assert code == 0
    assert [(item["id"], item["outcome"]) for item in report["items"]] == [(leftover.id, "gone")]
    assert gone(leftover)
