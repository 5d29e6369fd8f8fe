"""`reaper token`: who may use the daemon's HTTP API."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from reaper.cli import failures, options
from reaper.cli.people import By

if TYPE_CHECKING:
    from datetime import datetime

    from reaper.ledger import Token

app = typer.Typer(
    help="Who may use the daemon's HTTP API.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


class Allowed(StrEnum):
    """What the bearer of a token may do."""

    FIXTURE = "fixture"  # start runs, and all that concerns them
    VIEWER = "viewer"  # read everything
    OPERATOR = "operator"  # everything


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    *,
    role: Annotated[
        Allowed,
        typer.Option(
            help="fixture: start runs, and all that concerns them; viewer: read; operator: all."
        ),
    ],
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires", metavar="DURATION", help="How long it is good, such as 90d; else for ever."
        ),
    ] = None,
    by: By = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a token and print it. It is told only now: the ledger keeps its hash."""
    from reaper.cli.people import whoever
    from reaper.cli.session import opened_ledger
    from reaper.ledger import Role

    lasts = None if expires is None else options.duration("--expires", expires)
    with opened_ledger(config) as ledger:
        token, text = ledger.add_token(name, Role(role.value), by=by or whoever(), lasts=lasts)
        item = _item(token, ledger.now())
    if as_json:
        _write_json({"token": text} | item)
    else:
        failures.write(text)


@app.command("ls")
def list_tokens(*, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """List the tokens, the oldest first."""
    from reaper.cli.session import opened_ledger

    with opened_ledger(config) as ledger:
        now = ledger.now()
        items = [_item(token, now) for token in ledger.tokens()]
    if as_json:
        _write_json({"items": items})
        return
    for item in items:
        good = item["refused"] or f"good until {item['expires'] or 'it is revoked'}"
        failures.write(f"{item['id']}  {item['role']:<8}  {item['name']}  {good}")


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its ID or its name.")],
    *,
    by: By = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Take a token back; daemons refuse it within seconds."""
    from reaper.cli.people import whoever
    from reaper.cli.session import opened_ledger

    with opened_ledger(config) as ledger:
        revoked = ledger.revoke_token(token, by=by or whoever())
        item = _item(revoked, ledger.now())
    if as_json:
        _write_json(item)
    failures.say(f"the token {revoked.name} ({revoked.id}) is revoked")


def _item(token: Token, now: datetime) -> dict[str, object]:
    from reaper.cli.report import time_text

    return {
        "id": token.id,
        "name": token.name,
        "role": token.role.value,
        "made": time_text(token.made),
        "made_by": token.made_by,
        "expires": time_text(token.expires),
        "revoked": time_text(token.revoked),
        "refused": token.refused(now),
    }


def _write_json(content: dict[str, object]) -> None:
    from reaper.cli.report import SCHEMA

    failures.write(json.dumps({"schema": SCHEMA} | content, indent=2, ensure_ascii=False))
