"""The keys of the configuration as a list: for suggestions, for the environment, for the manual."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reaper.config.settings import Config


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One key of the configuration.

    Attributes:
        path: Such as `policy.brake.max_share`; the entries of a list are written `[]`.
        section: It has keys of its own.
        many: It is a list.
        text: Its value is a text, which stands in an environment variable as it is.
        optional: It may be null.
    """

    path: str
    field: FieldInfo
    section: bool
    many: bool
    text: bool
    optional: bool


@cache
def known_keys() -> tuple[Key, ...]:
    """List every key, sections before what they hold, in the order of the model."""
    return tuple(_keys_of(Config, ""))


def nearest_key(path: str) -> str | None:
    """Name the known key that a writer of `path` may have meant; None where none is near."""
    known = [key.path for key in known_keys()]
    parent, _, name = path.rpartition(".")
    siblings = {
        other.rpartition(".")[2]: other for other in known if other.rpartition(".")[0] == parent
    }
    if near := difflib.get_close_matches(name, siblings, n=1):
        return siblings[near[0]]
    elsewhere = {other.rpartition(".")[2]: other for other in reversed(known)}
    if near := difflib.get_close_matches(name, elsewhere, n=1, cutoff=0.8):
        return elsewhere[near[0]]
    return None


def _keys_of(model: type[BaseModel], prefix: str) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        path = prefix + (field.alias or name)
        types = frozenset(_types_in(field.annotation))
        section = next((t for t in types if issubclass(t, BaseModel)), None)
        many = tuple in types
        yield Key(
            path=path,
            field=field,
            section=section is not None,
            many=many,
            text=not many and bool(types & {str, Path}),
            optional=NoneType in types,
        )
        if section is not None:
            yield from _keys_of(section, f"{path}[]." if many else f"{path}.")


def _types_in(annotation: Any) -> Iterator[type[Any]]:
    """Name the classes in an annotation: `tuple[X, ...] | None` gives tuple, X and NoneType."""
    arguments = get_args(annotation)
    if isinstance(annotation, type) and not arguments:
        yield annotation
    elif arguments:
        if getattr(annotation, "__origin__", None) is tuple:
            yield tuple
        for argument in arguments:
            if argument is not Ellipsis:
                yield from _types_in(argument)
