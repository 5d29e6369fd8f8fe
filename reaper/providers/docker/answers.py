"""What an engine's errors mean: the one place where its codes and sentences are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from docker.errors import APIError, DockerException
from requests.exceptions import ConnectTimeout, RequestException, Timeout
from urllib3.exceptions import NewConnectionError

from reaper.providers.protocol import Answer, Reply

# Everything that a call through docker-py can end in, other than a defect of ours.
CALL_ERRORS = (DockerException, RequestException, OSError, ValueError)

# What a connection that was never made ends in; what was made and broke may have carried the call.
_NOT_CONNECTED = (ConnectionRefusedError, FileNotFoundError, NewConnectionError)

_LONG_ID = re.compile(r"\b[0-9a-f]{64}\b")
_SHORT_USER = re.compile(r"container ([0-9a-f]{12})\b")
_SERVICE_USER = re.compile(r"by (?:the following )?services?:? (.+)")
_NETWORK_GONE = re.compile(r"^network \S+ not found")
_PERMISSION = re.compile(
    r"permission denied|access denied|not authorized|unauthorized|authorization|forbidden",
    re.IGNORECASE,
)
_IN_USE = re.compile(
    r"in use|being used|used by|active endpoints|dependent child|must be forced|cannot be forced",
    re.IGNORECASE,
)


def classify(error: Exception) -> Answer:
    """Read what became of a deletion that ended in this error.

    A call that may have been carried out is UNCERTAIN, never FAILED: it is looked at again, and
    not sent again blindly.
    """
    if isinstance(error, APIError) and error.response is not None:
        status = int(error.response.status_code)
        retry_after = error.response.headers.get("Retry-After", "")
        return classify_status(
            status,
            explain(error),
            absent=says_absent(error),
            retry_after_s=float(retry_after) if retry_after.isdecimal() else None,
        )
    if isinstance(error, ConnectTimeout):
        return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {explain(error)}")
    causes = list(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return Answer(reply=Reply.DENIED, detail=f"nothing was sent: {explain(error)}")
    if any(isinstance(cause, _NOT_CONNECTED) for cause in causes):
        return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {explain(error)}")
    return Answer(
        reply=Reply.UNCERTAIN,
        detail=f"the engine's answer was lost, it may have acted: {explain(error)}",
    )


def classify_status(
    status: int, message: str, *, absent: bool, retry_after_s: float | None = None
) -> Answer:
    """Read a refusal by its HTTP status and sentence."""
    reply = _reply(status, message, absent=absent)
    return Answer(
        reply=reply,
        detail=f"{status}: {message}",
        retry_after_s=retry_after_s if reply is Reply.THROTTLED else None,
        blockers=users_named(message) if reply is Reply.IN_USE else (),
    )


def _reply(status: int, message: str, *, absent: bool) -> Reply:
    # The first that holds. A network with endpoints is a 403, like a missing permission, and one
    # that a swarm's task still has is a 400 or a 500: the sentence decides before the status.
    meanings = (
        (status == HTTPStatus.NOT_FOUND and absent, Reply.ABSENT),
        # The swarm has let go of the network, and this node's copy goes with its last task.
        (
            status >= HTTPStatus.INTERNAL_SERVER_ERROR and _NETWORK_GONE.search(message),
            Reply.STARTED,
        ),
        # A proxy's 404, or that of an engine without the route, tells nothing of the resource.
        (status == HTTPStatus.NOT_FOUND, Reply.FAILED),
        ("not a swarm manager" in message, Reply.FAILED),
        ("already in progress" in message.lower(), Reply.STARTED),
        (status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}, Reply.THROTTLED),
        (status == HTTPStatus.UNAUTHORIZED, Reply.DENIED),
        (_IN_USE.search(message), Reply.IN_USE),
        (status == HTTPStatus.FORBIDDEN, Reply.DENIED),
        (_PERMISSION.search(message), Reply.DENIED),
    )
    return next((reply for holds, reply in meanings if holds), Reply.FAILED)


def users_named(message: str) -> tuple[str, ...]:
    """The containers and services that a refusal names, each once.

    >>> users_named("conflict: image is being used by stopped container 091f85a4db98")
    ('container 091f85a4db98',)
    """
    # Other long IDs than those of a volume's users are the refused thing's own.
    containers = _LONG_ID.findall(message) if "volume is in use" in message else []
    containers += _SHORT_USER.findall(message)
    services = [name for found in _SERVICE_USER.findall(message) for name in found.split(", ")]
    return (
        *(f"container {id_[:12]}" for id_ in dict.fromkeys(containers)),
        *(f"service {name}" for name in dict.fromkeys(services)),
    )


def says_absent(error: APIError) -> bool:
    """Whether this is the engine's own «there is no such thing», and not a missing route."""
    if error.response is None or error.response.status_code != HTTPStatus.NOT_FOUND:
        return False
    try:
        body: Any = error.response.json()
    except ValueError:
        return False
    message = str(body.get("message", "")).lower() if isinstance(body, dict) else ""
    return "page not found" not in message and ("no such" in message or "not found" in message)


def explain(error: Exception) -> str:
    """Say what went wrong, in the engine's own words where it spoke, else in the system's."""
    if isinstance(error, APIError) and error.explanation:
        return str(error.explanation)
    for cause in _causes(error):
        # requests and urllib3 wrap it in the names of their classes and the objects' addresses.
        if isinstance(cause, OSError) and cause.strerror:
            return f"{cause.strerror}: {cause.filename}" if cause.filename else cause.strerror
    if isinstance(error, Timeout):
        return "it timed out"
    return str(error) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    # requests and urllib3 wrap the system's error in arguments as often as in __cause__.
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [arg for arg in current.args if isinstance(arg, BaseException)]
        # Not __context__: that may be an error that our caller is dealing with.
        linked = (current.__cause__, getattr(current, "reason", None))
        waiting += [other for other in linked if isinstance(other, BaseException)]
