"""The state machine: one history of a lab after another, each step drawn by Hypothesis."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from reaper.model import Beats, Ref
from reaper.plan import Brake
from reaper.sandbox.faults import Fault
from reaper.sandbox.sorts import (
    BUCKET,
    DISK,
    GROUP,
    IMAGE,
    MACHINE,
    NETWORK,
    ROLE,
    RULE,
    SECRET,
    SORTS,
)
from reaper.sandbox.things import Bond, Refused
from reaper.sweep.cell import Sweep
from tests.simulation import draws
from tests.simulation.ending import conclude
from tests.simulation.lab import PERSON, Journaling, Lab, scope_of
from tests.simulation.mishaps import MINUTE, Mishap, befall, end, run_at
from tests.simulation.process import Interference, Process
from tests.simulation.runs import TrueRun
from tests.simulation.whims import Whim, indulge

TALLY: Counter[str] = Counter()

_BRAKE = Brake(max_deletions=4, max_share=1.0, min_tagged=50)
_OVER = 47 * MINUTE  # a dead run's lease and the grace are over by then


class History(RuleBasedStateMachine):
    """One history. Subclasses put a mutant in the engine's place."""

    engine: type[Sweep] = Sweep

    def __init__(self) -> None:
        super().__init__()
        self.lab = Lab(self.engine)

    @initialize(
        braked=st.sampled_from([False, False, True]),
        batch=draws.batches,
        runs=st.lists(st.tuples(draws.beats, draws.kinds), max_size=2),
    )
    def arrange(
        self,
        braked: bool,  # noqa: FBT001 - drawn
        batch: int,
        runs: list[tuple[Beats, list[str]]],
    ) -> None:
        self.lab.batch = batch
        if braked:
            self.lab.brake, self.lab.checks.limit = _BRAKE, _BRAKE.max_deletions
        for beats, kinds in runs:
            self._create(self.lab.runs.begin(beats, promised=True), kinds)

    # --- runs -----------------------------------------------------------------------------------

    @rule(beats=draws.beats, promised=draws.promises, kinds=draws.kinds)
    def begin(self, beats: Beats, promised: bool, kinds: list[str]) -> None:  # noqa: FBT001 - drawn
        self._create(self.lab.runs.begin(beats, promised=promised), kinds)

    @precondition(lambda self: self.lab.runs.all)
    @rule(run=draws.picks, kinds=draws.kinds, name=draws.names, journaling=draws.journalings)
    def create(self, run: int, kinds: list[str], name: str | None, journaling: Journaling) -> None:
        self._create(run_at(self.lab, run), kinds, name=name, journaling=journaling)

    @rule(
        beats=draws.beats,
        promised=draws.promises,
        kinds=draws.kinds,
        journaling=draws.journalings,
        finishes=st.booleans(),
    )
    def leave(
        self,
        beats: Beats,
        promised: bool,  # noqa: FBT001 - drawn
        kinds: list[str],
        journaling: Journaling,
        finishes: bool,  # noqa: FBT001 - drawn
    ) -> None:
        true = self.lab.runs.begin(beats, promised=promised)
        self._create(true, kinds, journaling=journaling)
        end(self.lab, true, finishes=finishes)
        self.lab.clock.advance(_OVER)

    @precondition(lambda self: self.lab.runs.all)
    @rule(run=draws.picks, what=st.sampled_from(["finish", "die", "join", "leave", "stall"]))
    def turn(self, run: int, what: str) -> None:
        true = run_at(self.lab, run)
        if what in {"finish", "die"}:
            end(self.lab, true, finishes=what == "finish")
        elif what == "join" and true.minter and true.over is None:
            true.joined += 1
        elif what == "leave":
            true.joined = max(0, true.joined - 1)
        elif what == "stall":
            true.stalled = not true.stalled
            self.lab.runs.beat(true)

    # --- everybody and everything else ----------------------------------------------------------

    @rule(kind=draws.strangers_kinds, name=draws.names)
    def somebody_creates(self, kind: str, name: str | None) -> None:
        try:
            self.lab.world.create(kind, scope_of(kind), by=PERSON, name=name)
        except Refused:
            self.lab.tally["refused whims"] += 1

    @rule(whim=draws.whims, thing=draws.picks, run=draws.picks)
    def somebody_acts(self, whim: Whim, thing: int, run: int) -> None:
        self._act(whim, thing, run)

    @rule(minutes=draws.pauses)
    def time_passes(self, minutes: int) -> None:
        self.lab.clock.advance(minutes * MINUTE)

    @rule(mishap=draws.mishaps, minutes=draws.minutes, pick=draws.picks)
    def mishap(self, mishap: Mishap, minutes: int, pick: int) -> None:
        befall(self.lab, mishap, minutes=minutes, pick=pick)

    # --- the engine -----------------------------------------------------------------------------

    @rule(elsewhere=st.sampled_from([False, False, False, True]), full=st.booleans())
    def sweep(self, elsewhere: bool, full: bool) -> None:  # noqa: FBT001 - drawn
        self._ripen(int(full))
        report = self.lab.sweep(elsewhere=elsewhere, full=full)
        if report is not None and report.plan.held is not None and full:
            self.lab.release()

    @rule(fault=draws.faults, pick=draws.picks, elsewhere=st.booleans())
    def sweep_in_trouble(self, fault: Fault, pick: int, elsewhere: bool) -> None:  # noqa: FBT001 - drawn
        self._ripen(pick)
        self.lab.faults.add(fault)
        self.lab.sweep(elsewhere=elsewhere)

    @rule(
        step=draws.steps,
        mishap=draws.mishaps,
        minutes=draws.minutes,
        pick=draws.picks,
    )
    def sweep_with_a_mishap(
        self, step: tuple[str, int], mishap: Mishap, minutes: int, pick: int
    ) -> None:
        self._interfered(step, pick, lambda _: befall(self.lab, mishap, minutes=minutes, pick=pick))

    @rule(step=draws.steps, whim=draws.whims, thing=draws.picks, run=draws.picks)
    def sweep_while_somebody_acts(
        self, step: tuple[str, int], whim: Whim, thing: int, run: int
    ) -> None:
        self._interfered(step, run, lambda _: self._act(whim, thing, run))

    @rule(step=draws.steps, deaf=st.booleans(), pick=draws.picks)
    def sweep_that_is_cut_short(self, step: tuple[str, int], deaf: bool, pick: int) -> None:  # noqa: FBT001 - drawn
        def cut(process: Process) -> None:
            process.dead, process.deaf = not deaf, 2

        self._interfered(step, pick, cut)

    # --- the ending -----------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # else a step failed, and there is nothing to conclude
                conclude(self.lab)
        finally:
            self.lab.tally["histories"] += 1
            self.lab.tally["deletions sent"] += self.lab.checks.deletions
            for (operation, effect), times in self.lab.faults.seen.items():
                self.lab.tally[f"fault {operation} {effect}"] += times
            TALLY.update(self.lab.tally)
            self.lab.close()

    # --- what the rules have in common ----------------------------------------------------------

    def _create(
        self,
        true: TrueRun,
        kinds: Sequence[str],
        *,
        name: str | None = None,
        journaling: Journaling = Journaling.WHOLE,
    ) -> None:
        """Let a run create these, the later ones upon the earlier where they can be."""
        made: dict[str, Ref] = {}
        for kind in kinds:
            bonds = [
                (Bond.NEEDS, made[other])
                for other in (NETWORK, IMAGE, ROLE)
                if other in made and (kind == MACHINE or (kind, other) == (RULE, NETWORK))
            ]
            if kind == RULE:
                bonds += [(Bond.CHANGES, other) for other in self._things(NETWORK)[-1:]]
            ref = self.lab.create(true, kind, name=name, journaling=journaling, bonds=bonds)
            if ref is not None:
                made[kind] = ref
                if kind == GROUP:
                    self.lab.world.scale(ref, 2)

    def _interfered(self, step: tuple[str, int], pick: int, act: Callable[[Process], None]) -> None:
        def counted(process: Process) -> None:
            self.lab.tally["interferences"] += 1
            act(process)

        self._ripen(pick)
        self.lab.sweep(interferences=[Interference(step=step[0], nth=step[1], act=counted)])

    def _ripen(self, pick: int) -> None:
        """Have something there that is to go: a sweep that finds nothing tells nothing."""
        if self._ripe():
            return
        true = self.lab.runs.begin(tuple(Beats)[pick % 2], promised=True)
        kinds = (DISK, (MACHINE, NETWORK, SECRET, GROUP, ROLE, BUCKET)[pick % 6])
        self._create(true, kinds, journaling=tuple(Journaling)[pick % 3])
        end(self.lab, true, finishes=pick % 4 > 1)
        self.lab.clock.advance(_OVER)

    def _ripe(self) -> list[Ref]:
        everything = self.lab.world.everything()
        return [each.ref for each in everything if self.lab.truth.why_not(each) is None]

    def _things(self, kind: str | None = None) -> list[Ref]:
        everything = self.lab.world.everything()
        return [each.ref for each in everything if kind is None or each.ref.kind == kind]

    def _act(self, whim: Whim, thing: int, run: int) -> None:
        """Let somebody do something, half of the time to what is to go."""
        things = (self._ripe() if thing % 2 else []) or self._things()
        if whim is Whim.USE:  # of what would tell of it, where there is such a thing
            things = [each for each in things if SORTS[each.kind].tells_use] or [
                each for each in self._things() if SORTS[each.kind].tells_use
            ]
        if things:
            other = run_at(self.lab, run) if self.lab.runs.all else None
            indulge(self.lab, whim, things[thing % len(things)], other)
