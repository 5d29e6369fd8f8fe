"""What reaper talks about: runs, resources, verdicts, plans and outcomes, as frozen data.

Behaviour lives elsewhere, as functions over these. Times are aware and in UTC.
"""

from reaper.model.decision import (
    FOREVER,
    Basis,
    Claim,
    Decision,
    Item,
    Judged,
    Mark,
    Outcome,
    Plan,
    Rule,
    Status,
    Verdict,
)
from reaper.model.ref import SCOPE_PARTS, Ref
from reaper.model.resource import Backoff, Cell, Edge, Gap, Kind, Relation, Resource, Scan
from reaper.model.run import (
    Beats,
    Ending,
    JournalEntry,
    Lease,
    Phase,
    Run,
    RunState,
    Unavailable,
    Unknown,
)

__all__ = [
    "FOREVER",
    "SCOPE_PARTS",
    "Backoff",
    "Basis",
    "Beats",
    "Cell",
    "Claim",
    "Decision",
    "Edge",
    "Ending",
    "Gap",
    "Item",
    "JournalEntry",
    "Judged",
    "Kind",
    "Lease",
    "Mark",
    "Outcome",
    "Phase",
    "Plan",
    "Ref",
    "Relation",
    "Resource",
    "Rule",
    "Run",
    "RunState",
    "Scan",
    "Status",
    "Unavailable",
    "Unknown",
    "Verdict",
]
