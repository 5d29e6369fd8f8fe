"""What `reaper demo` shows besides the tables of `reaper plan` and `reaper sweep`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reaper.cli.render import grid
from reaper.cli.words import short_id
from reaper.sandbox.demo_docker.proof import Check, Finding
from reaper.sandbox.demo_docker.things import Part, Thing


def scene(things: Sequence[Thing]) -> str:
    """Show what there is on the engine, and whose."""
    rows = [
        (thing.part.value, thing.kind, thing.name, thing.about)
        for part in Part
        for thing in things
        if thing.part is part
    ]
    return grid(("whose", "kind", "name", "what it is"), rows)


def proof(findings: Iterable[Finding]) -> str:
    """Show what the engine says of what had to stay."""
    rows = [
        (
            finding.thing.part.value,
            finding.thing.kind,
            finding.thing.name,
            "; ".join(finding.differences) or _same(finding),
        )
        for finding in findings
    ]
    return grid(("whose", "kind", "name", "docker inspect"), rows)


def results(checks: Iterable[Check]) -> str:
    """Show what was held against what has to be."""
    lines: list[str] = []
    for check in checks:
        lines.append(f"{'FAILED' if check.wrong else 'ok':8}{check.claim}")
        lines.extend(f"        - {wrong}" for wrong in check.wrong)
    return "\n".join(lines)


def _same(finding: Finding) -> str:
    facts = finding.before
    state, started = facts.get("state"), facts.get("started", "")
    if state in {"running", "paused"}:
        return f"the same {short_id(facts['ID'])}, {state} since {started[11:19]}Z"
    if state is not None:
        return f"the same {short_id(facts['ID'])}, {state}"
    return f"the same, of {facts['created'][:19].replace('T', ' ')}"
