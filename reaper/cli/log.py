"""Where the program's log goes: to standard error, readable on a terminal, JSON elsewhere."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for the log's library

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from typing import Any

verbose: ContextVar[bool] = ContextVar("verbose", default=False)


def configure() -> None:
    """Log warnings, or every decision where a person asked for that by --verbose."""
    import structlog

    terminal = sys.stderr.isatty()
    shown: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.INFO if verbose.get() else logging.WARNING
        ),
        # Found anew at each line: a live display puts itself in the place of standard error.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
