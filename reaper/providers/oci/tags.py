"""Tags of both sorts as one mapping: freeform ones as they are, defined ones with their namespace.

Defined tags of the place's own namespace stand for freeform ones of the same key: `ops.reaper-run`
is `reaper-run`. A defined key may differ in case, as OCI does not tell such keys apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# What can be a key in a query at all; a query has no way to escape others.
_WORD = re.compile(r"[A-Za-z0-9_-]+")
# More runs than that are not named in a query: then all are asked for.
_MOST_RUNS = 20


@dataclass(frozen=True, slots=True)
class TagReader:
    """Reads tags.

    Attributes:
        namespace: Of the defined tags that stand for freeform ones; None: there are none such.
    """

    namespace: str | None

    def read(self, item: Mapping[str, Any]) -> tuple[dict[str, str], str | None]:
        """Read an item's tags, and say in words where two of them disagree.

        Raises:
            ValueError: They are no mappings: what they say is unknown.
        """
        tags: dict[str, str] = {}
        freeform = _mapping(item.get("freeformTags"))
        own: dict[str, str] = {}
        for namespace, group in _mapping(item.get("definedTags")).items():
            for key, value in _mapping(group).items():
                if self.namespace is not None and namespace.lower() == self.namespace.lower():
                    own[key.lower()] = str(value)
                tags[f"{namespace}.{key}"] = str(value)
        tags |= {key: str(value) for key, value in freeform.items()}
        conflict = next(
            (
                f"its freeform tag {key} and the defined one of {self.namespace} disagree"
                for key, value in own.items()
                if key in freeform and str(freeform[key]) != value
            ),
            None,
        )
        return {**tags, **{key: value for key, value in own.items() if key not in tags}}, conflict

    def query(self, keys: Iterable[str], runs: frozenset[str] | None) -> str | None:
        """Ask Resource Search for what bears one of these keys; None: no key can be asked for."""
        named = sorted(runs or ()) if runs is not None and len(runs) <= _MOST_RUNS else []
        conditions = [each for key in keys for each in self._conditions(key, named)]
        if not conditions:
            return None
        return f"query all resources where {' || '.join(dict.fromkeys(conditions))}"

    def _conditions(self, key: str, runs: list[str]) -> Iterable[str]:
        namespace, dot, rest = key.partition(".")
        if dot:
            if _WORD.fullmatch(namespace) and _WORD.fullmatch(rest):
                yield from _defined(namespace, rest, runs)
            return
        if not _WORD.fullmatch(key):
            return
        yield from _valued(f"freeformTags.key = '{key}'", "freeformTags.value", runs)
        if self.namespace is not None:
            yield from _defined(self.namespace, key, runs)


def _defined(namespace: str, key: str, runs: list[str]) -> Iterable[str]:
    told = f"definedTags.namespace = '{namespace}' && definedTags.key = '{key}'"
    return _valued(told, "definedTags.value", runs)


def _valued(told: str, field: str, runs: list[str]) -> Iterable[str]:
    if not runs:
        yield f"({told})"
    for run in runs:
        yield f"({told} && {field} = '{run}')"


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"tags are {type(value).__name__}")  # noqa: TRY004 - as a malformed answer
    return value
