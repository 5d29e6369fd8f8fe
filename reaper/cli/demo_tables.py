"""What `reaper demo` shows besides the tables of `reaper plan` and `reaper sweep`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from reaper.cli.render import grid
from reaper.sandbox.demo.checks import Check, Proof
from reaper.sandbox.demo.parts import Part, Thing

# More things than that are counted by service.
_LISTED = 40
# `aws:ec2:instance`, `azure:microsoft.compute/disks`
_DIVIDED = re.compile("[:/]")


def scene(things: Sequence[Thing]) -> str:
    """Show what there is, and whose."""
    if len(things) > _LISTED:
        return _counted(things)
    rows = [
        (thing.part.value, thing.kind, thing.name, thing.about)
        for part in Part
        for thing in things
        if thing.part is part
    ]
    return grid(("whose", "kind", "name", "what it is"), rows)


def proof(shown: Proof, asked: str) -> str:
    """Show what the place says of what had to stay."""
    rows = [(thing.part.value, thing.kind, thing.name, told) for thing, told in shown.told]
    return grid(("whose", "kind", "name", asked), rows)


def results(checks: Iterable[Check]) -> str:
    """Show what was held against what has to be."""
    lines: list[str] = []
    for check in checks:
        lines.append(f"{'FAILED' if check.wrong else 'ok':8}{check.claim}")
        lines.extend(f"        - {wrong}" for wrong in check.wrong)
    return "\n".join(lines)


def _counted(things: Sequence[Thing]) -> str:
    rows = []
    for part in Part:
        services: dict[str, Counter[str]] = {}
        for thing in things:
            if thing.part is part:
                _, service, noun = _DIVIDED.split(thing.kind, maxsplit=2)
                services.setdefault(service, Counter())[noun] += 1
        rows += [
            (part.value, service, ", ".join(f"{n} {noun}" for noun, n in nouns.items()))
            for service, nouns in services.items()
        ]
    return grid(("whose", "service", "what there is"), rows)
