"""Deletions: what must be undone first, the call itself, and who stood in the way."""

from __future__ import annotations

from dataclasses import replace

from reaper.model import Relation
from reaper.providers.aws.answers import CALL_ERRORS, classify, tell
from reaper.providers.aws.kind import AwsKind, Deed, fill
from reaper.providers.aws.reading import Reader
from reaper.providers.protocol import Answer, Reply


def delete(kind: AwsKind, deed: Deed, reader: Reader) -> Answer:
    """Undo what stands before it, delete it, and say what became of it."""
    doing = deed.api.describe(kind.service, kind.delete)
    try:
        for step in kind.before:
            ended = step(deed)
            if ended is not None:
                return ended
        answer = deed.api.change(
            kind.delete.service or kind.service,
            kind.delete.operation,
            **fill(
                kind.delete.arguments,
                id=deed.ref.id,
                ids=[deed.ref.id],
                arn=deed.arn,
                item=deed.item,
                region=deed.api.region,
            ),
        )
    except CALL_ERRORS as error:
        refused = classify(error, gone=kind.gone, doing=doing)
        return _named(kind, deed, reader, refused) if refused.reply is Reply.IN_USE else refused
    if kind.answer is not None:
        return kind.answer(answer)
    return Answer(reply=Reply.STARTED if kind.slow else Reply.DONE)


def _named(kind: AwsKind, deed: Deed, reader: Reader, refused: Answer) -> Answer:
    """Find out who is in the way of a deletion that AWS refused without saying for whom."""
    named: list[str] = []
    for users in kind.blockers:
        try:
            found = reader.users(kind, users, {deed.ref.id: deed.item})
        except CALL_ERRORS as error:
            return replace(
                refused, detail=f"{refused.detail}; who uses it cannot be told: {tell(error)}"
            )
        named += [str(edge.other) for _, edge in found if edge.relation is Relation.USED_BY]
    return replace(refused, blockers=tuple(dict.fromkeys(named)))
