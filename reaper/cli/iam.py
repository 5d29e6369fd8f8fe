"""`reaper iam`: what reaper must be allowed, in the words of the cloud."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from reaper.cli import failures, options

if TYPE_CHECKING:
    from reaper.providers.protocol import Permissions


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(iam)


def iam(
    provider: Annotated[
        str,
        typer.Argument(
            metavar="PROVIDER", help="Such as `aws`.", autocompletion=options.complete_provider
        ),
    ],
    *,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only what `ls`, `plan` and `explain` need.")
    ] = False,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="Also let `reaper doctor` ask the cloud what is allowed."),
    ] = False,
    part: Annotated[
        int | None,
        typer.Option(
            "--part", metavar="N", min=1, help="Of a policy too large for one: this document."
        ),
    ] = None,
    kind: options.Kinds = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Print the least-privilege policy for the enabled kinds; nothing is asked of the cloud.

    It is in the cloud's own form, to be attached to the user or role that reaper acts as: a JSON
    policy for AWS, the YAML of a custom role for Google Cloud, the JSON of one for Azure and of a
    policy for OCI. Where the cloud can, a deletion is allowed only of what bears a run's tag of
    this realm.

    A policy that is larger than the cloud takes is divided: --part prints one of its documents,
    each of which is attached by itself, and --json prints all of them in one list.
    """
    from reaper.cli.report import SCHEMA  # noqa: PLC0415 - `--help` needs no report
    from reaper.cli.session import configuration  # noqa: PLC0415 - as above
    from reaper.providers.opening import permissions  # noqa: PLC0415 - as above

    found = permissions(
        provider,
        configuration(config),
        kinds=frozenset(kind or ()),
        read_only=read_only,
        simulate=simulate,
    )
    if as_json:
        content = {
            "schema": SCHEMA,
            "provider": provider,
            "policies": list(found.documents),
            "unconditioned": [
                {"action": action, "reason": why} for action, why in found.unconditioned.items()
            ],
        }
        failures.write(json.dumps(content, indent=2, ensure_ascii=False))
        return
    from reaper.sweep.site import sentence  # noqa: PLC0415 - as above

    failures.write(_written(_document(found, part), found.syntax))
    if found.unconditioned:
        failures.say(
            f"not conditioned on tags: {sentence(tuple(found.unconditioned))}; {found.remedy} "
            "(--json tells all, and why)"
        )


def _written(document: object, syntax: str) -> str:
    if syntax == "yaml":
        import yaml  # noqa: PLC0415 - as above

        return str(yaml.safe_dump(document, sort_keys=False)).rstrip()
    return json.dumps(document, indent=2, ensure_ascii=False)


def _document(found: Permissions, part: int | None) -> object:
    from reaper.errors import UsageError  # noqa: PLC0415 - as above

    count = len(found.documents)
    if part is None and count > 1:
        raise UsageError(
            f"the policy is larger than one may be, or for several places, so it has {count} "
            f"parts: print each with --part 1 to --part {count}, and attach all of them"
        )
    number = part or 1
    if number > count:
        raise UsageError(f"--part {number}: the policy has {count} part{'s' if count > 1 else ''}")
    return found.documents[number - 1]
