"""What is asked of a provider at one moment: each question once, for all who want the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from reaper.model import Ref, Resource
from reaper.providers.protocol import Absent, Answer, Reading, Unreadable
from reaper.sweep.site import Site

Reader = Callable[[Sequence[Ref]], Mapping[str, Reading]]


class Questions:
    """What is asked beside one round of reads: one control a kind, one poll a handle."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._controls: dict[str, str | None] = {}
        self._answers: dict[str, Answer] = {}

    def control(self, kind: str) -> str | None:
        """Make the positive control that belongs to these reads; None if it succeeded."""
        if kind not in self._controls:
            self._controls[kind] = self._site.provider.control(self._site.cell, kind)
        return self._controls[kind]

    def poll(self, handle: str) -> Answer:
        """Ask what became of a long operation."""
        if handle not in self._answers:
            self._answers[handle] = self._site.provider.poll(self._site.cell, handle)
        return self._answers[handle]


class View:
    """Readings that were made together, and the positive controls that belong to them.

    Attributes:
        elapsed: When the first of them was begun, by `Clock.elapsed`: none is older.
    """

    def __init__(self, site: Site, read: Reader) -> None:
        self.elapsed = site.clock.elapsed()
        self._read = read
        self._readings: dict[str, Reading] = {}
        self._questions = Questions(site)

    def take(self, refs: Iterable[Ref], further: Callable[[Ref, Resource], Iterable[Ref]]) -> None:
        """Read these, and until nothing new appears what each leads to: one call a level."""
        wanted = {ref.key: ref for ref in refs}
        while wanted:
            self._readings.update(self._read(list(wanted.values())))
            leads = [
                other
                for ref in wanted.values()
                if isinstance(reading := self[ref], Resource)
                for other in further(ref, reading)
            ]
            asked = wanted.keys() | self._readings.keys()
            wanted = {other.key: other for other in leads if other.key not in asked}

    def __getitem__(self, ref: Ref) -> Reading:
        """What one read said; what was not asked for, or left out, is unreadable."""
        return self._readings.get(ref.key, Unreadable(reason="the provider left it out"))

    def there(self) -> Mapping[str, Resource]:
        """Everything that is there, by `ref.key`."""
        return {key: each for key, each in self._readings.items() if isinstance(each, Resource)}

    def unproved(self, ref: Ref, reading: Absent | Unreadable) -> str | None:
        """Why a read does not prove that nothing is there; None: it is gone beyond doubt."""
        if isinstance(reading, Unreadable):
            return reading.reason
        why_not = self._questions.control(ref.kind)
        return None if why_not is None else f"not found, but that proves nothing: {why_not}"
