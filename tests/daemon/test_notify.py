"""Whom a daemon tells, of what, and how often."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from reaper.config.daemon import NotifySettings
from reaper.daemon.notify import Notifier, by_apprise, digest_text
from reaper.ledger import CellSweep, Ledger, Result
from reaper.service.metrics import Metrics
from tests.daemon.processes import until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CELL = CellSweep(
    cell="docker/ENGINE",
    label="the engine",
    daemon="d",
    mode="act",
    started=NOW,
    finished=NOW,
    result=Result.DONE,
)
HELD = replace(CELL, plan="abc", held="too many")
FAILING = replace(CELL, result=Result.FAILED, failures=9, failing_since=NOW - HOUR)


class Bench:
    def __init__(self, ledger: Ledger, **settings: Any) -> None:
        self.sent: list[tuple[str, str]] = []
        self.fails = False
        self.metrics = Metrics()
        self.notifier = Notifier(
            NotifySettings.model_validate(settings), ledger, self.metrics, self.send
        )
        self.notifier.begin()

    def send(self, title: str, text: str) -> bool:
        if self.fails:
            raise OSError("nobody is there")
        self.sent.append((title, text))
        return True

    def number(self, result: str) -> float | None:
        return self.metrics.registry.get_sample_value(
            "reaper_notifications_total", {"result": result}
        )


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open("sqlite://") as ledger:
        yield ledger


@pytest.fixture
def bench(ledger: Ledger) -> Iterator[Bench]:
    bench = Bench(ledger)
    yield bench
    bench.notifier.end()


def test_a_brake_is_told_once_for_each_plan(bench: Bench) -> None:
    for state in (HELD, HELD, replace(HELD, plan="def")):
        bench.notifier.heard(state)

    until(lambda: len(bench.sent) == 2, "two messages were sent")
    assert bench.sent[0][0] == "reaper: the engine is held by the brake"
    assert "reaper release abc" in bench.sent[0][1]
    assert "reaper release def" in bench.sent[1][1]


def test_a_cell_that_fails_for_long_is_told_once_and_when_it_works_again(bench: Bench) -> None:
    lately = replace(FAILING, failing_since=NOW - HOUR / 2)
    for state in (lately, FAILING, FAILING, CELL, CELL):
        bench.notifier.heard(state)

    until(lambda: len(bench.sent) == 2, "two messages were sent")
    assert [title for title, _ in bench.sent] == [
        "reaper: the engine fails",
        "reaper: the engine works again",
    ]


def test_a_message_that_cannot_be_sent_is_counted_and_the_next_one_tried(bench: Bench) -> None:
    bench.fails = True
    bench.notifier.heard(HELD)
    until(lambda: bench.number("failed"), "it failed")
    bench.fails = False

    bench.notifier.heard(replace(HELD, plan="def"))

    until(lambda: bench.number("sent"), "the next one was sent")


def test_what_is_left_is_told_now_and_then(ledger: Ledger) -> None:
    ledger.sweep_begins("docker/ENGINE", "the engine", daemon="d", mode="act")
    item = an_item("v", owner="ada")
    ledger.keep_document("docker/ENGINE", json.dumps({"items": [item]}), plan="a", held=None)
    bench = Bench(ledger, digest="1s")

    until(lambda: bench.sent, "a list was sent")
    bench.notifier.end()

    assert bench.sent[0][0] == "reaper: what tests left behind"
    assert "ada: 1" in bench.sent[0][1]


def an_item(name: str, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": "docker:volume",
        "id": name,
        "name": None,
        "owner": None,
        "verdict": "reap",
        "reason": "its run finished",
        "outcome": "blocked",
        "detail": "a container uses it",
    }
    return {**values, **changes}


def test_a_list_is_by_owner_the_longest_first_and_cut() -> None:
    items = [
        an_item("a", owner="ada"),
        *(an_item(f"b{n}", owner="bob") for n in range(30)),
        an_item("gone", outcome="gone"),
        an_item("alive", verdict="keep", outcome=None),
        an_item("odd", verdict="quarantine", outcome=None, detail=None),
    ]

    text = digest_text({"the engine": json.dumps({"items": items}), "another": None}, NOW)

    assert text is not None
    lines = text.splitlines()
    assert lines[1:3] == [
        "bob: 30",
        "  docker:volume b0 in the engine: blocked, a container uses it",
    ]
    assert "  and 10 more" in lines
    assert "nobody in particular: 1" in lines
    assert "gone" not in text
    assert "alive" not in text


def test_where_nothing_is_left_nothing_is_told() -> None:
    assert digest_text({"the engine": json.dumps({"items": []})}, NOW) is None


def test_without_addresses_nothing_is_sent_and_no_thread_runs(ledger: Ledger) -> None:
    notifier = Notifier(NotifySettings(), ledger, Metrics())

    notifier.begin()
    notifier.heard(HELD)

    assert not notifier._thread.is_alive()
    assert notifier._waiting == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library's own, as it loads
def test_apprise_sends_to_the_addresses_in_the_file(tmp_path: Path) -> None:
    heard: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            return

        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        file = tmp_path / "urls"
        file.write_text(f"# chat\n\njson://127.0.0.1:{server.server_port}/\n")

        sent = by_apprise(file)("a title", "a text")

        server.shutdown()
        thread.join()
    assert sent
    assert (heard[0]["title"], heard[0]["message"]) == ("a title", "a text")
