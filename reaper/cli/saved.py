"""Plans in files: written by `reaper plan -o`, carried out by `reaper apply` if nobody edited them.

The file is the JSON that lists of resources have, and more: `plans`, what of each cell is approved
by applying it, and `digest`, over everything else in the file. The digest of what is approved
stands in the ledger too, so that a file whose own digest was made to fit is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reaper.cli.report import SCHEMA, document, entries
from reaper.errors import InvalidRef, PlanRejected
from reaper.ledger import Ledger, identity
from reaper.model import Decision, Gap, Plan, Ref
from reaper.plan import digest, digest_of, plan_id, reviewed


@dataclass(frozen=True, kw_only=True, slots=True)
class Approved:
    """What a saved plan approves.

    Attributes:
        keys: The `key#incarnation` of what may go.
        cells: The cells that it is about.
        full: It was made by a full scan, so it is to be carried out by one.
    """

    keys: frozenset[str]
    cells: frozenset[str]
    full: bool


def save(
    path: Path, plans: Sequence[Plan], gaps: Sequence[Gap], ledger: Ledger, *, full: bool
) -> None:
    """Write plans to a file, and what they approve to the ledger."""
    parts = [_part(plan) for plan in plans]
    content = document(entries(plans), gaps) | {"full": full, "plans": parts}
    for plan, part in zip(plans, parts, strict=True):
        ledger.save_plan(part["id"], part["digest"], str(plan.cell), _canonical(part))
    text = json.dumps(content | {"digest": digest_of_file(content)}, indent=2, ensure_ascii=False)
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise PlanRejected(f"{path}: it cannot be written ({error.strerror})") from error


def approved(path: Path, ledger: Ledger) -> Approved:
    """Read what a file approves.

    Raises:
        PlanRejected: It is no plan, was edited, or is none that this ledger knows.
    """
    content = _read(path)
    claimed = content.pop("digest", None)
    if claimed != digest_of_file(content):
        raise PlanRejected(
            f"{path}: it was edited after it was saved (its digest does not fit); make a new one "
            f"with `reaper plan -o {path}`"
        )
    try:
        parts = [_Part.read(part) for part in content["plans"]]
        full = bool(content["full"])
    except (KeyError, TypeError, ValueError, InvalidRef) as error:
        raise PlanRejected(f"{path}: it is no plan that reaper saved ({error})") from error
    for part in parts:
        if digest_of(part.content) != part.digest or ledger.plan(part.digest) is None:
            raise PlanRejected(
                f"{path}: this ledger did not save the plan {part.digest[:12]}; make a new one "
                f"with `reaper plan -o {path}`"
            )
    return Approved(
        keys=frozenset(key for part in parts for key in part.keys),
        cells=frozenset(part.cell for part in parts),
        full=full,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """What stands in a file about one cell."""

    content: Any
    digest: str
    cell: str
    keys: frozenset[str]

    @classmethod
    def read(cls, part: Mapping[str, Any]) -> _Part:
        provider, scope, items = part["reviewed"]
        return cls(
            content=part["reviewed"],
            digest=part["digest"],
            cell=f"{provider}/{scope}",
            keys=frozenset(
                identity(replace(Ref.parse(key), incarnation=incarnation))
                for key, incarnation, _run, decision, _rule, _wave in items
                if decision == Decision.REAP.value
            ),
        )


def _part(plan: Plan) -> dict[str, Any]:
    return {"id": plan_id(plan), "digest": digest(plan), "reviewed": reviewed(plan)}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanRejected(f"{path}: it cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise PlanRejected(f"{path}: it is no JSON ({error})") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise PlanRejected(f"{path}: it is no plan of schema {SCHEMA}: `reaper plan -o` writes one")
    return content


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest_of_file(content: object) -> str:
    """The digest of a plan file, of everything in it but the digest."""
    return hashlib.sha256(_canonical(content).encode()).hexdigest()
