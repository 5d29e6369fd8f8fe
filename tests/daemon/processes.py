"""Daemons as processes, and how a test talks to them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reaper.ledger import Ledger, Role

PATIENCE_S = 120.0  # for a machine on which much else is at work


def until(
    true: Callable[[], Any],
    what: str,
    *,
    patience_s: float = PATIENCE_S,
    more: Callable[[], str] = str,
) -> Any:
    """Wait for something to become so; what it gave. `more` is asked where it does not."""
    deadline = time.monotonic() + patience_s
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < deadline, f"it did not come about that {what}\n{more()}"
        time.sleep(0.05)


@dataclass
class Running:
    """A daemon's process, and its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """What it logged, as far as it is JSON."""
        found = []
        for line in self.log.read_text().splitlines():
            if line.startswith("{"):
                record = json.loads(line)
                if event is None or record.get("event") == event:
                    found.append(record)
        return found

    def wait_for(self, event: str, count: int = 1) -> dict[str, Any]:
        """Wait until it logged an event so many times; the last of them."""
        found = until(
            lambda: self._dead() or (len(self.lines(event)) >= count and self.lines(event)),
            f"{event!r} was logged {count} times; the log is:",
            more=self.log.read_text,
        )
        assert found is not True, f"the daemon has died:\n{self.log.read_text()}"
        last: dict[str, Any] = found[-1]
        return last

    def _dead(self) -> bool:
        return self.process.poll() is not None

    @property
    def url(self) -> str:
        return f"http://{self.wait_for('began')['listen']}"

    def story(self) -> str:
        """What it logged, in short lines: for a test that fails."""
        known = ("cell", "result", "reason", "detail", "seconds", "verdicts", "outcomes")
        lines = [self.log.stem]
        for text in self.log.read_text().splitlines():
            record = json.loads(text) if text.startswith("{") else {"event": text}
            told = [f"{name}={record[name]!r}" for name in known if record.get(name)]
            lines.append(f"  {record.get('timestamp', '')} {record['event']} {' '.join(told)}")
        return "\n".join(lines)

    def get(self, path: str, token: str | None = None) -> tuple[int, Any]:
        return ask(f"{self.url}{path}", token=token)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def ask(
    url: str, *, token: str | None = None, body: Mapping[str, Any] | None = None, method: str = ""
) -> tuple[int, Any]:
    """Send one request; the status, and the JSON or text of the answer."""
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        method=method or ("GET" if body is None else "POST"),
        headers={"Content-Type": "application/json"},
    )
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, _content(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _content(error.read())


def _content(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode()


@contextmanager
def daemon(config: Path, directory: Path, name: str = "daemon", **env: str) -> Iterator[Running]:
    """Start a daemon with a configuration; killed at the latest with the block."""
    log = directory / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "reaper", "daemon", "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), **env},
        )
    try:
        yield Running(process=process, log=log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait(PATIENCE_S)


def token_for(url: str, role: Role = Role.OPERATOR, name: str = "test") -> str:
    """Make a token."""
    with Ledger.open(url) as ledger:
        return ledger.add_token(name, role, by="test")[1]
