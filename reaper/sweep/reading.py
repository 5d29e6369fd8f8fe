"""Authoritative reads, held against what a provider may answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from reaper.model import Cell, Ref, Resource
from reaper.providers.protocol import Reading, Sharing, Unreadable
from reaper.sweep.keeping import kept
from reaper.sweep.site import Site


def covers(cell: Cell, ref: Ref) -> bool:
    """Whether a cell's reads and its lock can tell of it; what is elsewhere is not absent here."""
    return ref.scope == cell.scope or ref.scope.startswith(f"{cell.scope}/")


def together(site: Site, *, preview: bool) -> AbstractContextManager[None]:
    """Let the reads within be held against the same lists, none of them asked before.

    A preview is followed by another look before anything is deleted.
    """
    if not isinstance(site.provider, Sharing):
        return nullcontext()
    return site.provider.together(site.cell, preview=preview)


def read(site: Site, refs: Iterable[Ref]) -> dict[str, Reading]:
    """Read each of these; what the provider left out or confused is unreadable."""
    wanted = {ref.key: ref for ref in refs}
    mine = [ref for ref in wanted.values() if covers(site.cell, ref)]
    answers: Mapping[str, Reading] = {}
    if mine:
        with kept(site):
            answers = site.provider.read(site.cell, mine)
    return {key: _checked(site.cell, ref, answers.get(key)) for key, ref in wanted.items()}


def _checked(cell: Cell, ref: Ref, reading: Reading | None) -> Reading:
    if not covers(cell, ref):
        return Unreadable(reason=f"{ref.scope} is no part of {cell}")
    if reading is None:
        return Unreadable(reason="the provider left it out")
    if isinstance(reading, Resource) and reading.ref.key != ref.key:
        return Unreadable(reason=f"the provider answered with {reading.ref}")
    return reading
