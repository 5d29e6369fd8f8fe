"""What tests of the daemon stand on: an engine with volumes, and a configuration for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.engine import Engine, serving
from tests.ledger.conftest import ManualClock, clock, postgres_databases

__all__ = ["ManualClock", "clock", "postgres_databases"]

CONFIG = """\
realm: test
ledger: {ledger}
policy: {{grace: 0s, brake: {{max_share: 1.0}}}}
daemon:
  mode: {mode}
  every: {every}
  jitter: 0s
  listen: 127.0.0.1:0
  {more}
providers:
  docker:
    - host: {engine}
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with serving(tmp_path) as engine:
        yield engine


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


def configure(
    directory: Path,
    engine: Engine,
    ledger: str,
    *,
    mode: str = "act",
    every: str = "1s",
    more: str = "",
    name: str = "reaper.yaml",
) -> Path:
    """Write a configuration for the engine; its path."""
    path = directory / name
    text = CONFIG.format(ledger=ledger, mode=mode, every=every, more=more, engine=engine.url)
    path.write_text(text)
    return path
