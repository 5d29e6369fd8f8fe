"""Google's filter expressions (AIP-160, and Compute's older `eq` and `ne`), read and applied.

https://google.aip.dev/160; for `eq` and `ne` see the parameter `filter` of Compute's lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, TypeVar

T = TypeVar("T", float, str)
Filter = Callable[[Mapping[str, Any]], bool]


class BadFilter(Exception):
    """It is no filter expression."""


_TOKENS = re.compile(
    r"\s*(?:(?P<mark>[()])"
    r"|(?P<op><=|>=|!=|=|<|>|:)"
    r"|\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'"
    r"|(?P<word>[^\s()=<>!:\"']+))"
)
_OPS = frozenset({"=", "!=", "<", "<=", ">", ">=", ":", "eq", "ne"})


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    sort: str


def read(text: str, *, values_too: bool = False, anywhere: bool = False) -> Filter:
    """Read an expression; an empty one lets everything pass.

    With `values_too`, `labels:x` looks at a map's values as well as at its keys, and with
    `anywhere` a word without a field is looked for everywhere: both as Asset Inventory does.

    Raises:
        BadFilter: See there.
    """
    tokens = tuple(_tokens(text))
    if not tokens:
        return lambda _: True
    reader = _Reader(tokens, values_too=values_too, anywhere=anywhere)
    found = reader.expression()
    if reader.left:
        raise BadFilter(text)
    return found


def _tokens(text: str) -> Iterator[_Token]:
    position, text = 0, text.strip()
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            raise BadFilter(text)
        position = match.end()
        sort = str(match.lastgroup)
        yield _Token(re.sub(r"\\(.)", r"\1", match[sort]) if "e" in sort else match[sort], sort)


class _Reader:
    """Reads by recursive descent: OR binds tighter than AND, and AND may be left out."""

    def __init__(self, tokens: tuple[_Token, ...], *, values_too: bool, anywhere: bool) -> None:
        self._tokens = list(tokens)
        self._values_too = values_too
        self._anywhere = anywhere

    @property
    def left(self) -> bool:
        """Whether something was not read."""
        return bool(self._tokens)

    def expression(self) -> Filter:
        """Read what is joined by AND, or stands side by side."""
        parts = [self._factor()]
        while self._tokens and self._tokens[0].text != ")":
            self._take("AND")
            parts.append(self._factor())
        return lambda item: all(part(item) for part in parts)

    def _factor(self) -> Filter:
        parts = [self._term()]
        while self._take("OR"):
            parts.append(self._term())
        return lambda item: any(part(item) for part in parts)

    def _term(self) -> Filter:
        if self._take("NOT"):
            found = self._simple()
            return lambda item: not found(item)
        return self._simple()

    def _simple(self) -> Filter:
        if self._take("("):
            found = self.expression()
            self._want(")")
            return found
        return self._restriction()

    def _restriction(self) -> Filter:
        field = self._next()
        if field.sort == "word" and field.text.startswith("-"):
            self._tokens.insert(0, _Token(field.text[1:], "word"))
            found = self._restriction()
            return lambda item: not found(item)
        if not self._tokens or self._tokens[0].text not in _OPS:
            if not self._anywhere:
                raise BadFilter(field.text)
            return lambda item: any(_has(value, field.text) for value in _texts(item))
        op = self._next().text
        if self._take("("):
            wanted = [self._next().text]
            while self._take("OR"):
                wanted.append(self._next().text)
            self._want(")")
        else:
            wanted = [self._next().text]
        return self._comparison(field.text, op, wanted)

    def _comparison(self, field: str, op: str, wanted: list[str]) -> Filter:
        path = _split(field)

        def compare(item: Mapping[str, Any]) -> bool:
            found = tuple(_find(item, path))
            if op in {"!=", "ne"}:
                equal = "=" if op == "!=" else "eq"
                return not any(_compares(value, equal, each) for value in found for each in wanted)
            return any(
                self._in_map(value, each) if op == ":" else _compares(value, op, each)
                for value in found
                for each in wanted
            )

        return compare

    def _in_map(self, value: Any, wanted: str) -> bool:
        if isinstance(value, Mapping):
            values = value.values() if self._values_too else ()
            return wanted == "*" or wanted in value or wanted in values
        return wanted == "*" or _has(value, wanted)

    def _next(self) -> _Token:
        if not self._tokens:
            raise BadFilter
        return self._tokens.pop(0)

    def _take(self, text: str) -> bool:
        if self._tokens and self._tokens[0] in {_Token(text, "word"), _Token(text, "mark")}:
            self._tokens.pop(0)
            return True
        return False

    def _want(self, text: str) -> None:
        if not self._take(text):
            raise BadFilter(text)


def _split(field: str) -> tuple[str, ...]:
    """Take the key of a label as one part, whatever stands in it."""
    head, dot, rest = field.partition(".")
    return (head, rest) if dot and head in {"labels", "resourceLabels"} else tuple(field.split("."))


def _find(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _find(each, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _find(value[path[0]], path[1:])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _has(value: Any, wanted: str) -> bool:
    return fnmatchcase(_text(value).lower(), f"*{wanted.lower()}*")


def _compares(value: Any, op: str, wanted: str) -> bool:
    if op == "eq":
        try:
            return re.fullmatch(wanted, _text(value)) is not None
        except re.error as error:
            raise BadFilter(wanted) from error
    if op == "=":
        text = _text(value)
        return fnmatchcase(text, wanted) if "*" in wanted else text == wanted
    one, other = _orderly(_text(value)), _orderly(wanted)
    if isinstance(one, float) and isinstance(other, float):
        return _ordered(one, op, other)
    return _ordered(_text(value), op, wanted)


def _ordered(one: T, op: str, other: T) -> bool:
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[op]


def _orderly(text: str) -> float | str:
    """Read a number or a time, as seconds, from a text; else leave it a text."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return text
