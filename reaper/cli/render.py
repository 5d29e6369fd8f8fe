"""Tables for people: what is there, what is to become of it, and what became of it."""

from __future__ import annotations

import io
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from types import MappingProxyType

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reaper.cli.report import Entry, decided, left, whose
from reaper.cli.words import ago, at, condition, parsed, plain, titled, without_addresses
from reaper.model import Cell, Decision, Gap, Plan, RunState, Status
from reaper.plan import plan_id

_NARROW = 32  # what a terminal leaves a column of names at least, if they are that long
_KEPT_IN_PLAN = 12
_WIDE = 100_000  # off a terminal nothing is folded, so that a line is found whole

STYLES: Mapping[str, str] = MappingProxyType(
    {
        "reap": "red",
        "quarantine": "yellow",
        "keep": "green",
        "gone": "green",
        "scheduled": "green",
        "pending": "yellow",
        "blocked": "yellow",
        "held": "yellow",
        "protected": "yellow",
        "denied": "bold red",
        "failed": "bold red",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What is shown of one cell.

    Attributes:
        runs: What the ledger says of the runs, by ID.
        now: The time that ages are told by.
    """

    cell: Cell
    listed: tuple[Entry, ...]
    runs: Mapping[str, RunState]
    now: datetime
    plan: Plan | None = None


def shown(*parts: RenderableType) -> str:
    """Lay it out for standard output: as wide as the terminal, in colour only there."""
    terminal = sys.stdout.isatty()
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=terminal and "NO_COLOR" not in os.environ,
        width=None if terminal else _WIDE,
        highlight=False,
        markup=False,
        emoji=False,
    )
    if terminal:
        console.width = os.get_terminal_size(sys.stdout.fileno()).columns or 80
    for part in parts:
        console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def listing(views: Sequence[View], gaps: Sequence[Gap]) -> str:
    """Show what is there, by run and verdict."""
    parts: list[RenderableType] = []
    for view in views:
        parts.extend(_heading(view.cell, views))
        if not view.listed:
            parts.append(Text("nothing"))
        names = _names(view.listed)
        rows = {entry.key: (*names[entry.key], _age(entry, view.now)) for entry in view.listed}
        parts.extend(_grouped(view.listed, rows, view))
    return shown(
        *parts, *gap_lines(gaps), _counts((entry for v in views for entry in v.listed), gaps)
    )


def plans(views: Sequence[View], gaps: Sequence[Gap]) -> str:
    """Show what would be done, by run and reason, and what could not be seen."""
    parts: list[RenderableType] = []
    for view in views:
        parts.extend(_heading(view.cell, views))
        waves = _waves(view.plan)
        if not view.listed:
            parts.append(Text("nothing bears a run"))
        names = _names(view.listed)
        rows = {entry.key: (*names[entry.key], _when(entry, waves)) for entry in view.listed}
        listed = sorted(
            view.listed, key=lambda entry: (waves.get(entry.key, len(waves)), entry.key)
        )
        parts.extend(_grouped(listed, rows, view, counted=_KEPT_IN_PLAN))
        parts.extend(_footer(view))
    return shown(
        *parts, *gap_lines(gaps), _counts((entry for v in views for entry in v.listed), gaps)
    )


def result(listed: Sequence[Entry], gaps: Sequence[Gap], skipped: Mapping[str, str]) -> str:
    """Show what went, and what stayed and why, each by run and reason."""
    parts: list[RenderableType] = []
    names = _names(listed)
    went = [entry for entry in listed if entry.became is not None and not left(entry)]
    stayed = [entry for entry in listed if left(entry)]
    for title, group in (("Went", went), ("Left", stayed)):
        if group:
            rows = {entry.key: _became(entry, names[entry.key]) for entry in group}
            parts.extend((Text(title, style="bold underline"), *_grouped(group, rows), Text()))
    for cell, reason in skipped.items():
        parts.append(Text(plain(f"{cell}: {reason}"), style="yellow"))
    return shown(*parts, *gap_lines(gaps), _counts(listed, gaps))


def gap_lines(gaps: Sequence[Gap]) -> Iterable[RenderableType]:
    """Show what could not be listed or read, so that nobody takes it for nothing."""
    for gap in gaps:
        where = f"{gap.provider}/{gap.scope}" + (f" {gap.kind}" if gap.kind else "")
        yield Text(plain(f"GAP {where}: {gap.reason}"), style="bold yellow")


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Show a plain table."""
    wanted = table(*columns)
    for row in rows:
        wanted.add_row(*(_word(cell) for cell in row))
    return shown(wanted)


def table(*columns: str) -> Table:
    """A table without lines, of which no cell is cut."""
    empty = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        empty.add_column(name, overflow="fold", no_wrap=name in {"kind", "verdict", "outcome"})
    return empty


def _heading(cell: Cell, views: Sequence[View]) -> Iterable[RenderableType]:
    if cell != views[0].cell:
        yield Text()
    # What a person calls the place is enough where there is no other.
    scope = "" if len(views) == 1 or cell.label == cell.scope else f" ({cell.scope})"
    yield Text(plain(f"{cell.provider}: {cell.label}{scope}"), style="bold underline")


def _grouped(
    listed: Iterable[Entry],
    rows: Mapping[str, Sequence[Text]],
    view: View | None = None,
    counted: int | None = None,
) -> Iterable[RenderableType]:
    """Tell once of each run, once under it of each reason, and then what that is about.

    More than `counted` that are kept for one reason are counted, not named; None: all are named.
    """
    widths = [max(map(len, column)) for column in zip(*rows.values(), strict=True)]
    for number, (run, of_run) in enumerate(_by_run(listed, view)):
        if number > 0:
            yield Text()
        yield _run_line(run, of_run, view)
        for _, group in groupby(sorted(of_run, key=_rank), key=_rank):
            alike = list(group)
            yield _reason_line(alike[0])
            if counted is not None and decided(alike[0])[0] == "keep" and len(alike) > counted:
                yield _tally(alike)
                continue
            yield _rows([rows[entry.key] for entry in alike], widths)


def _by_run(listed: Iterable[Entry], view: View | None) -> Iterable[tuple[str, list[Entry]]]:
    """Group by run, the oldest first; what bears none comes last."""
    groups: dict[str, list[Entry]] = {}
    for entry in listed:
        groups.setdefault(whose(entry)[0] or "", []).append(entry)
    for run in sorted(groups, key=lambda run: (not run, _birth(view, run), run)):
        yield run, groups[run]


def _birth(view: View | None, run: str) -> str:
    started = getattr(view.runs.get(run), "started", None) if view else None
    return started.isoformat() if isinstance(started, datetime) else ""


def _run_line(run: str, group: Sequence[Entry], view: View | None) -> RenderableType:
    if not run:
        return Text("no run", style="bold")
    state = view.runs.get(run) if view else None
    owners = {owner for entry in group if (owner := whose(entry)[1])}
    owner = getattr(state, "owner", None) or ", ".join(sorted(owners)) or "no owner"
    stands = f", {condition(state, view.now)}" if view else ""
    text = Text(plain(f"run {run}"), style="bold")
    text.append(plain(f"  {owner}{stands}"), style="not bold")
    return text


_ORDER = ("reap", "quarantine", "keep", None)


def _rank(entry: Entry) -> tuple[int, str, str]:
    decision, rule, reason = decided(entry)
    return _ORDER.index(decision), rule or "", reason or ""


def _reason_line(entry: Entry) -> RenderableType:
    decision, rule, reason = decided(entry)
    if decision is None:
        return Text(plain(reason or "nothing is known of why"))
    text = _word(decision)
    text.append(plain(f", {rule}: {reason}"), style="default")
    return text


def _rows(rows: Sequence[Sequence[Text]], widths: Sequence[int]) -> RenderableType:
    """Lay out rows under each other, in columns as wide as in the other groups."""
    laid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for width in widths[:-1]:
        laid.add_column(overflow="fold", min_width=min(width, _NARROW))
    laid.add_column(overflow="fold")
    for row in rows:
        laid.add_row(*row)
    return Padding(laid, (0, 0, 0, 2), expand=False)


def _tally(alike: Sequence[Entry]) -> RenderableType:
    """Count what a plan leaves alone by kind: `reaper ls` names it."""
    kinds = Counter(entry.ref.kind for entry in alike)
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return Padding(Text(plain(told)), (0, 0, 0, 2))


def _names(listed: Sequence[Entry]) -> Mapping[str, tuple[Text, Text]]:
    """Give each its kind and name, with its ID only where another one has that name too."""
    count = Counter((entry.ref.kind, entry.name) for entry in listed)
    named = {}
    for entry in listed:
        ref, name = entry.ref, entry.name
        alone = name not in {None, ref.id} and count[ref.kind, name] == 1
        shown_name = name if alone else titled(ref, name).removeprefix(f"{ref.kind} ")
        named[entry.key] = (Text(ref.kind), Text(plain(str(shown_name))))
    return named


def _age(entry: Entry, now: datetime) -> Text:
    created = entry.resource.created if entry.resource is not None else None
    return Text(f"created {ago(created, now)}" if created is not None else "of unknown age")


def _when(entry: Entry, waves: Mapping[str, int]) -> Text:
    if entry.key in waves:
        text = Text(f"wave {waves[entry.key] + 1}")
    else:
        text = _word(entry.status.value) if entry.status is not None else Text("")
    if entry.detail:
        text.append(plain(f": {without_addresses(entry.detail)}"), style="default")
    return text


def _waves(plan: Plan | None) -> dict[str, int]:
    return {item.ref.key: item.wave for item in plan.items if item.wave is not None} if plan else {}


def _footer(view: View) -> Iterable[RenderableType]:
    plan = view.plan
    if plan is None:
        return
    if view.listed:
        yield Text()
    for note in plan.notes:
        yield Text(plain(f"note: {note}"))
    name = plan_id(plan)
    if plan.held is not None:
        yield Text(plain(f"HELD: {plan.held}"), style="bold yellow")
        yield Text(f"      look at it, then `reaper release {name}`")
    yield Text(f"plan {name}: {len(_waves(plan))} to go in {len(plan.waves)} waves", style="dim")


def _became(entry: Entry, name: tuple[Text, Text]) -> tuple[Text, ...]:
    outcome = entry.outcome
    word = entry.became.value if entry.became is not None else decided(entry)[0] or "left"
    told = (outcome.detail if outcome else entry.detail) or ""
    why = without_addresses(told)
    blocked_by = outcome.blocked_by if outcome else entry.blocked_by
    # A sentence names the first of many references, or none; other names are a place's own words.
    named = any(name in told for name in blocked_by if parsed(name) is not None)
    unnamed = [
        name for name in blocked_by if name not in told and not (named and parsed(name) is not None)
    ]
    if unnamed:
        why += f" (by {without_addresses(', '.join(unnamed))})"
    if outcome is not None and outcome.until is not None and entry.became is not Status.GONE:
        why += f"; {_UNTIL.get(outcome.status, 'tried again at')} {at(outcome.until)}"
    return _word(word), *name, Text(plain(why))


_UNTIL: Mapping[Status, str] = MappingProxyType({Status.SCHEDULED: "purged at"})


def _counts(listed: Iterable[Entry], gaps: Sequence[Gap]) -> RenderableType:
    counts: Counter[str] = Counter()
    for entry in listed:
        if entry.became is not None:
            counts[entry.became.value] += 1
        elif entry.verdict is None or entry.verdict.decision is None:
            counts["no run's"] += 1
        else:
            counts[_PAST[entry.verdict.decision]] += 1
    nothing = "nothing found where it could be looked" if gaps else "nothing found"
    return Text(", ".join(f"{count} {word}" for word, count in counts.items()) or nothing)


_PAST: Mapping[Decision, str] = MappingProxyType(
    {Decision.KEEP: "kept", Decision.REAP: "to go", Decision.QUARANTINE: "quarantined"}
)


def _word(word: str) -> Text:
    return Text(plain(word), style=STYLES.get(word, ""))
