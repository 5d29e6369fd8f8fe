"""Commands for whoever sets reaper up: init and doctor."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reaper.cli import failures, options

if TYPE_CHECKING:
    from reaper.providers.discovery import Discovery, FoundPlace

_FILE = Path("reaper.yaml")


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
    _tell(found)
    if as_json:
        addresses = {name: [it.address for it in each.places] for name, each in found.items()}
        content = {"schema": 1, "written": str(_FILE), "found": addresses}
        failures.write(json.dumps(content, indent=2, ensure_ascii=False))
        return
    failures.write(
        f"wrote ./{_FILE}. What next:\n"
        "  reaper doctor   does each place answer, is it the right one, what may be listed\n"
        "  reaper ls       what bears a run there\n"
        "  reaper plan     what would go, and why; nothing is deleted by looking"
    )


def _tell(found: Mapping[str, Discovery]) -> None:
    """Tell what was found, and what was not and why."""
    for provider, each in found.items():
        for place in each.places:
            about = f", {place.about}" if place.about else ""
            failures.say(f"found {provider} at {place.address}{about}")
        for note in each.notes:
            failures.say(note)
    if not any(each.places for each in found.values()):
        failures.say("nothing answers here, so no place stands in it: add one by hand")


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


def _starting_configuration(found: Mapping[str, Discovery]) -> str:
    lines = [
        "# Written by `reaper init`. Nothing is deleted by looking: `reaper plan` shows what would",
        "# go, and only `reaper sweep` deletes. Every key is explained in the documented example,",
        "# and `reaper config check` reads this file.",
        "realm: default           # whose runs these are; another team takes another name",
        "policy:",
        "  grace: 15m             # nothing younger, and of no run over for less, is touched",
    ]
    if not any(each.places for each in found.values()):
        return "\n".join(
            [*lines, "providers: {}            # where reaper looks, and nowhere else\n"]
        )
    lines.append("providers:               # where reaper looks, and nowhere else")
    for provider, each in found.items():
        if each.places:
            lines.append(f"  {provider}:")
            lines.extend(line for place in each.places for line in _lines(place))
    return "\n".join(lines) + "\n"


def _lines(place: FoundPlace) -> Iterator[str]:
    """Write one place; JSON's text and lists are YAML's too."""
    for number, (key, value) in enumerate(place.place.items()):
        written = json.dumps(value if isinstance(value, str) else list(value))
        remark = f"   # {place.remarks[key]}" if key in place.remarks else ""
        yield f"    {'- ' if number == 0 else '  '}{key}: {written}{remark}"
