"""What a person sees when a command cannot do its work: one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from reaper.errors import (
    IdentityMismatch,
    LedgerOutdated,
    LedgerTooNew,
    ReaperError,
    ScanIncomplete,
    UsageError,
)

BEFORE_ANY_WORK = 2
FAILED = 1
GAPS = 4
INTERRUPTED = 130

_BEFORE_ANY_WORK = (UsageError, IdentityMismatch, LedgerTooNew, LedgerOutdated)


class Commands(TyperGroup):
    """The commands of reaper; what they raise on purpose becomes a sentence and an exit code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options that stand before the command."""
        # Typer gives its own flags no default, and would load pydantic to find out that None is
        # one: `reaper COMMAND --help` would take half as long again.
        for option in self.get_params(ctx):
            if getattr(option, "is_flag", False) and option.default is None:
                option.default = False
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ReaperError as error:
            say(str(error))
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt as error:
            say("interrupted; what was sent is in the ledger, and the next sweep takes it up")
            raise typer.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:
            hush()
            raise typer.Exit(0) from error


def exit_code(error: ReaperError) -> int:
    """Say by exit code whether any work was begun, and whether it saw everything."""
    if isinstance(error, ScanIncomplete):
        return GAPS
    return BEFORE_ANY_WORK if isinstance(error, _BEFORE_ANY_WORK) else FAILED


def say(sentence: str) -> None:
    """Tell a person something, on standard error."""
    try:
        sys.stderr.write(f"reaper: {sentence}\n")
        sys.stderr.flush()
    except BrokenPipeError:
        pass  # nobody listens


def write(text: str) -> None:
    """Write a command's result; a reader who has seen enough is no error."""
    try:
        sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        hush()


def hush() -> None:
    """Send what is still buffered nowhere, or Python would complain at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    finally:
        os.close(nowhere)
