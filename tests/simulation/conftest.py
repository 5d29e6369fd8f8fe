"""Prints, when all is done, what the histories were made of."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tests.simulation.machine import TALLY


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """Thousands of sweeps would log hundreds of thousands of lines."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of a worker to the process that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["histories"] = dict(TALLY)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the counts of a worker that is done."""
    TALLY.update(Counter(getattr(node, "workeroutput", {}).get("histories", {})))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the counts."""
    if TALLY:
        terminalreporter.section("simulated")
        for what, times in sorted(TALLY.items()):
            terminalreporter.write_line(f"{times:9,d}  {what}")
