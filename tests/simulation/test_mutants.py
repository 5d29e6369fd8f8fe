"""Engines that are broken on purpose: the simulation's invariants must catch every one.

The histories that chance draws catch most of them within a few dozen; here each meets at once the
history that it cannot survive, so that a change of what is drawn cannot hide an invariant that
went blind.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reaper.sweep.cell import Sweep
from tests.simulation.ending import conclude
from tests.simulation.lab import Lab
from tests.simulation.mutants import MUTANTS
from tests.simulation.plots import PLOTS
from tests.simulation.violation import Violation


def play(engine: type[Sweep], plot: Callable[[Lab], None]) -> None:
    """Let an engine live through a history, to its end."""
    lab = Lab(engine)
    try:
        plot(lab)
        conclude(lab)
    finally:
        lab.close()


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.__name__ for mutant in MUTANTS])
def test_a_broken_engine_is_caught(mutant: type[Sweep]) -> None:
    with pytest.raises(Violation) as caught:
        play(mutant, PLOTS[mutant])

    assert caught.value.invariant in MUTANTS[mutant]


@pytest.mark.parametrize("plot", list(dict.fromkeys(PLOTS.values())))
def test_the_real_engine_survives_the_same(plot: Callable[[Lab], None]) -> None:
    play(Sweep, plot)
