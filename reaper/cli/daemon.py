"""The command that sweeps on schedule and serves the API."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

import typer

from reaper.cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(daemon)


def daemon(*, config: options.ConfigFile = None) -> None:
    """Sweep on schedule, and take runs and orders over HTTP, until told to stop.

    It only observes until the configuration says `daemon.mode: act`. SIGTERM ends it within
    `daemon.stop_within`; what sweeps had begun, the next start takes up. It logs to standard
    output: JSON, one line each, unless that is a terminal.
    """
    import os
    import sys

    import structlog

    from reaper.config import load
    from reaper.errors import ConfigurationError
    from reaper.ledger import Ledger

    try:
        from reaper.daemon.daemon import Daemon, run_until_told
        from reaper.daemon.log import configure
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("reaper"):
            raise
        raise ConfigurationError(
            f"the daemon needs what is not installed here ({error.name}): "
            "pip install 'leak-reaper[server]'"
        ) from error
    settings = load(config, os.environ)
    json_log = not sys.stdout.isatty()
    configure(json_log=json_log)
    for notice in settings.notices:
        structlog.get_logger().warning("configuration", notice=notice)
    with Ledger.open(settings.ledger) as ledger:
        run_until_told(Daemon(settings, ledger, json_log=json_log))
