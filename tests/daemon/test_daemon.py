"""The daemon as a process: it sweeps on schedule, is watched, ends when it is told to."""

from __future__ import annotations

import signal
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from reaper.ledger import Ledger, Result
from reaper.model import Beats, Lease, Run
from reaper.tags import new_run_id, run_tags
from tests.daemon.conftest import configure
from tests.daemon.engine import Engine
from tests.daemon.processes import daemon, token_for, until

HOUR = timedelta(hours=1)
CELL = "docker/VOLUMES:ENGINE"


def left_behind(engine: Engine, ledger_url: str, *names: str) -> None:
    """Volumes that a run made before it was over.

    What is made after a run's end is taken for a copy, also where the next second has just begun.
    """
    with Ledger.open(ledger_url) as ledger:
        now = ledger.now()
        run = Run(
            id=new_run_id(at=now),
            realm="test",
            started=now,
            expires=now + 24 * HOUR,
            lease=Lease(length=timedelta(minutes=10), until=now),
            beats=Beats.SERVICE,
        )
        started = ledger.start_run(run)
        for name in names:
            engine.add(name, run_tags(started))
        ledger.finish_run(started.id)


def test_what_is_over_goes_on_schedule(engine: Engine, tmp_path: Path, ledger_url: str) -> None:
    left_behind(engine, ledger_url, "one")
    engine.add("stranger", {})

    with daemon(configure(tmp_path, engine, ledger_url), tmp_path) as running:
        until(lambda: "one" not in engine.volumes, "the first volume went")
        left_behind(engine, ledger_url, "two")
        until(lambda: "two" not in engine.volumes, "the second volume went by a later sweep")
        running.wait_for("sweep over", 2)

        assert running.get("/healthz") == (200, {"ok": True, "problem": None})
        assert running.get("/readyz") == (200, {"ok": True, "problem": None})
        _, metrics = running.get("/metrics")
        assert running.stop() == 0

    assert set(engine.volumes) == {"stranger"}
    assert engine.deleted == {"one": 1, "two": 1}
    assert f'reaper_outcomes_total{{cell="{CELL}",outcome="gone"}} 2.0' in metrics
    assert 'reaper_info{mode="act"} 1.0' in metrics


def test_it_observes_until_it_is_told_to_act(
    engine: Engine, tmp_path: Path, ledger_url: str
) -> None:
    left_behind(engine, ledger_url, "one")
    path = configure(tmp_path, engine, ledger_url)
    path.write_text(path.read_text().replace("  mode: act\n", ""))

    with daemon(path, tmp_path) as running:
        over = running.wait_for("sweep over", 2)
        _, metrics = running.get("/metrics")

    assert over["verdicts"] == {"reap": 1}
    assert f'reaper_resources{{cell="{CELL}",verdict="reap"}} 1.0' in metrics
    assert not [line for line in engine.asked if not line.startswith(("GET", "HEAD"))]
    assert set(engine.volumes) == {"one"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_and_the_next_start_takes_up_what_was_left(
    engine: Engine, tmp_path: Path, ledger_url: str, number: signal.Signals
) -> None:
    left_behind(engine, ledger_url, "one")
    reading: list[int] = []

    def hold_up(pid: int, name: str) -> None:
        if not reading:
            reading.append(pid)
            until(lambda: len(reading) > 1, "the test went on", patience_s=30)

    engine.at_read = hold_up
    path = configure(tmp_path, engine, ledger_url, more="stop_within: 5s")
    with daemon(path, tmp_path) as running:
        until(lambda: reading, "a sweep was under way")

        code = running.stop(number)

        reading.append(0)
    ended = running.lines("sweep over")[-1]
    assert code == 0
    assert ended["result"] == Result.STOPPED
    with Ledger.open(ledger_url) as ledger, ledger._database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE locks SET until = 0")  # a minute goes by
    with daemon(path, tmp_path, "second") as second:
        until(lambda: not engine.volumes, "the next start removed it", more=second.story)
    assert engine.deleted == {"one": 1}


def test_a_place_that_is_away_is_shown_and_taken_up_when_it_is_back(
    engine: Engine, tmp_path: Path, ledger_url: str
) -> None:
    left_behind(engine, ledger_url, "one")
    path = configure(tmp_path, engine, ledger_url)
    gone = engine.path.rename(tmp_path / "away.sock")

    with daemon(path, tmp_path) as running:
        running.wait_for("place unreachable")
        _, cells = running.get("/v1/cells", token_for(ledger_url))
        _, metrics = running.get("/metrics")
        gone.rename(engine.path)
        until(lambda: not engine.volumes, "it was swept once it was back")

    assert [gap["provider"] for gap in cells["unreachable"]] == ["docker"]
    assert "reaper_places_unreachable 1.0" in metrics


def test_a_cell_that_keeps_failing_is_shown_and_left_alone_for_longer(
    engine: Engine, tmp_path: Path, ledger_url: str
) -> None:
    path = configure(tmp_path, engine, ledger_url)

    with daemon(path, tmp_path) as running:
        running.wait_for("sweep over")
        engine.id = "ANOTHER:ENGINE"
        until(lambda: len(failed(running.lines("sweep over"))) >= 2, "it failed twice")
        left = running.wait_for("left")
        _, cells = running.get("/v1/cells", token_for(ledger_url))

    (shown,) = [cell for cell in cells["items"] if cell["cell"] == CELL]
    assert shown["failures"] >= 2
    assert "ANOTHER:ENGINE" in shown["detail"]
    assert "it has failed" in left["reason"]


def failed(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    return [line for line in lines if line["result"] == Result.FAILED]


def test_a_sweep_that_hangs_is_killed_and_the_others_go_on(
    engine: Engine, tmp_path: Path, ledger_url: str
) -> None:
    path = configure(tmp_path, engine, ledger_url, more="hang_after: 2s")

    with daemon(path, tmp_path) as running:
        running.wait_for("sweep over")
        engine.silent = True
        hung = until(
            lambda: [line for line in running.lines("sweep over") if line["result"] == Result.HUNG],
            "a sweep was taken for hung",
        )
        engine.silent = False
        left_behind(engine, ledger_url, "one")
        until(lambda: not engine.volumes, "a later sweep worked")

        assert running.get("/healthz")[0] == 200

    assert "no sign of progress" in hung[0]["detail"]
    assert "Current thread" in running.log.read_text()


def test_a_configuration_with_an_error_ends_it_at_once(
    engine: Engine, tmp_path: Path, ledger_url: str
) -> None:
    path = configure(tmp_path, engine, ledger_url, more="schedule: [{cell: x, cron: 99 * * * *}]")

    with daemon(path, tmp_path) as running:
        code = running.process.wait(30)

    assert code == 2
    assert "99 * * * *" in running.log.read_text()
    assert not engine.asked


def test_an_address_in_use_ends_it_at_once(engine: Engine, tmp_path: Path, ledger_url: str) -> None:
    path = configure(tmp_path, engine, ledger_url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path.write_text(path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))

        with daemon(path, tmp_path) as running:
            code = running.process.wait(30)

    assert code == 2
    assert "daemon.listen" in running.log.read_text()


def test_a_ledger_that_is_away_at_the_start_ends_it(engine: Engine, tmp_path: Path) -> None:
    path = configure(tmp_path, engine, "postgresql+psycopg://nobody@127.0.0.1:1/none")

    with daemon(path, tmp_path) as running:
        code = running.process.wait(60)

    assert code == 1
    assert "did not answer" in running.log.read_text()


def test_a_paused_ledger_is_only_looked_at(engine: Engine, tmp_path: Path, ledger_url: str) -> None:
    left_behind(engine, ledger_url, "one")
    with Ledger.open(ledger_url) as ledger:
        ledger.pause("ada", "an incident")

    with daemon(configure(tmp_path, engine, ledger_url), tmp_path) as running:
        over = running.wait_for("sweep over", 2)
        kept = set(engine.volumes)
        with Ledger.open(ledger_url) as ledger:
            ledger.resume("ada")
        until(lambda: not engine.volumes, "sweeping went on")

    assert over["result"] == Result.SKIPPED
    assert "ada" in over["detail"]
    assert kept == {"one"}
