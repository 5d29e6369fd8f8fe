"""Azure's long operations: the handle of one, and what became of it.

A handle is the address that Azure gave for asking after it, without its host: of the two that there
are, `Azure-AsyncOperation` tells a status with the error in an answer of 200, and `Location` the
result itself. https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from reaper.providers.azure.answers import (
    CALL_ERRORS,
    ArmError,
    absent,
    explain,
    passing,
    read_error,
    refusal,
)
from reaper.providers.azure.ids import Names
from reaper.providers.azure.session import Connection, Response
from reaper.providers.protocol import Answer, Reply

# How long a step before a deletion is waited for, and how often it is asked after.
_STEP_S = 20.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_ASYNC, _LOCATION = "status", "result"
_FAILED = frozenset({"failed", "canceled", "cancelled"})


def started(connection: Connection, answer: Response, *, doing: str) -> Answer:
    """Read how a call was taken: carried out, nothing to do, or begun."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return Answer(reply=Reply.ABSENT, detail=f"{doing}: there was nothing")
    if answer.status != HTTPStatus.ACCEPTED:
        return Answer(reply=Reply.DONE, detail=doing)
    for header, sort in (("azure-asyncoperation", _ASYNC), ("location", _LOCATION)):
        link = answer.headers.get(header)
        if link and connection.leads_here(link):
            parts = urlsplit(link)
            handle = f"{sort} {parts.path}?{parts.query}"
            return Answer(reply=Reply.STARTED, detail=doing, handle=handle)
    return Answer(reply=Reply.STARTED, detail=doing)


def poll(connection: Connection, handle: str, names: Names) -> Answer:
    """Ask what became of an operation; one that Azure has forgotten tells nothing."""
    return named(_ask(connection, handle), names)


def _ask(connection: Connection, handle: str) -> Answer:
    sort, _, path = handle.partition(" ")
    if sort not in {_ASYNC, _LOCATION} or not path.startswith("/"):
        return Answer(reply=Reply.UNCERTAIN, detail=f"{handle!r} is no operation of Azure's")
    doing = f"operation {urlsplit(path).path.rpartition('/')[2]}"
    try:
        answer = connection.follow(f"{connection.base}{path}")
    except CALL_ERRORS as error:
        result = sort == _LOCATION and isinstance(error, ArmError) and not passing(error)
        if result and isinstance(error, ArmError) and not absent(error) and error.code:
            return _late(refusal(error, doing=doing))
        return Answer(reply=Reply.UNCERTAIN, detail=f"{doing}: {explain(error)}")
    if sort == _LOCATION:
        if answer.status == HTTPStatus.ACCEPTED:
            return Answer(reply=Reply.STARTED, detail=doing, handle=handle)
        return Answer(reply=Reply.DONE, detail=doing)
    return _by_status(answer.body, handle, doing)


def _by_status(told: Mapping[str, Any], handle: str, doing: str) -> Answer:
    status = str(told.get("status") or "").lower()
    if status == "succeeded":
        return Answer(reply=Reply.DONE, detail=doing)
    if status not in _FAILED:
        return Answer(reply=Reply.STARTED, detail=doing, handle=handle)
    if "error" not in told:
        return Answer(reply=Reply.FAILED, detail=f"{doing}: it {status}")
    return _late(refusal(read_error(HTTPStatus.OK, told), doing=doing))


def _late(answer: Answer) -> Answer:
    """A failure that says «not found» is no proof that the thing itself is gone."""
    return replace(answer, reply=Reply.FAILED) if answer.reply is Reply.ABSENT else answer


def settled(connection: Connection, answer: Answer) -> Answer:
    """Wait a little for the operation of a step: most are done in seconds.

    One that takes longer is answered STARTED: the next attempt takes the next step.
    """
    deadline = time.monotonic() + _STEP_S
    pause = _FIRST_PAUSE_S
    while answer.reply is Reply.STARTED and answer.handle and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
        answer = _ask(connection, answer.handle)
    return answer


def named(answer: Answer, names: Names) -> Answer:
    """Call those in the way as the rest of reaper does, where Azure named them."""
    if not answer.blockers:
        return answer
    try:
        refs = [(names.find(link), link) for link in answer.blockers]
    except CALL_ERRORS:  # without the provider list nobody knows what is a part of what
        return answer
    blockers = dict.fromkeys(link if ref is None else str(ref) for ref, link in refs)
    return replace(answer, blockers=tuple(blockers))
