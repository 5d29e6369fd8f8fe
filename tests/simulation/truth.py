"""What is true of the simulated things: who made them, and why one may not go.

This is written from the design's words and shares no code with the engine, so that both would have
to be wrong in the same way for a wrong deletion to pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from reaper.clock import Clock
from reaper.model import Mark, Ref, Relation, Resource
from reaper.sandbox.deeds import Deed, Mutation
from reaper.sandbox.sorts import KINDS
from reaper.sandbox.world import World
from tests.simulation.runs import GRACE, MAX_SKEW, Runs, TrueRun

RUN = "reaper-run"
IMAGE_RUN = "reaper-image-run"
REALM = "reaper-realm"
EXPIRES = "reaper-expires"
KEEP = "reaper-keep"

PROTECTED_NAMES = "keepme-*"


def identity(ref: Ref) -> str:
    """What tells a thing from all others that there ever were."""
    return f"{ref.key}#{ref.incarnation or ''}"


@dataclass(eq=False, slots=True)
class TrueThing:
    """Where a thing truly comes from.

    Attributes:
        creator: The run that made it; None: somebody else.
        born: When, on a clock that was always right.
        parent: The thing that came with it into being, and whose it is then.
        journaled: Its creator's journal has it from the create's response.
        intended: Its creator's journal has the intent at least.
        relied_upon: Another run's call succeeded because it was there.
        again: Another bore its ID before, and nothing tells which of them it is.
        used: When it was last used, on a clock that was always right.
        used_in_time: Its run was at work then.
    """

    ref: Ref
    creator: str | None
    born: datetime
    parent: Ref | None = None
    journaled: bool = False
    intended: bool = False
    relied_upon: bool = False
    again: bool = False
    used: datetime | None = None
    used_in_time: bool = False


@dataclass(frozen=True, slots=True)
class _Ground:
    """Which runs a thing is said to be of, and what about that is contradictory."""

    runs: frozenset[str]
    problem: str | None = None


@dataclass(kw_only=True, slots=True)
class Truth:
    """Everything that the simulation knows and the engine has to find out."""

    world: World
    clock: Clock
    runs: Runs
    things: dict[str, TrueThing] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)

    def watch(self, mutation: Mutation) -> None:
        """Learn of what is created and used."""
        if mutation.deed is Deed.USED:
            self._used(mutation)
        if mutation.deed is not Deed.CREATED:
            return
        by = mutation.by
        if by not in self.runs.all:  # what the cloud makes anew is its group's
            by = mutation.tags.get(RUN, "") if by == "the cloud" else ""
        self.things[identity(mutation.ref)] = TrueThing(
            ref=mutation.ref,
            creator=by if by in self.runs.all else None,
            born=mutation.at - self.world.skew,
            again=identity(mutation.ref) in self.things,
        )

    def _used(self, mutation: Mutation) -> None:
        thing = self.things[identity(mutation.ref)]
        thing.used = mutation.at - self.world.skew
        true = self.runs.all.get(thing.creator or "")
        thing.used_in_time = true is not None and true.active and thing.used <= true.run.expires

    def now(self) -> datetime:
        """The time on a clock that was always right."""
        return self.world.now() - self.world.skew

    def skewed(self) -> bool:
        """Whether the provider's clock and the host's are too far apart to decide anything."""
        return abs(self.world.now() - self.clock.now()) > MAX_SKEW + timedelta(seconds=1)

    def why_not(self, resource: Resource) -> str | None:
        """Say why a thing may not go now, itself or for what its going does; None: it may."""
        return next((reason for _, reason in self._reasons(resource, set())), None)

    def touched(self, resource: Resource) -> tuple[Ref, ...]:
        """What goes along with a thing or is altered by its going, at any depth."""
        found: dict[str, Ref] = {}
        ask = [resource]
        while ask:
            for edge in ask.pop().others(Relation.TAKES, Relation.ALTERS):
                other = self.world.find(edge.other)
                if other is not None and edge.other.key not in found:
                    found[edge.other.key] = edge.other
                    if edge.relation is Relation.TAKES:
                        ask.append(other)
        return tuple(found.values())

    def _reasons(self, resource: Resource, seen: set[str]) -> Iterator[tuple[Ref, str]]:
        seen.add(resource.ref.key)
        reason = self.own_reason(resource)
        if reason is not None:
            yield resource.ref, reason
        for edge in resource.others(Relation.USED_BY, Relation.CONTROLLED_BY):
            other = self.world.find(edge.other)
            if other is not None and edge.other.key not in seen:
                reason = self.own_reason(other)
                if reason is not None:
                    yield other.ref, f"it is {edge.relation} {edge.other}: {reason}"
        for edge in resource.others(Relation.TAKES, Relation.ALTERS):
            other = self.world.find(edge.other)
            if other is not None and edge.other.key not in seen:
                for ref, reason in self._reasons(other, seen):
                    yield ref, f"it {edge.relation} {edge.other}: {reason}"

    def own_reason(self, resource: Resource) -> str | None:
        """Say why a thing itself may not go; None: nothing about itself speaks against it."""
        ref = resource.ref
        if KINDS[ref.kind].report_only:
            return f"{ref} is of a kind that is only reported"
        if resource.protection is not None:
            return f"{ref} is protected: {resource.protection}"
        if resource.held_by:
            return f"{ref} is used from elsewhere by {resource.held_by}"
        if any(fnmatchcase(name, PROTECTED_NAMES) for name in (ref.id, resource.name or "")):
            return f"{ref} is protected by the configuration"
        kept = self._kept(resource)
        if kept is not None:
            return f"{ref} is kept: {kept}"
        return self._not_a_dead_runs(resource)

    def _kept(self, resource: Resource) -> str | None:
        keep = resource.tags.get(KEEP)
        if keep is not None and (
            not keep.isdigit() or float(keep) > (self.now() + MAX_SKEW).timestamp()
        ):
            return f"{KEEP}={keep}"
        mark = self.marks.get(identity(resource.ref))
        return None if mark is None else f"{mark.by} said so"

    def _not_a_dead_runs(self, resource: Resource) -> str | None:
        ref = resource.ref
        ground = self._ground(resource)
        if not ground.runs:
            return f"{ref} is no run's"
        if ground.problem is not None:
            return f"{ref}: {ground.problem}"
        if len(ground.runs) > 1:
            return f"{ref} is said to be of {sorted(ground.runs)}"
        (run_id,) = ground.runs
        if run_id not in self.runs.all:
            return f"{ref} names {run_id!r}, which is no run"
        alive = self.runs.why_alive(run_id, self.now())
        if alive is not None:
            return f"{ref}: {alive}"
        true = self.runs.all[run_id]
        return self._of_another_time(resource, true) or self._of_another_use(resource, true)

    def _ground(self, resource: Resource) -> _Ground:
        thing = self.things[identity(resource.ref)]
        runs: set[str] = set()
        problem = _unreadable(resource.tags)
        tag = resource.tags.get(IMAGE_RUN if resource.indirect else RUN)
        if tag is not None and not resource.indirect:
            runs.add(tag)
            if RUN in resource.inherited and not thing.journaled:
                problem = problem or "its image bears that tag too"
        untaggable = not KINDS[resource.ref.kind].taggable
        if thing.creator is not None and (thing.journaled or (thing.intended and untaggable)):
            runs.add(thing.creator)
        if resource.indirect:
            return _Ground(frozenset(runs), problem if runs else None)
        for parent in self._parents(thing):
            runs |= parent.runs
            problem = problem or parent.problem
        return _Ground(frozenset(runs), problem)

    def _parents(self, thing: TrueThing) -> Iterator[_Ground]:
        """The grounds of what made it: of what says so now, or of what is known to have been."""
        made_by = [self.world.find(maker) for maker in self.world.makers(thing.ref)]
        yield from (self._ground(each) for each in made_by if each is not None)
        if thing.parent is not None and not made_by and thing.creator is not None:
            yield _Ground(frozenset({thing.creator}))

    def _of_another_time(self, resource: Resource, true: TrueRun) -> str | None:
        """What a run did not make, and what was not even there in its time, is not its own."""
        thing = self.things[identity(resource.ref)]
        if thing.creator == true.run.id or resource.created is None:
            return None
        over = true.over_at or true.run.expires
        slack = MAX_SKEW + timedelta(seconds=5)
        if thing.born < true.run.started - slack:
            return f"{resource.ref} was there before {true.run.id} began"
        if thing.born > over + GRACE + slack:
            return f"{resource.ref} was made after {true.run.id} was over: it is a copy"
        return None

    def _of_another_use(self, resource: Resource, true: TrueRun) -> str | None:
        """What somebody used after a run, and says so, serves somebody else."""
        used = self.things[identity(resource.ref)].used
        if used is None or resource.used is None:
            return None
        slack = 2 * MAX_SKEW + timedelta(seconds=5)
        used -= GRACE + slack
        if used <= (true.over_at or true.run.expires) or used <= self.runs.latest_end(true.run.id):
            return None
        return f"{resource.ref} was used after {true.run.id} had ended"


def _unreadable(tags: Mapping[str, str]) -> str | None:
    if tags.get(REALM, "default") != "default":
        return f"it is of the realm {tags[REALM]}"
    for key in (RUN, IMAGE_RUN):
        if key in tags and tags[key] != tags[key].lower():
            return f"{key}={tags[key]} does not parse"
    if EXPIRES in tags and not tags[EXPIRES].isdigit():
        return f"{EXPIRES}={tags[EXPIRES]} does not parse"
    return None
