"""Rows of things, one under another in the same columns, on a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_NARROW = 24  # what is left to a column of names at least, if they are that long
_READABLE = 40  # a sentence in a narrower column is no longer read
_BRIEF = 24  # a few words, which stay beside the name
_INDENT = 2
_APART = 2


class Rows:
    """Rows whose last cell is a few words or a sentence, the one before it a name.

    A sentence stands in its column where that is wide enough, else under its row.

    Args:
        widths: How wide the columns would like to be, also with regard to other rows.
    """

    def __init__(self, rows: Sequence[Sequence[Text]], widths: Sequence[int]) -> None:
        self._rows = rows
        self._widths = widths

    def __rich_console__(
        self, _console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Lay them out."""
        *fixed, name, last = self._widths
        room = options.max_width - _INDENT - sum(width + _APART for width in fixed)
        beneath = last > room - name - _APART and room - name - _APART < _READABLE
        if beneath:
            brief = max((len(row[-1]) for row in self._rows if len(row[-1]) <= _BRIEF), default=0)
            name = max(min(name, room - brief - _APART), _NARROW)
        table = self._empty([*fixed, name])
        for row in self._rows:
            if beneath and len(row[-1]) > _BRIEF:
                table.add_row(*row[:-1], "")
                yield Padding(table, (0, 0, 0, _INDENT), expand=False)
                yield Padding(row[-1], (0, 0, 0, 3 * _INDENT))
                table = self._empty([*fixed, name])
            else:
                table.add_row(*row)
        if table.rows:
            yield Padding(table, (0, 0, 0, _INDENT), expand=False)

    @staticmethod
    def _empty(widths: Sequence[int]) -> Table:
        empty = Table(box=None, show_header=False, pad_edge=False, padding=(0, _APART, 0, 0))
        for width in widths:
            empty.add_column(overflow="fold", width=width)
        empty.add_column(overflow="fold")
        return empty
