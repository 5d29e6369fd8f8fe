"""Each rule changes something that moto has, and can be taken off again."""

from __future__ import annotations

import inspect
from contextlib import ExitStack
from typing import Any

import pytest

pytest.importorskip("moto")

from reaper.sandbox.aws.patching import Rule, Rules, install
from reaper.sandbox.aws.strict import RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.attribute}: {rule.name}")
def test_moto_has_what_a_rule_changes(rule: Rule) -> None:
    names = {name for name, _ in inspect.getmembers_static(rule.owner)}

    assert rule.added or rule.attribute in names


class _Thing:
    def __init__(self, size: int) -> None:
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    def grown(self, by: int) -> int:
        return self.size + by


class _Heir(_Thing):
    pass


def test_rules_wrap_methods_and_properties_until_they_are_taken_off() -> None:
    rules = Rules()

    @rules.around(_Thing, "size")
    def sizes_are_doubled(original: Any, thing: Any) -> Any:
        return 2 * original(thing)

    @rules.around(_Heir, "grown")
    def heirs_grow_more(original: Any, thing: Any, by: int) -> Any:
        return original(thing, by) + 100

    @rules.add(_Heir, "shrunk")
    def heirs_shrink(thing: Any) -> Any:
        return thing.size - 1

    with ExitStack() as exits:
        install(rules.all, exits)
        assert (_Heir(1).size, _Heir(1).grown(1), _Heir(1).shrunk()) == (2, 103, 1)  # type: ignore[attr-defined] # it was added
        assert _Thing(1).grown(1) == 3

    assert (_Heir(1).size, _Heir(1).grown(1)) == (1, 2)
    assert not hasattr(_Heir, "shrunk")
    assert [rule.name for rule in rules.all] == [
        "sizes are doubled",
        "heirs grow more",
        "heirs shrink",
    ]


def test_a_rule_about_what_moto_lacks_is_an_error() -> None:
    rules = Rules()
    rules.around(_Thing, "colour")(lambda original, thing: original(thing))

    with ExitStack() as exits, pytest.raises(AttributeError, match="colour"):
        install(rules.all, exits)
