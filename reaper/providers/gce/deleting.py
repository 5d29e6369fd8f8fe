"""Deletions: what must be undone first, the call itself, and who stood in the way."""

from __future__ import annotations

from reaper.providers.gce.answers import CALL_ERRORS, classify
from reaper.providers.gce.kind import Deed, GceKind
from reaper.providers.gce.links import Names
from reaper.providers.gce.operations import named, started
from reaper.providers.protocol import Answer, Reply

_OPERATING = frozenset({"compute", "container"})


def delete(kind: GceKind, deed: Deed, names: Names) -> Answer:
    """Undo what stands before it, delete it, and say what became of it."""
    doing = f"deleting {deed.ref.id}"
    try:
        for step in kind.before:
            ended = step(deed)
            if ended is not None:
                return named(ended, names)
        if kind.delete is not None:
            return named(kind.delete(deed), names)
        answer = deed.api.connection.change(
            "DELETE",
            kind.service,
            deed.api.path(kind, deed.ref.id),
            kind.condition(deed) if kind.condition is not None else None,
        )
    except CALL_ERRORS as error:
        return named(classify(error, doing=doing), names)
    if kind.service not in _OPERATING:
        return Answer(reply=Reply.DONE)
    meant = deed.ref.incarnation if kind.service == "compute" else None
    return named(started(kind.service, deed.api.project, answer, meant=meant, doing=doing), names)
