"""What the last sweep of each cell saw, as the ledger keeps it: no place is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reaper.errors import LedgerError
from reaper.ledger import CellSweep, Ledger
from reaper.model import Ref


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A resource in the last sweep of its cell."""

    sweep: CellSweep
    item: Mapping[str, Any]

    @property
    def ref(self) -> Ref:
        """Its address, with its incarnation."""
        item = self.item
        return Ref(
            kind=item["kind"],
            scope=item["scope"],
            id=item["id"],
            incarnation=item["incarnation"],
        )


def document_of(ledger: Ledger, cell: str) -> dict[str, Any] | None:
    """Read what the last sweep of a cell saw; None where none told.

    Raises:
        LedgerError: What is kept there is none of our documents.
    """
    text = ledger.document(cell)
    if text is None:
        return None
    try:
        content: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise LedgerError(f"the ledger's document of {cell} is no JSON: {error}") from error
    return content


def find(ledger: Ledger, ref: Ref) -> Seen | None:
    """Find a resource in what was seen; any incarnation, if `ref` has none. None: it was not."""
    for sweep in ledger.sweeps():
        provider, _, scope = sweep.cell.partition("/")
        if provider != ref.provider or not f"{ref.scope}/".startswith(f"{scope}/"):
            continue
        content = document_of(ledger, sweep.cell)
        for item in content["items"] if content is not None else ():
            seen = Seen(sweep=sweep, item=item)
            same = seen.ref.key == ref.key
            if same and ref.incarnation in {None, seen.ref.incarnation}:
                return seen
    return None
