"""Deletions: what must be undone first, the call itself, and who stood in the way."""

from __future__ import annotations

from reaper.providers.azure.answers import CALL_ERRORS, classify
from reaper.providers.azure.ids import Names
from reaper.providers.azure.kind import AzureKind, Deed
from reaper.providers.azure.operations import named, started
from reaper.providers.protocol import Answer


def delete(kind: AzureKind, deed: Deed, names: Names) -> Answer:
    """Undo what stands before it, delete it, and say what became of it."""
    doing = f"deleting {deed.ref.id}"
    try:
        for step in kind.before:
            ended = step(deed)
            if ended is not None:
                return named(ended, names)
        if kind.delete is not None:
            return named(kind.delete(deed), names)
        answer = deed.api.delete(deed.ref.id, kind.name, kind.version)
        return named(started(deed.api.connection, answer, doing=doing), names)
    except CALL_ERRORS as error:
        return named(classify(error, doing=doing), names)
