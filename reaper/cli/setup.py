"""Commands for whoever sets reaper up: init and doctor."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from reaper.cli import failures, options

_FILE = Path("reaper.yaml")
# The key of a place that says which one it is.
_NAMED_BY = {"docker": "host", "aws": "account", "gce": "project"}


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (init, doctor):
        app.command()(command)


def init(
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite ./reaper.yaml.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Write ./reaper.yaml from the engines and credentials found here."""
    from reaper.config import load
    from reaper.errors import ConfigurationError, UsageError
    from reaper.providers.opening import discover

    if _FILE.exists() and not force:
        raise UsageError(f"./{_FILE} is there already: --force overwrites it")
    found = discover()
    text = _starting_configuration(found)
    try:
        _FILE.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"./{_FILE} cannot be written: {error.strerror}") from error
    try:
        load(_FILE, {})
    except ConfigurationError:
        _FILE.unlink()
        raise
    for provider, addresses in found.items():
        for address in addresses:
            failures.say(f"found {provider} at {address}")
    if not any(found.values()):
        failures.say("no engine answers here, so no place stands in it: add one by hand")
    if as_json:
        content = {"schema": 1, "written": str(_FILE), "found": found}
        failures.write(json.dumps(content, indent=2, ensure_ascii=False))
        return
    failures.write(f"wrote ./{_FILE}; `reaper doctor` checks it, `reaper plan` deletes nothing")


def doctor(
    *,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept", metavar="ID", help="This is what a place is from now on; repeatable."
        ),
    ] = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    provider: options.Providers = None,
) -> None:
    """Check that places and ledger are reachable and right."""
    from reaper.cli import diagnosis
    from reaper.cli.session import opened

    narrowed = options.narrowed(provider, None, None, None, full=False)
    with opened(config, narrowed, read_only=True, nowhere=True) as session:
        findings = diagnosis.examine(session, accepted=frozenset(accept or ()))
    if as_json:
        content = diagnosis.as_document(findings)
        failures.write(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        failures.write(diagnosis.as_text(findings))
    raise typer.Exit(diagnosis.code(findings))


def _starting_configuration(found: dict[str, list[str]]) -> str:
    lines = [
        "# Written by `reaper init`. Nothing is deleted by looking: `reaper plan` shows what would",
        "# go, and only `reaper sweep` deletes. Every key is explained in the documented example,",
        "# and `reaper config check` reads this file.",
        "realm: default           # whose runs these are; another team takes another name",
        "policy:",
        "  grace: 15m             # nothing younger, and of no run over for less, is touched",
        "providers:               # where reaper looks, and nowhere else",
    ]
    if not any(found.values()):
        lines[-1] = "providers: {}            # where reaper looks, and nowhere else"
    for provider, addresses in found.items():
        if addresses:
            lines.append(f"  {provider}:")
            key = _NAMED_BY[provider]
            lines.extend(f"    - {key}: {json.dumps(address)}" for address in addresses)
    return "\n".join(lines) + "\n"
