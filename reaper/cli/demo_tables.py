"""What `reaper demo` shows besides the tables of `reaper plan` and `reaper sweep`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reaper.cli.render import grid
from reaper.sandbox.demo.proof import Check, Finding
from reaper.sandbox.demo.stage import Stage
from reaper.sandbox.demo.things import Part, Thing


def scene(things: Sequence[Thing]) -> str:
    """Show what there is, and whose; what is alike stands together."""
    rows = [
        (part.value, kind, ", ".join(dict.fromkeys(thing.name for thing in alike)), about)
        for part in Part
        for (kind, about), alike in _alike(thing for thing in things if thing.part is part)
    ]
    return grid(("whose", "kind", "name", "what it is"), rows)


def proof(stage: Stage, findings: Iterable[Finding]) -> str:
    """Show what the stage says of what had to stay; what is alike stands together."""
    names: dict[tuple[str, str, str], list[str]] = {}
    for finding in findings:
        thing = finding.thing
        told = "; ".join(finding.differences) or stage.same(finding.before)
        names.setdefault((thing.part.value, thing.kind, told), []).append(thing.name)
    rows = [
        (part, kind, ", ".join(dict.fromkeys(alike)), told)
        for (part, kind, told), alike in names.items()
    ]
    return grid(("whose", "kind", "name", stage.inspection), rows)


def results(checks: Iterable[Check]) -> str:
    """Show what was held against what has to be."""
    lines: list[str] = []
    for check in checks:
        lines.append(f"{'FAILED' if check.wrong else 'ok':8}{check.claim}")
        lines.extend(f"        - {wrong}" for wrong in check.wrong)
    return "\n".join(lines)


def _alike(things: Iterable[Thing]) -> Iterable[tuple[tuple[str, str], list[Thing]]]:
    ordered = sorted(things, key=lambda thing: thing.kind)  # it leaves the order of what is alike
    groups: dict[tuple[str, str], list[Thing]] = {}
    for thing in ordered:
        groups.setdefault((thing.kind, thing.about), []).append(thing)
    return groups.items()
