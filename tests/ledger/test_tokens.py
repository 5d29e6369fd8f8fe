"""Tokens of the HTTP API: told once, kept as a hash, good until they are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reaper.errors import UsageError
from reaper.ledger import Ledger, Role
from reaper.ledger.tokens import hash_of
from tests.ledger.conftest import ManualClock

HOUR = timedelta(hours=1)


def test_a_token_is_known_by_its_text(ledger: Ledger) -> None:
    made, text = ledger.add_token("ci", Role.FIXTURE, by="ada")

    found = ledger.token(text)

    assert found == made
    assert found.refused(ledger.now()) is None


def test_the_text_is_kept_nowhere(ledger: Ledger) -> None:
    made, text = ledger.add_token("ci", Role.FIXTURE, by="ada")

    assert made.hashed == hash_of(text)
    assert text.removeprefix(f"reaper_{made.id}_") not in str(ledger.tokens())


@pytest.mark.parametrize("change", ["", "x", "reaper_", "reaper_0123456789_abc", "été_a_b"])
def test_another_text_is_nobodys(ledger: Ledger, change: str) -> None:
    ledger.add_token("ci", Role.FIXTURE, by="ada")

    assert ledger.token(change) is None


def test_the_id_alone_opens_nothing(ledger: Ledger) -> None:
    made, text = ledger.add_token("ci", Role.FIXTURE, by="ada")

    assert ledger.token(text[:-1] + ("a" if text[-1] != "a" else "b")) is None
    assert ledger.token(f"reaper_{made.id}_") is None


def test_a_token_expires(ledger: Ledger, clock: ManualClock) -> None:
    _, text = ledger.add_token("ci", Role.VIEWER, by="ada", lasts=HOUR)

    clock.forward(HOUR)

    found = ledger.token(text)
    assert found is not None
    assert found.refused(ledger.now()) == "the token has expired"


@pytest.mark.parametrize("by_name", [True, False])
def test_a_revoked_token_is_refused(ledger: Ledger, *, by_name: bool) -> None:
    made, text = ledger.add_token("ci", Role.OPERATOR, by="ada")

    ledger.revoke_token("ci" if by_name else made.id, by="bob")
    ledger.revoke_token(made.id, by="bob")

    found = ledger.token(text)
    assert found is not None
    assert found.refused(ledger.now()) == "the token was revoked"
    assert [event.by for event in ledger.events() if event.kind == "token"] == ["ada", "bob"]


def test_what_is_not_there_cannot_be_revoked(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="no token 'ci'"):
        ledger.revoke_token("ci", by="bob")


def test_a_name_is_free_again_once_its_token_is_no_good(ledger: Ledger) -> None:
    ledger.add_token("ci", Role.FIXTURE, by="ada")
    with pytest.raises(UsageError, match="already"):
        ledger.add_token("ci", Role.FIXTURE, by="ada")

    ledger.revoke_token("ci", by="ada")
    again, _ = ledger.add_token("ci", Role.FIXTURE, by="ada")

    assert again.revoked is None
    assert len(ledger.tokens()) == 2
