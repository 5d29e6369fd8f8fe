"""The options that commands share, how their values are read, and how a shell completes them."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a completion needs

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from reaper.durations import parse_duration
from reaper.errors import UsageError


def duration(option: str, text: str) -> timedelta:
    """Read a duration of the command line.

    Raises:
        UsageError: The text is none; the message names the option.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def waiting(text: str | None) -> timedelta | None:
    """Read how long `--wait` waits; None: it was not given."""
    return None if text is None else duration("--wait", text)


def until(text: str, now: datetime) -> datetime | str:
    """Read until when something is to be kept: a duration from now, a date or time, `forever`.

    A date without a time zone is in UTC.

    Raises:
        UsageError: The text is nothing of these, or a time that is over.
    """
    if text == "forever":
        return text
    if re.fullmatch(r"\d+[smhd]", text):
        return now + duration("--until", text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"--until: {text!r} is no time: write a duration such as 2d, a date such as "
            "2030-01-31, a time such as 2030-01-31T18:00:00Z, or forever"
        ) from error
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if time <= now:
        raise UsageError(f"--until: {text!r} is over already")
    return time


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowed:
    """What a command is narrowed to, as it was written; empty: to nothing in particular."""

    providers: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    full: bool = False


def narrowed(
    provider: Iterable[str] | None,
    scope: Iterable[str] | None,
    run: Iterable[str] | None,
    kind: Iterable[str] | None,
    full: bool,  # noqa: FBT001 - stands in the row of the options
) -> Narrowed:
    """Gather the narrowing options."""
    return Narrowed(
        providers=frozenset(provider or ()),
        scopes=frozenset(scope or ()),
        runs=frozenset(run or ()),
        kinds=frozenset(kind or ()),
        full=full,
    )


def complete_provider(incomplete: str) -> list[str]:
    """Complete a provider's name."""
    from reaper.providers.opening import OPENERS

    return _beginning(incomplete, OPENERS)


def complete_kind(incomplete: str) -> list[str]:
    """Complete a kind's name."""
    from reaper.providers.opening import known_kinds

    return _beginning(incomplete, [name for names in known_kinds().values() for name in names])


def complete_run(incomplete: str) -> list[str]:
    """Complete a run's ID from this host's run directories, the latest first."""
    from reaper.client import directories
    from reaper.errors import ReaperError

    try:
        runs = [directory.path.name for directory in directories()]
    except ReaperError:
        return []
    return _beginning(incomplete, reversed(runs))


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


# As `reaper.client` calls it, which is not loaded to tell of an option.
RUN_VARIABLE = "REAPER_RUN_ID"

RunId = Annotated[
    str,
    typer.Argument(
        metavar="RUN", envvar=RUN_VARIABLE, help="The run's ID.", autocompletion=complete_run
    ),
]
Owner = Annotated[
    str | None,
    typer.Option(help="Whom to ask; guessed from the CI, git or the login where not given."),
]
Prefix = Annotated[
    str | None, typer.Option(help="What the ID begins with; a CI's job name, else `r`.")
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration to read.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON on standard output.")]
Providers = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        metavar="NAME",
        help="Only this provider; repeatable.",
        autocompletion=complete_provider,
    ),
]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", metavar="SCOPE", help="Only this scope; repeatable."),
]
Runs = Annotated[
    list[str] | None,
    typer.Option(
        "--run", metavar="ID", help="Only this run's; repeatable.", autocompletion=complete_run
    ),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", metavar="KIND", help="Only this kind; repeatable.", autocompletion=complete_kind
    ),
]
Full = Annotated[
    bool, typer.Option("--full", help="Scan by the native lists too, which is slower.")
]
Wait = Annotated[
    str | None,
    typer.Option(
        "--wait",
        metavar="DURATION",
        help="Try what cannot go now until then, such as 10m.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")]
