"""Who may use the HTTP API: tokens, kept without their secrets."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, or_, select, update

from reaper.errors import UsageError
from reaper.ledger.database import Part
from reaper.ledger.events import write_event
from reaper.ledger.records import Role, Token
from reaper.ledger.schema import tokens

_PREFIX = "reaper"
_ID_BYTES = 5
_SECRET_BYTES = 32  # beyond all guessing, so that a plain hash keeps it


class Tokens(Part):
    """The tokens."""

    def add_token(
        self, name: str, role: Role, *, by: str, lasts: timedelta | None = None
    ) -> tuple[Token, str]:
        """Make a token; the text, which is told only now, and what the ledger keeps of it.

        Args:
            name: What people call it.
            role: What its bearer may do.
            by: Who makes it.
            lasts: How long it is good; None: until it is revoked.

        Raises:
            UsageError: Another token that is still good has the name.
        """
        token_id = secrets.token_hex(_ID_BYTES)
        text = f"{_PREFIX}_{token_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        with self._database.writing() as connection:
            now = self._database.now(connection)
            known = connection.execute(select(tokens).where(tokens.c.name == name))
            if any(_token_of(row).refused(now) is None for row in known):
                raise UsageError(
                    f"there is a token {name!r} already: revoke it, or take another name"
                )
            token = Token(
                id=token_id,
                name=name,
                role=role,
                hashed=hash_of(text),
                made=now,
                made_by=by,
                expires=None if lasts is None else now + lasts,
            )
            connection.execute(insert(tokens), _values(token))
            write_event(connection, now, "token", detail=f"{name} ({role.value}) was made", by=by)
        return token, text

    def token(self, text: str) -> Token | None:
        """Look up who bears a token; None where the ledger has none such. It may be refused."""
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != _PREFIX:  # noqa: PLR2004 - prefix, ID and secret
            return None
        with self._database.reading() as connection:
            row = connection.execute(select(tokens).where(tokens.c.id == parts[1])).one_or_none()
        if row is None or not secrets.compare_digest(row.hashed, hash_of(text)):
            return None
        return _token_of(row)

    def tokens(self) -> list[Token]:
        """List all tokens, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(tokens).order_by(tokens.c.made, tokens.c.id))
            return [_token_of(row) for row in rows]

    def revoke_token(self, id_or_name: str, *, by: str) -> Token:
        """Take a token back; one that was is told as it is.

        Raises:
            UsageError: There is none such.
        """
        wanted: ColumnElement[bool] = or_(tokens.c.id == id_or_name, tokens.c.name == id_or_name)
        with self._database.writing() as connection:
            now = self._database.now(connection)
            statement = select(tokens).where(wanted).order_by(tokens.c.made.desc())
            row = next(iter(connection.execute(statement.with_for_update())), None)
            if row is None:
                raise UsageError(f"there is no token {id_or_name!r}: `reaper token ls` lists them")
            token = _token_of(row)
            if token.revoked is not None:
                return token
            connection.execute(update(tokens).where(tokens.c.id == token.id).values(revoked=now))
            write_event(connection, now, "token", detail=f"{token.name} was revoked", by=by)
            return _token_of(row, revoked=now)


def hash_of(text: str) -> str:
    """What the ledger keeps of a token's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _values(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "hashed": token.hashed,
        "made": token.made,
        "made_by": token.made_by,
        "expires": token.expires,
        "revoked": token.revoked,
    }


def _token_of(row: Row[Any], *, revoked: datetime | None = None) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        role=row.role,
        hashed=row.hashed,
        made=row.made,
        made_by=row.made_by,
        expires=row.expires,
        revoked=revoked or row.revoked,
    )
