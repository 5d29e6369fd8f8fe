"""What is there, whose it is, and what is to become of it; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reaper.errors import LedgerError
from reaper.ledger import identity
from reaper.model import (
    Beats,
    Claim,
    Decision,
    Gap,
    Judged,
    Outcome,
    Plan,
    Ref,
    Relation,
    Resource,
    Rule,
    Run,
    RunState,
    Scan,
    Unavailable,
    Unknown,
    Verdict,
)
from reaper.plan import order
from reaper.policy import Case, judge
from reaper.sweep.recall import Memory, ledger_now, recall
from reaper.sweep.scan import Found, scan
from reaper.sweep.site import Site, gap
from reaper.tags import claim


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """One look at a whole cell.

    Attributes:
        world: Every resource that was read, strangers too, by `ref.key`.
        parents: For what is a run's only by its parent: the parent and its claim, by `ref.key`.
        cases: What each resource of ours was judged on, by `ref.key`.
        judged: Every resource that bears a run of our realm (or tags that do not parse).
        absent: What was named by the index or the ledger, and was not found.
        gone: Those of them, by `ref.key`, that are gone beyond doubt.
    """

    scan: Scan
    memory: Memory
    world: Mapping[str, Resource]
    parents: Mapping[str, tuple[Ref, Claim]]
    cases: Mapping[str, Case]
    judged: tuple[Judged, ...]
    absent: tuple[Ref, ...]
    gone: frozenset[str]
    plan: Plan


class Surveyor:
    """Scans a cell, judges what is there, and plans."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def survey(self) -> Survey:
        """Scan, judge and plan. Sightings are written to the ledger; nothing else changes."""
        memory = self.recall()
        self.site.at("recalled")
        found = self.scan(memory)
        scan = found.scan
        self.site.at("scanned")
        world = {resource.ref.key: resource for resource in scan.resources}
        claims, parents = self.claims(world, memory)
        cases = self.cases(world, claims, memory, scan.skew)
        judged = self.judge(cases)
        return Survey(
            scan=scan,
            memory=memory,
            world=world,
            parents=parents,
            cases=cases,
            judged=judged,
            absent=found.absent,
            gone=found.gone,
            plan=self.plan(scan, world, judged, memory),
        )

    def recall(self) -> Memory:
        """Ask the ledger what it knows of this cell."""
        return recall(self.site)

    def scan(self, memory: Memory) -> Found:
        """Read what is there; what is named and is not there, too."""
        return scan(self.site, memory)

    # --- whose it is ----------------------------------------------------------------------------

    def claims(
        self, world: Mapping[str, Resource], memory: Memory
    ) -> tuple[dict[str, Claim], dict[str, tuple[Ref, Claim]]]:
        """Tell whose each resource is: first by itself, then what comes from a parent."""
        claims = {key: self.claim(resource, memory) for key, resource in world.items()}
        parents: dict[str, tuple[Ref, Claim]] = {}
        ask = [key for key, found in claims.items() if not found.foreign]
        while ask:
            heirs: list[str] = []
            for key in ask:
                for edge in world[key].others(Relation.MADE):
                    child = edge.other.key
                    if child not in world:
                        continue
                    if child in parents:
                        claims[child] = self._one_parent(claims[child], parents[child], key, claims)
                        continue
                    parents[child] = (world[key].ref, claims[key])
                    derived = self.claim(world[child], memory, parent=parents[child])
                    if claims[child].foreign and not derived.foreign:
                        heirs.append(child)
                    claims[child] = derived
            ask = heirs
        return claims, parents

    @staticmethod
    def _one_parent(
        found: Claim, parent: tuple[Ref, Claim], other: str, claims: Mapping[str, Claim]
    ) -> Claim:
        """What two runs' resources both claim to have made is nobody's to take."""
        if parent[0].key == other or parent[1].run == claims[other].run:
            return found
        return replace(found, garbled=f"both {parent[0]} and {other} are said to have made it")

    def claim(
        self, resource: Resource, memory: Memory, parent: tuple[Ref, Claim] | None = None
    ) -> Claim:
        """Tell whose one resource is."""
        ref = resource.ref
        return claim(
            resource,
            self.site.settings.rules,
            memory.journal,
            parent=parent,
            remembered=memory.remembered.get(identity(ref)),
        )

    # --- judging --------------------------------------------------------------------------------

    def cases(
        self,
        world: Mapping[str, Resource],
        claims: Mapping[str, Claim],
        memory: Memory,
        skew: timedelta,
        seen: Mapping[str, datetime] | None = None,
    ) -> dict[str, Case]:
        """Gather what each resource of ours is judged on; `seen`: first sightings known already."""
        ours = {key: found for key, found in claims.items() if not found.foreign}
        states = self.runs({found.run for found in ours.values() if found.run}, memory)
        if seen is None:
            seen = self._sight(
                [(world[key].ref, found.run) for key, found in claims.items()], memory
            )
        now = ledger_now(self.site, memory)
        cases: dict[str, Case] = {}
        for key, found in ours.items():
            resource = world[key]
            ref = resource.ref
            cases[key] = Case(
                resource=resource,
                claim=found,
                run=states[found.run] if found.run else self._no_run(memory),
                first_seen=seen.get(key),
                now=now,
                skew=skew,
                named=found.run in self.site.settings.named,
                mark=memory.marks.get(identity(ref)),
                kind=self.site.provider.kinds.get(ref.kind),
            )
        return cases

    def runs(self, ids: Iterable[str], memory: Memory) -> dict[str, RunState]:
        """What the ledger says of these runs."""
        wanted = set(ids)
        if memory.unavailable is not None:
            return {run_id: Unavailable(reason=memory.unavailable) for run_id in wanted}
        try:
            known = self.site.ledger.runs(wanted)
        except LedgerError as error:
            return {run_id: Unavailable(reason=str(error)) for run_id in wanted}
        return {
            run_id: self._seen_from_here(known[run_id], memory.fresh)
            if run_id in known
            else Unknown(id=run_id)
            for run_id in wanted
        }

    @staticmethod
    def _seen_from_here(run: Run, fresh: frozenset[str]) -> Run:
        """A directory that cannot be read from here says nothing: its run lives to its expiry."""
        if run.ended is not None or run.beats is not Beats.DIRECTORY or run.id in fresh:
            return run
        until = max(run.lease.until, run.expires)
        return replace(run, lease=replace(run.lease, until=until, away=None))

    @staticmethod
    def _no_run(memory: Memory) -> RunState | None:
        return Unavailable(reason=memory.unavailable) if memory.unavailable is not None else None

    def _sight(
        self, refs: Sequence[tuple[Ref, str | None]], memory: Memory
    ) -> Mapping[str, datetime]:
        if memory.unavailable is not None:
            return {}
        return self.site.ledger.sight(refs)

    def judge(self, cases: Mapping[str, Case]) -> tuple[Judged, ...]:
        """Judge each; what a controller made late is asked again once its controller goes."""
        policy = self.site.settings.policy
        verdicts = {key: judge(case, policy) for key, case in cases.items()}
        late = [key for key, verdict in verdicts.items() if verdict.rule is Rule.COPY]
        while late:
            left: list[str] = []
            for key in late:
                controllers = cases[key].resource.others(Relation.CONTROLLED_BY)
                if any(
                    (found := verdicts.get(edge.other.key)) is not None
                    and found.decision is Decision.REAP
                    for edge in controllers
                ):
                    verdicts[key] = judge(replace(cases[key], controller_reaped=True), policy)
                else:
                    left.append(key)
            if len(left) == len(late):
                break
            late = left
        return tuple(
            Judged(
                resource=case.resource,
                claim=case.claim,
                verdict=verdicts[key],
                named=case.named,
            )
            for key, case in cases.items()
        )

    def judge_again(
        self,
        there: Mapping[str, Resource],
        survey: Survey,
        *,
        wanted: AbstractSet[str],
        reaped: AbstractSet[str] = frozenset(),
    ) -> dict[str, Judged]:
        """Claim and judge resources that were read anew, by what the ledger says now.

        Args:
            there: What was read, by `ref.key`, with the parents that make some of it a run's.
            survey: What was known of them before.
            wanted: Which of them to judge.
            reaped: Those whose controller goes in the same plan.
        """
        memory = replace(survey.memory, marks=self.site.ledger.marks(self.site.cell.scope))
        claims = {
            key: self.claim(there[key], memory, parent=self._parent_again(key, there, survey, ()))
            for key in wanted
        }
        seen = {
            key: case.first_seen
            for key in wanted
            if (case := survey.cases.get(key)) is not None and case.first_seen is not None
        }
        cases = self.cases(there, claims, memory, survey.scan.skew, seen)
        return {
            key: self._judged_again(
                there[key], claims[key], cases.get(key), controller_reaped=key in reaped
            )
            for key in wanted
        }

    def _judged_again(
        self, resource: Resource, found: Claim, case: Case | None, *, controller_reaped: bool
    ) -> Judged:
        if case is None:
            verdict = Verdict(decision=None, rule=Rule.FOREIGN, reason=found.reason)
            return Judged(resource=resource, claim=found, verdict=verdict)
        asked = replace(case, controller_reaped=case.controller_reaped or controller_reaped)
        verdict = judge(asked, self.site.settings.policy)
        return Judged(resource=resource, claim=found, verdict=verdict, named=case.named)

    def _parent_again(
        self, key: str, there: Mapping[str, Resource], survey: Survey, below: tuple[str, ...]
    ) -> tuple[Ref, Claim] | None:
        """What made it, and whose that is by what was read now; else, by what was read last."""
        known = survey.parents.get(key)
        if known is None:
            return None
        ref, _ = known
        parent = there.get(ref.key)
        if parent is None or parent.ref.incarnation != ref.incarnation or ref.key in below:
            return known
        above = self._parent_again(ref.key, there, survey, (*below, key))
        return parent.ref, self.claim(parent, survey.memory, parent=above)

    # --- planning -------------------------------------------------------------------------------

    def plan(
        self,
        scan: Scan,
        world: Mapping[str, Resource],
        judged: Sequence[Judged],
        memory: Memory,
    ) -> Plan:
        """Order what is to go into waves, and ask the brake."""
        site = self.site
        recent, released = 0, frozenset[str]()
        if memory.unavailable is None:
            day = site.ledger.now() - timedelta(hours=24)
            recent = site.ledger.recent_deletions(site.cell.scope, day)
            released = site.ledger.released(str(site.cell))
        return order(
            site.cell,
            scan.at,
            [item for item in judged if self.concerns(item)],
            world=world,
            kinds=site.provider.kinds,
            gaps=self._all_gaps(scan, memory),
            brake=site.settings.brake,
            recent_deletions=recent,
            released=released,
            parked=self.parked(judged, memory),
        )

    @staticmethod
    def parked(judged: Sequence[Judged], memory: Memory) -> dict[str, Outcome]:
        """What is not tried before its time; who asks by name does not wait, save for what runs."""
        named = {item.resource.ref.key for item in judged if item.named}
        return {
            key: outcome
            for key, outcome in memory.outcomes.items()
            if key not in named or key in memory.under_way
        }

    def _all_gaps(self, scan: Scan, memory: Memory) -> tuple[Gap, ...]:
        if memory.unavailable is None:
            return scan.gaps
        return (
            *scan.gaps,
            gap(self.site.cell, None, f"the ledger could not be asked: {memory.unavailable}"),
        )

    def concerns(self, item: Judged) -> bool:
        """Whether this command is about this resource."""
        narrowing = self.site.settings.narrowing
        ref = item.resource.ref
        return (
            (narrowing.runs is None or item.claim.run in narrowing.runs)
            and (narrowing.kinds is None or ref.kind in narrowing.kinds)
            and (narrowing.refs is None or ref.key in narrowing.refs)
            and (narrowing.approved is None or identity(ref) in narrowing.approved)
        )
