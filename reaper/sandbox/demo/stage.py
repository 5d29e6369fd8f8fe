"""What a chapter of the demo plays on: a place with two test runs and strangers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from reaper.config import Config
from reaper.model import Outcome, Plan
from reaper.sandbox.demo.checks import Proof
from reaper.sandbox.demo.runs import Runs


class Stage(Protocol):
    """A place, and what is on it."""

    @property
    def name(self) -> str:
        """What the place is called in a heading."""

    @property
    def introduction(self) -> str:
        """What the place is, and what of it the demo touches."""

    @property
    def asked(self) -> str:
        """Who is asked for the proof; never reaper."""

    @property
    def closing(self) -> str:
        """Why what is left is right as it is."""

    @property
    def runs(self) -> Runs:
        """The test runs, and what was made."""

    def set_scene(self) -> None:
        """Start the runs, let strangers make something, and note how everything is."""

    def config(self) -> Config:
        """The configuration, written and read as anybody's."""

    def prove(self, plans: Sequence[Plan], outcomes: Mapping[str, Outcome]) -> Proof:
        """Ask the place what is left, and hold it against what has to be.

        Args:
            plans: What was to be done, of each cell.
            outcomes: What became of it, by `ref.id`.
        """
