"""Each declaration is held to the models of Azure's own SDKs, so that no path can be misspelt."""

from __future__ import annotations

import inspect
import typing
from datetime import datetime
from types import UnionType
from typing import Any

import pytest

pytest.importorskip("azure.mgmt.network")

from reaper.providers.azure.api import ARM, ROLES
from reaper.providers.azure.kind import AzureKind, search
from reaper.providers.azure.kinds import KINDS
from reaper.providers.azure.names import GROUP, ROLE_ASSIGNMENT
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.conformity import fields, model

EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
LINK = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Foo/bars/x"
# Paths that need another value than the first: an option is to be Delete, or anything else.
OPTIONS = ("Delete", "Detach")
_DEEPEST = 8


def example(wanted: Any, option: str, above: tuple[Any, ...] = ()) -> Any:
    """A value with everything that a model can tell."""
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in {typing.Union, UnionType}:
        known = [each for each in arguments if each is not type(None) and each is not str]
        return example(known[0] if known else str, option, above)
    if origin is list:
        return [example(arguments[0], option, above)]
    if origin is dict:
        return {LINK: example(arguments[1], option, above)}
    if not inspect.isclass(wanted):
        return LINK
    if wanted in {bool, int, float}:
        return 1
    if wanted is datetime:
        return "2026-01-02T03:04:05Z"
    values = [member.value for member in getattr(wanted, "__members__", {}).values()]
    if values:
        return option if option in values else values[0]
    if any(base.__name__ == "Model" for base in wanted.__mro__) and wanted is not dict:
        return filled(wanted, option, above)
    return LINK


def filled(cls: Any, option: str, above: tuple[Any, ...]) -> Any:
    if getattr(cls, "_attribute_map", None):
        return older(cls)
    if cls in above or len(above) > _DEEPEST:
        return None  # the models lead to each other in circles
    return {name: example(each, option, (*above, cls)) for name, each in fields(cls).items()}


def older(cls: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for told in cls._attribute_map.values():
        place = shown
        *above, last = told["key"].split(".")
        for part in above:
            place = place.setdefault(part, {})
        place[last] = LINK
    return shown


def whole(kind: AzureKind, option: str) -> Any:
    found = model(kind.name.removeprefix("azure:"))
    assert found is not None, f"{kind.name} has no model"
    return example(found, option)


@EVERY
def test_its_paths_lead_somewhere_in_the_sdks_model(kind: AzureKind) -> None:
    items = [whole(kind, option) for option in OPTIONS]
    paths = [link.path for link in kind.links]
    paths += [path for path in (kind.incarnation, kind.created) if path is not None]

    for path in paths:
        assert any(search(path, item) not in (None, []) for item in items), path


@EVERY
def test_it_is_called_as_its_type(kind: AzureKind) -> None:
    assert kind.name == f"azure:{kind.type.lower()}"
    assert kind.kind.service == kind.type.lower().partition("/")[0]


@EVERY
def test_its_version_is_the_one_that_its_model_is_of(kind: AzureKind) -> None:
    if kind.name == GROUP:
        assert kind.version == ARM
    elif kind.name == ROLE_ASSIGNMENT:
        assert kind.version == ROLES
    else:
        assert kind.version == TYPES[kind.name.removeprefix("azure:")].version


@EVERY
def test_what_tells_it_from_a_later_one_is_said_or_that_nothing_does(kind: AzureKind) -> None:
    assert (kind.incarnation is None) is kind.kind.reused


def test_orders_name_known_kinds_and_lead_nowhere_back() -> None:
    before = {name: set(kind.kind.after) for name, kind in KINDS.items()}
    assert set().union(*before.values()) <= set(KINDS)

    while before:
        free = [name for name, others in before.items() if not others & before.keys()]
        assert free, f"these go before each other: {before}"
        for name in free:
            del before[name]
