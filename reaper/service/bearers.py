"""Who asks: bearer tokens, their roles, and how often each may ask."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reaper.ledger import Ledger, Role, Token
from reaper.service.limits import Rate
from reaper.service.problems import Problem

KNOWN_FOR_S = 5.0  # so soon a revoked token is refused
_MOST_KNOWN = 1000
_GUESSES_PER_SECOND = 5

_ALLOWED: Mapping[Role, frozenset[Role]] = {
    Role.FIXTURE: frozenset({Role.FIXTURE}),
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.OPERATOR: frozenset({Role.FIXTURE, Role.VIEWER, Role.OPERATOR}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bearer:
    """Who asks, by a good token."""

    token: Token

    @property
    def name(self) -> str:
        """What the history calls them."""
        return f"token {self.token.name}"

    def may(self, role: Role) -> bool:
        """Whether the token allows what a role may do."""
        return role in _ALLOWED[self.token.role]


class Bearers:
    """Knows bearers by their tokens; a token is looked up anew every few seconds."""

    def __init__(
        self, ledger: Ledger, elapsed: Callable[[], float], *, requests_per_second: int
    ) -> None:
        self._ledger = ledger
        self._elapsed = elapsed
        self._rate = Rate(requests_per_second, elapsed)
        self._guesses = Rate(_GUESSES_PER_SECOND, elapsed)
        self._known: OrderedDict[str, tuple[float, Token]] = OrderedDict()
        self._turn = threading.Lock()

    def known(self, authorization: str | None) -> Bearer | None:
        """Tell who asks, without asking the ledger; None where that takes a look-up.

        Raises:
            Problem: They ask too often.
        """
        text = _text(authorization)
        with self._turn:
            looked, token = self._known.get(text or "", (-math.inf, None))
        if token is None or self._elapsed() - looked >= KNOWN_FOR_S:
            return None
        return self._counted(token)

    def bearer(self, authorization: str | None, address: str) -> Bearer:
        """Tell who asks.

        Raises:
            Problem: It is nobody whom we know, or they ask too often.
            LedgerError: Whether the token is good cannot be told.
        """
        text = _text(authorization)
        if text is None:
            raise _unauthenticated("send the header «Authorization: Bearer TOKEN»", None)
        return self._counted(self._token(text, address))

    def _counted(self, token: Token) -> Bearer:
        wait = self._rate.take(token.id)
        if wait is not None:
            raise _too_many(wait)
        return Bearer(token=token)

    def _token(self, text: str, address: str) -> Token:
        now = self._elapsed()
        found = self._ledger.token(text)
        refused = (
            "no such token is known here" if found is None else found.refused(self._ledger.now())
        )
        if found is None or refused is not None:
            with self._turn:
                self._known.pop(text, None)
            wait = self._guesses.take(address)
            if wait is not None:
                raise _too_many(wait)
            raise _unauthenticated(refused or "", "invalid_token")
        with self._turn:
            self._known[text] = (now, found)
            self._known.move_to_end(text)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return found


def _text(authorization: str | None) -> str | None:
    scheme, _, text = (authorization or "").partition(" ")
    return text.strip() or None if scheme.lower() == "bearer" else None


def _unauthenticated(detail: str, error: str | None) -> Problem:
    challenge = "Bearer" + (f' error="{error}"' if error else "")
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": challenge})


def _too_many(wait_s: float) -> Problem:
    seconds = max(1, math.ceil(wait_s))
    return Problem(
        429,
        "too-many",
        f"this is more than is taken; try again in {seconds} s",
        headers={"Retry-After": str(seconds)},
    )
