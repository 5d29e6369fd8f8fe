"""Pages of a list, and the tokens that lead to the next one and do not last."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class BadToken(Exception):
    """It is no token, not one of this list, or it has expired."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """One page; `token` leads to the next one, None: there is none."""

    items: tuple[T, ...]
    token: str | None


def page(
    items: Sequence[T],
    *,
    key: Callable[[T], str],
    size: int,
    token: str | None,
    query: str,
    now: float,
    lasts_s: float,
) -> Page[T]:
    """Cut a page from a list that is sorted by `key`: what comes and goes shifts nothing.

    `token` is from the page before, None or empty for the first one. It lasts so long by `now`, and
    is good only for the same `query`: what the list is asked for.

    Raises:
        BadToken: See there.
    """
    rest = items
    if token:
        after = _read(token, query, now - lasts_s)
        rest = [each for each in items if key(each) > after]
    shown = tuple(rest[:size])
    more = len(rest) > size
    return Page(items=shown, token=_write(key(shown[-1]), query, now) if shown and more else None)


def _write(after: str, query: str, now: float) -> str:
    text = json.dumps({"after": after, "query": query, "at": now})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(token: str, query: str, not_before: float) -> str:
    try:
        held = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        after, asked, at = str(held["after"]), held["query"], float(held["at"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise BadToken from error
    if asked != query or at < not_before:
        raise BadToken
    return after
