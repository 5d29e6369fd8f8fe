"""What is wrong with a configuration, as sentences that name the source, the key and the cure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from reaper.config.keys import known_keys, nearest_key

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Where values came from.

    Attributes:
        variables: Environment variables by the key that each sets.
    """

    file: Path | None
    variables: Mapping[str, str]

    def of(self, path: str) -> str:
        """Name where the value at this key, or what stands below it, was written."""
        for key, name in self.variables.items():
            if path == key or path.startswith((f"{key}.", f"{key}[")):
                return name
        below = [name for key, name in self.variables.items() if key.startswith(f"{path}.")]
        file = [str(self.file)] if self.file is not None else []
        return " and ".join(file + below) or "the defaults"


def sentences(error: ValidationError, sources: Sources) -> list[str]:
    """Write each problem as one sentence.

    Values are shown, save the ledger's address: it may hold a password.
    """
    return [
        f"{sources.of(_path(details))}: {_sentence(details)}"
        for details in error.errors(include_url=False)
    ]


_WANTED: Final = {
    "model_type": "write its keys below it",
    "tuple_type": "write a list",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "finite_number": "write a number",
    "string_type": "write a text, a number in quotes",
    "string_too_short": "write a text that is not empty",
    "string_pattern_mismatch": "write at most 63 lower-case letters, digits, - and _, with a "
    "letter or a digit at both ends",
    "greater_than_equal": "write at least {ge}",
    "less_than_equal": "write at most {le}",
    "enum": "write {expected}",
    "path_type": "write a file's path",
}


def _sentence(details: ErrorDetails) -> str:
    path, context, kind = _path(details), details.get("ctx", {}), details["type"]
    if kind == "extra_forbidden":
        return f"there is no key {path}{_suggestion(details)}"
    if kind == "missing":
        return f"{path} is missing"
    if kind == "value_error":
        return f"{path}: {context['error']}"
    wanted = _WANTED[kind].format(**context) if kind in _WANTED else details["msg"]
    return f"{path} is {_shown(details)}: {wanted}"


def _path(details: ErrorDetails) -> str:
    path = ""
    for part in details["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def _shown(details: ErrorDetails) -> str:
    value = details["input"]
    if details["loc"] == ("ledger",):
        return "not readable"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN: Final = 60


def _suggestion(details: ErrorDetails) -> str:
    path = "".join("[]" if isinstance(p, int) else f".{p}" for p in details["loc"]).lstrip(".")
    if near := nearest_key(path):
        return f"; did you mean {near}?"
    parent = path.rpartition(".")[0]
    siblings = [
        k.path.rpartition(".")[2] for k in known_keys() if k.path.rpartition(".")[0] == parent
    ]
    return f"; known here are {', '.join(siblings)}"
