"""Shows a sweep while it goes on: a live display on a terminal, one line an event elsewhere."""
# ruff: noqa: PLC0415 - off a terminal nothing is drawn, and rich is not needed

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reaper.cli.words import plain, titled
from reaper.model import Cell, Outcome, Plan, Status
from reaper.sweep.site import Observer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@contextmanager
def watching() -> Iterator[Observer]:
    """Watch one command's work, on standard error."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    console = Console(file=sys.stderr)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[latest]}", markup=False, style="dim"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Display(progress)


class Lines:
    """One plain line an event."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()

    def phase(self, cell: Cell, text: str) -> None:
        """A new part of the work begins."""
        self._line(f"{cell.label}: {text}")

    def planned(self, plan: Plan) -> None:
        """The plan stands; nothing was deleted yet."""
        going = sum(item.wave is not None for item in plan.items)
        self._line(f"{plan.cell.label}: {going} of {len(plan.items)} are to go")

    def settled(self, outcome: Outcome) -> None:
        """It is known what became of one resource."""
        self._line(f"{outcome.status.value}: {titled(outcome.ref, outcome.name)}: {outcome.detail}")

    def _line(self, text: str) -> None:
        with self._one_at_a_time:
            try:
                sys.stderr.write(f"{plain(text)}\n")
                sys.stderr.flush()
            except BrokenPipeError:
                pass  # the work goes on, whoever has stopped listening


class Display:
    """A bar for each cell, with what went last."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._one_at_a_time = threading.Lock()

    def phase(self, cell: Cell, text: str) -> None:
        """A new part of the work begins."""
        self._progress.update(self._task(cell), description=plain(f"{cell.label}: {text}"))

    def planned(self, plan: Plan) -> None:
        """The plan stands; nothing was deleted yet."""
        going = sum(item.wave is not None for item in plan.items)
        self._progress.update(self._task(plan.cell), total=going, completed=0)

    def settled(self, outcome: Outcome) -> None:
        """It is known what became of one resource."""
        with self._one_at_a_time:
            tasks = [
                task
                for cell, task in self._tasks.items()
                if f"{outcome.ref.provider}/{outcome.ref.scope}/".startswith(f"{cell}/")
            ]
        latest = plain(f"{outcome.status.value}: {titled(outcome.ref, outcome.name)}")
        for task in tasks:
            self._progress.update(task, latest=latest)
            if outcome.status is Status.GONE:
                self._progress.advance(task)

    def _task(self, cell: Cell) -> TaskID:
        with self._one_at_a_time:
            key = str(cell)
            if key not in self._tasks:
                label = plain(cell.label)
                self._tasks[key] = self._progress.add_task(label, total=None, latest="")
            return self._tasks[key]
