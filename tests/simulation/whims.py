"""What people do to things that are not theirs, or that are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from reaper.model import Mark, Ref
from reaper.sandbox.sorts import DISK, MACHINE, SORTS
from reaper.sandbox.things import Bond, Refused
from reaper.tags import run_tags
from tests.simulation.lab import ABROAD, PERSON, SCOPE, Lab
from tests.simulation.runs import TrueRun
from tests.simulation.truth import KEEP, REALM, RUN, identity


class Whim(StrEnum):
    """What people do to things."""

    KEEP_TAG = "tags it to be kept"
    FOREVER_TAG = "tags it to be kept for ever"
    KEEP_MARK = "tells the ledger to keep it"
    UNTAG = "takes its tags away"
    GARBLE = "garbles its tags"
    CLAIM = "gives it another run's tags"
    OTHER_REALM = "gives it to another realm"
    COPY = "copies it"
    RECREATE = "makes it anew, without tags"
    RECREATE_AS_IT_WAS = "makes it anew, with its tags"
    PROTECT = "protects it"
    PROTECT_SECRETLY = "protects it where no read tells of it"
    UNPROTECT = "takes its protection away"
    REMOVE = "removes it"
    SPARE = "calls its purge off"
    HOLD = "attaches it to a machine of their own"
    HOLD_FROM_ABROAD = "attaches it to a machine of their own in another region"
    LET_GO = "detaches it from their machine in another region"
    USE = "uses it, or writes to it"
    OWN = "attaches a disk of their own to it, to go with it"
    LEND = "attaches a disk of their own to it"


@dataclass(frozen=True, slots=True)
class _Act:
    lab: Lab
    ref: Ref
    tags: Mapping[str, str]
    other: TrueRun | None

    def retag(self, **tags: str) -> None:
        """Give the thing other tags in place of what it has."""
        self.lab.world.retag(self.ref, tags, by=PERSON)


def indulge(lab: Lab, whim: Whim, ref: Ref, other: TrueRun | None = None) -> None:
    """Let a person do something to a thing; what the world refuses does not happen."""
    there = lab.world.find(ref)
    if there is None or identity(there.ref) != identity(ref):
        return
    try:
        _DO[whim](_Act(lab, ref, there.tags, other))
    except Refused:
        lab.tally["refused whims"] += 1
    else:
        lab.tally[f"person {whim}"] += 1


def _keep_by_tag(act: _Act) -> None:
    later = act.lab.clock.now() + timedelta(days=20)
    act.retag(**{**act.tags, KEEP: str(int(later.timestamp()))})


def _keep_by_mark(act: _Act) -> None:
    mark = Mark(by=PERSON, at=act.lab.clock.now(), keep_until="forever")
    act.lab.ledger.mark(act.ref, mark)
    act.lab.truth.marks[identity(act.ref)] = mark


def _garble(act: _Act) -> None:
    if RUN not in act.tags:
        raise Refused("it bears no run that could be garbled")
    act.retag(**{**act.tags, RUN: act.tags[RUN].upper()})


def _claim(act: _Act) -> None:
    if act.other is None:
        raise Refused("there is no other run")
    act.retag(**run_tags(act.other.run))


def _protect(act: _Act) -> None:
    act.lab.world.protect(act.ref, "a lock")


def _protect_secretly(act: _Act) -> None:
    act.lab.world.protect(act.ref, "a lock that nobody sees", shown=False)
    act.lab.secretly_protected.add(identity(act.ref))


def _unprotect(act: _Act) -> None:
    act.lab.world.protect(act.ref, None)
    act.lab.secretly_protected.discard(identity(act.ref))


def _hold(act: _Act) -> None:
    machine = act.lab.world.create(MACHINE, SCOPE, by=PERSON)
    act.lab.world.bind(Bond.NEEDS, machine, act.ref)


def _hold_from_abroad(act: _Act) -> None:
    machine = act.lab.world.create(MACHINE, ABROAD, by=PERSON)
    act.lab.world.bind(Bond.NEEDS, machine, act.ref)


def _let_go(act: _Act) -> None:
    there = act.lab.world.find(act.ref)
    for holder in () if there is None else there.held_by:
        act.lab.world.unbind(Ref.parse(holder), act.ref)


def _use(act: _Act) -> None:
    if not SORTS[act.ref.kind].tells_use:
        raise Refused("nobody would ever know")
    act.lab.world.use(act.ref, by=PERSON)


def _attach(act: _Act, bond: Bond) -> None:
    disk = act.lab.world.create(DISK, act.ref.scope, by=PERSON)
    act.lab.world.bind(bond, act.ref, disk)


_DO: Mapping[Whim, Callable[[_Act], object]] = {
    Whim.KEEP_TAG: _keep_by_tag,
    Whim.FOREVER_TAG: lambda act: act.retag(**{**act.tags, KEEP: "forever"}),
    Whim.KEEP_MARK: _keep_by_mark,
    Whim.UNTAG: lambda act: act.retag(),
    Whim.GARBLE: _garble,
    Whim.CLAIM: _claim,
    Whim.OTHER_REALM: lambda act: act.retag(**{**act.tags, REALM: "theirs"}),
    Whim.COPY: lambda act: act.lab.world.copy(act.ref, by=PERSON),
    Whim.RECREATE: lambda act: act.lab.world.recreate(act.ref, by=PERSON, tags={}),
    Whim.RECREATE_AS_IT_WAS: lambda act: act.lab.world.recreate(act.ref, by=PERSON, tags=act.tags),
    Whim.PROTECT: _protect,
    Whim.PROTECT_SECRETLY: _protect_secretly,
    Whim.UNPROTECT: _unprotect,
    Whim.REMOVE: lambda act: act.lab.world.remove(act.ref, by=PERSON),
    Whim.SPARE: lambda act: act.lab.world.spare(act.ref, by=PERSON),
    Whim.HOLD: _hold,
    Whim.HOLD_FROM_ABROAD: _hold_from_abroad,
    Whim.LET_GO: _let_go,
    Whim.USE: _use,
    Whim.OWN: lambda act: _attach(act, Bond.OWNS),
    Whim.LEND: lambda act: _attach(act, Bond.HOLDS),
}
