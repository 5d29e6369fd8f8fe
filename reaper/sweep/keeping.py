"""Keeps the cell's lock while one call to the provider takes long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from reaper.errors import ReaperError
from reaper.sweep.site import Site

log = structlog.get_logger()

# A call that hangs must not keep a cell from all others for ever.
LONGEST = timedelta(minutes=30)


@contextmanager
def kept(site: Site, longest: timedelta = LONGEST) -> Iterator[None]:
    """Renew the lock from time to time; where that fails, the caller's next renewal says so."""
    if not site.keeps:
        yield
        return
    over = threading.Event()
    every = site.settings.lock_for / 3

    def keep() -> None:
        for _ in range(longest // every):
            if over.wait(every.total_seconds()):
                return
            try:
                site.keep()
            except ReaperError as error:
                log.warning("lock not kept", cell=str(site.cell), reason=str(error))
                return

    keeper = threading.Thread(target=keep, name=f"keep {site.cell}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
