"""Deletions: what must be undone first, the call on the condition of the etag, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reaper.providers.oci.answers import CALL_ERRORS, OciError, absent, classify
from reaper.providers.oci.blockers import users
from reaper.providers.oci.kind import Deed, OciKind
from reaper.providers.oci.reach import Reach
from reaper.providers.oci.services import WORK
from reaper.providers.protocol import Answer, Reply

_PRECONDITION_FAILED = 412
_CHANGED = "it was changed since the last look"


def delete(kind: OciKind, deed: Deed) -> Answer:
    """Undo what stands before it, delete it, and say what became of it."""
    doing = f"deleting {deed.ref.id}"
    if kind.conditional and deed.etag is None:
        return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {deed.ref.id} has no etag")
    try:
        if kind.before and (changed := _changed(kind, deed)) is not None:
            return changed
        for step in kind.before:
            ended = step(deed)
            if ended is not None:
                return named(deed.reach, ended)
        if kind.deletion is not None:
            return named(deed.reach, kind.deletion(deed))
        if not kind.delete:
            return Answer(reply=Reply.IN_USE, detail="it goes only with what it is part of")
        return _sent(kind, deed)
    except CALL_ERRORS as error:
        return named(deed.reach, told(kind, deed, error, doing=doing))


def _changed(kind: OciKind, deed: Deed) -> Answer | None:
    """Say that it was changed since the last look: only the deletion itself is held to its etag."""
    _, etag = deed.reach.get(kind, deed.ref.id)
    if etag == deed.etag:
        return None
    detail = f"deleting {deed.ref.id}: {_CHANGED}"
    return Answer(reply=Reply.IN_USE, detail=f"nothing was sent: {detail}")


def _sent(kind: OciKind, deed: Deed) -> Answer:
    reach, ref = deed.reach, deed.ref
    arguments: dict[str, Any] = {kind.own: ref.id, **condition(kind, deed)}
    if not kind.noun:
        arguments["namespace_name"] = reach.namespace()
    options: Mapping[str, Any] = {} if kind.options is None else kind.options(deed)
    answer = reach.connection.change(
        kind.client, reach.region, kind.delete, at=reach.at(kind, ref.id), **arguments, **options
    )
    if answer.work is not None and kind.client in WORK:
        handle = f"{kind.client} {reach.region} {answer.work}"
        return Answer(reply=Reply.STARTED, handle=handle)
    return Answer(reply=Reply.STARTED if kind.going else Reply.DONE)


def condition(kind: OciKind, deed: Deed) -> dict[str, Any]:
    """Let OCI refuse if it was changed since the last look."""
    return {"if_match": deed.etag} if kind.conditional else {}


def told(kind: OciKind, deed: Deed, error: Exception, *, doing: str) -> Answer:
    """Read what became of a deletion: a 404 is a missing permission, if the thing is there."""
    answer = classify(error, doing=doing)
    if isinstance(error, OciError) and error.status == _PRECONDITION_FAILED:
        return replace(answer, detail=f"{doing}: {_CHANGED}")
    if answer.reply is Reply.IN_USE and not answer.blockers:
        blockers = users(kind, deed)
        used = f" (it is used by {', '.join(blockers)})" if blockers else ""
        return replace(answer, detail=f"{answer.detail}{used}", blockers=blockers)
    if not absent(error):
        return answer
    try:
        deed.reach.get(kind, deed.ref.id)
    except CALL_ERRORS as gone:
        if absent(gone):
            return Answer(reply=Reply.ABSENT, detail=answer.detail)
        return Answer(reply=Reply.UNCERTAIN, detail=answer.detail)
    why = "OCI says so where the permission is missing, too, and it is there"
    return replace(answer, detail=f"{answer.detail} ({why})")


def named(reach: Reach, answer: Answer) -> Answer:
    """Call those in the way as the rest of reaper does, where they are known."""
    if not answer.blockers:
        return answer
    return replace(answer, blockers=tuple(_named(reach, each) for each in answer.blockers))


def _named(reach: Reach, ocid: str) -> str:
    noun = ocid.split(".")[1] if ocid.startswith("ocid1.") else ""
    kind = next((each for each in reach.kinds.values() if each.noun == noun), None)
    compartment = reach.whereabouts.of(ocid)
    if kind is None or compartment is None:
        return ocid
    return str(reach.ref(kind.name, compartment, ocid))
