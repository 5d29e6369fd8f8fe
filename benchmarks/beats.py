"""How long a beat takes while a daemon sweeps, and whether one is lost across its restart.

`python -m benchmarks.beats` measures SQLite with 500 live runs; with REAPER_TEST_POSTGRES (where a
database may be made) also PostgreSQL with 2,000. A process of its own makes the load.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import queue
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reaper.ledger import Ledger, Role
from reaper.tags import new_run_id

ROOT = Path(__file__).parents[1]
BEAT_EVERY_S = 10.0
MEASURED_S = 40.0
RESTART_AT_S = 20.0
BOUND_S = 0.050  # for the p99 of a beat
CONNECTIONS = 24
LEASE_S = 300.0

CONFIG = """\
realm: default
ledger: {ledger}
daemon: {{mode: act, every: 5s, jitter: 1s, listen: "127.0.0.1:{port}", requests_per_second: 5000}}
providers: {{docker: [{{}}]}}
"""


@dataclass
class Load:
    """What the load generator saw.

    Attributes:
        lost: Beats that were not taken though they were tried for as long as a client would.
    """

    taken: list[float] = field(default_factory=list)
    retried: int = 0
    lost: int = 0


def main() -> int:
    """Measure each ledger; the exit code is the number of those beyond the bound."""
    beyond = 0
    with tempfile.TemporaryDirectory(prefix="reaper-bench-") as directory:
        beyond += measure("SQLite", f"sqlite:///{directory}/ledger.db", 500, Path(directory))
        server = os.environ.get("REAPER_TEST_POSTGRES")
        if server is None:
            print("PostgreSQL: REAPER_TEST_POSTGRES names no server")
        else:
            with database(server) as url:
                beyond += measure("PostgreSQL", url, 2000, Path(directory))
    return beyond


def measure(name: str, ledger: str, runs: int, directory: Path) -> int:
    """Let so many runs live for a while; 1 if the p99 of a beat is beyond the bound."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = directory / f"{name}.yaml"
    config.write_text(CONFIG.format(ledger=ledger, port=port))
    with Ledger.open(ledger, migrate=True) as opened:
        _, token = opened.add_token("bench", Role.FIXTURE, by="bench")
    calm = loaded(config, port, token, runs, restart=False)
    restarted = loaded(config, port, token, runs, restart=True)
    show(f"{name}, {runs} runs, sweeping", calm)
    show(f"{name}, {runs} runs, and the daemon restarted", restarted)
    within = percentile(calm.taken, 99) <= BOUND_S and calm.lost == restarted.lost == 0
    print(f"{name} is {'within' if within else 'BEYOND'} its bound of {BOUND_S * 1000:.0f} ms")
    return 0 if within else 1


def loaded(config: Path, port: int, token: str, runs: int, *, restart: bool) -> Load:
    """Run a daemon, and the load in a process of its own."""
    process = daemon(config, port)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    generator = context.Process(target=generate, args=(theirs, port, token, runs))
    generator.start()
    assert ours.recv() == "started"  # all runs live now
    if restart:
        time.sleep(RESTART_AT_S)
        process.send_signal(signal.SIGTERM)
        process.wait()
        process = daemon(config, port)
    load: Load = ours.recv()
    generator.join()
    process.send_signal(signal.SIGTERM)
    process.wait()
    return load


def daemon(config: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a daemon, and wait until it takes beats."""
    process = subprocess.Popen(
        (sys.executable, "-m", "reaper", "daemon", "--config", str(config)),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process
    raise SystemExit("the daemon does not listen")


class Clients:
    """So many clients as there are connections, each beat sent by whoever is free."""

    def __init__(self, port: int, token: str) -> None:
        self.load = Load()
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._turn = threading.Lock()
        self._due: queue.Queue[tuple[str, str] | None] = queue.Queue()
        self._threads = [threading.Thread(target=self._work) for _ in range(CONNECTIONS)]
        for thread in self._threads:
            thread.start()

    def send(self, path: str, body: str = "{}") -> None:
        """Send a request as soon as a client is free."""
        self._due.put((path, body))

    def settle(self) -> None:
        """Wait until all that was due was answered."""
        self._due.join()

    def end(self) -> None:
        """Let the clients go."""
        for _ in self._threads:
            self._due.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        while (job := self._due.get()) is not None:
            self._insist(connection, *job)
            self._due.task_done()
        connection.close()

    def _insist(self, connection: http.client.HTTPConnection, path: str, body: str) -> None:
        """Try until it is taken, as a client does within its lease."""
        began, tried = time.monotonic(), 0
        while True:
            sent = time.perf_counter()
            good = self._once(connection, path, body)
            took = time.perf_counter() - sent
            tried += 1
            if good or time.monotonic() - began > LEASE_S:
                break
            time.sleep(0.25)
        with self._turn:
            self.load.retried += tried > 1
            self.load.lost += not good
            if good and path.endswith("/beat"):
                self.load.taken.append(took)

    def _once(self, connection: http.client.HTTPConnection, path: str, body: str) -> bool:
        try:
            connection.request("POST", path, body, self._headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return False
        return answer.status in {200, 201}


def generate(pipe: Any, port: int, token: str, runs: int) -> None:
    """Start runs, and let each beat at its own time within the interval."""
    clients = Clients(port, token)
    ids = [new_run_id("bench") for _ in range(runs)]
    for run_id in ids:
        clients.send("/v1/runs", json.dumps({"id": run_id}))
    clients.settle()
    pipe.send("started")
    began = time.monotonic()
    for number in range(int(runs * MEASURED_S / BEAT_EVERY_S)):
        time.sleep(max(0.0, began + number * BEAT_EVERY_S / runs - time.monotonic()))
        clients.send(f"/v1/runs/{ids[number % runs]}/beat")
    clients.end()
    pipe.send(clients.load)


@contextmanager
def database(server: str) -> Iterator[str]:
    """An empty database, dropped at the end."""
    from sqlalchemy import create_engine, text  # noqa: PLC0415 - only for PostgreSQL

    name = f"reaper_bench_{uuid.uuid4().hex[:8]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def percentile(values: list[float], percent: int) -> float:
    """The value below which so many of a hundred lie."""
    return statistics.quantiles(values, n=100)[percent - 1]


def show(title: str, load: Load) -> None:
    """Print what was measured."""
    p50, p99 = percentile(load.taken, 50) * 1000, percentile(load.taken, 99) * 1000
    most = max(load.taken) * 1000
    print(
        f"{title}: {len(load.taken)} beats, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"longest {most:.0f} ms; {load.retried} tried again, {load.lost} lost",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
