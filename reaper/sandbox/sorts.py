"""The kinds of the in-memory world: one for each trap that a real cloud sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from reaper.model import Kind

MACHINE = "memory:machine"
DISK = "memory:disk"
NETWORK = "memory:network"
ADDRESS = "memory:address"
GROUP = "memory:group"
IMAGE = "memory:image"
RULE = "memory:rule"
SECRET = "memory:secret"  # noqa: S105 - a kind's name
KEY = "memory:key"
ROLE = "memory:role"
BUCKET = "memory:bucket"

EVERYWHERE = "everywhere"  # the scope of what has no region and is used from all


@dataclass(frozen=True, kw_only=True, slots=True)
class Sort:
    """How the world treats a kind.

    Attributes:
        reused: An ID can be used again: it is a name, or comes from a small pool. An incarnation
            tells one bearer from the next, save where the kind says that nothing does.
        pooled: The world chooses the ID, and takes the lowest that is free.
        dated: It tells when it was created.
        tells_use: It tells when it was last used or written to.
        takes: How long its deletion takes; zero: it is gone when the call returns.
        purged_after: Its deletion only schedules a purge; None: it does not.
        indirect: Its tags are no claim, and what is born of it bears them too.
    """

    kind: Kind
    reused: bool = True
    pooled: bool = False
    dated: bool = True
    tells_use: bool = False
    takes: timedelta = timedelta(0)
    purged_after: timedelta | None = None
    indirect: bool = False


SORTS = {
    sort.kind.name: sort
    for sort in (
        Sort(kind=Kind(name=GROUP), takes=timedelta(minutes=5)),
        Sort(kind=Kind(name=MACHINE), reused=False, takes=timedelta(minutes=1)),
        Sort(kind=Kind(name=DISK, after=(MACHINE,))),
        Sort(kind=Kind(name=ADDRESS, after=(MACHINE,)), pooled=True, dated=False),
        Sort(kind=Kind(name=RULE, taggable=False)),
        Sort(kind=Kind(name=NETWORK, after=(MACHINE, RULE))),
        Sort(kind=Kind(name=IMAGE, after=(MACHINE,)), reused=False, indirect=True),
        Sort(kind=Kind(name=SECRET), purged_after=timedelta(days=7)),
        Sort(kind=Kind(name=KEY, report_only=True)),
        Sort(kind=Kind(name=ROLE), tells_use=True),
        Sort(kind=Kind(name=BUCKET, reused=True), dated=False, tells_use=True),
    )
}
KINDS = {name: sort.kind for name, sort in SORTS.items()}
