"""A test suite in one container, the daemon in another: what the suite left when it was killed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.daemon.processes import until
from tests.image.conftest import Daemon, Image, gone

pytestmark = [pytest.mark.docker, pytest.mark.image]

GRACE = timedelta(seconds=10)
PACE = {
    "REAPER_DAEMON__EVERY": "2s",
    "REAPER_POLICY__GRACE": "10s",
    "REAPER_RUNS__LEASE": "15s",
    "REAPER_RUNS__BEAT": "1s",
}
# The hooks tag what it creates.
SUITE = """
import sys, time
import docker, reaper
engine = docker.from_env()
with reaper.run() as run:
    for number in range(2):
        engine.containers.run(sys.argv[1], ["sleep", "600"], detach=True)
    print(run.id, flush=True)
    time.sleep(600)
"""


def token(daemon: Daemon, role: str) -> str:
    return daemon.command("reaper", "token", "add", role, "--role", role).strip()


def sweeps(daemon: Daemon) -> list[tuple[datetime, int]]:
    """When each sweep began, and how many things were gone by it."""
    begun = [int(line["sweep"].split(":")[2]) / 1000 for line in daemon.lines("swept")]
    over = daemon.lines("sweep over")
    assert {line["result"] for line in over} == {"done"}
    return [
        (datetime.fromtimestamp(moment, UTC), line["outcomes"].get("gone", 0))
        for moment, line in zip(begun, over, strict=False)
    ]


def test_a_killed_suites_containers_go_one_sweep_after_lease_and_grace_and_not_before(
    image: Image, busybox: str
) -> None:
    daemon = image.daemon(image.volume(), **PACE)
    registry = {"REAPER_URL": "http://127.0.0.1:9187", "REAPER_TOKEN": token(daemon, "fixture")}
    suite = image.started(
        **image.options(image.volume(), {**PACE, **registry}),
        entrypoint=["python3", "-c", SUITE, busybox],
        network_mode=f"container:{daemon.container.id}",  # loopback is theirs together
    )
    run_id = until(
        lambda: suite.logs(stderr=False).decode().strip(),
        "the suite was at work",
        more=lambda: suite.logs().decode(),
    )
    made = image.left_by(run_id)
    daemon.wait_for("swept", len(daemon.lines("swept")) + 2)
    kept = not any(gone(container) for container in made)

    suite.kill("SIGKILL")

    viewer = token(daemon, "viewer")
    _, killed = daemon.get(f"/v1/runs/{run_id}", viewer)
    until(lambda: all(gone(container) for container in made), "they went", more=daemon.log)
    until(lambda: any(went for _, went in sweeps(daemon)), "the sweep was over", more=daemon.log)
    _, run = daemon.get(f"/v1/runs/{run_id}", viewer)
    may_go = datetime.fromisoformat(killed["lease_until"]) + GRACE
    assert (len(made), kept) == (2, True)
    assert (killed["ended"], run["ending"]) == (None, "lapsed")
    assert datetime.fromisoformat(run["ended"]) >= may_go
    told = sweeps(daemon)
    last = next(number for number, (_, went) in enumerate(told) if went)
    assert told[last][1] == 2
    assert [began for began, _ in told[:last] if began > may_go] == []
