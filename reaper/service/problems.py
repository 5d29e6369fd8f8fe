"""Errors as RFC 9457 problem details, each kind of problem with one name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from reaper.errors import (
    InvalidRef,
    InvalidRunId,
    LedgerError,
    PlanRejected,
    ReaperError,
    ResolutionRefused,
    RunEnded,
    RunExists,
    RunUnknown,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"

# The first that fits; what each means stands in docs/api.md.
_OF_ERRORS: tuple[tuple[type[ReaperError], int, str], ...] = (
    (RunEnded, 410, "run-ended"),
    (RunUnknown, 404, "run-unknown"),
    (RunExists, 409, "run-exists"),
    (PlanRejected, 404, "plan-unknown"),
    (ResolutionRefused, 409, "resolution-refused"),
    (InvalidRunId, 422, "invalid"),
    (InvalidRef, 422, "invalid"),
    (UsageError, 422, "invalid"),
    (LedgerError, 503, "ledger-away"),
    (ReaperError, 503, "unavailable"),
)

TITLES: Mapping[str, str] = {
    "run-ended": "The run is over",
    "run-unknown": "Nobody registered the run",
    "run-exists": "The run's ID was used before",
    "plan-unknown": "There is no such plan",
    "not-found": "There is nothing here",
    "resolution-refused": "The quarantine cannot be ended in this way",
    "not-quarantined": "The resource is not quarantined",
    "invalid": "The request makes no sense",
    "unauthenticated": "A good token is wanted",
    "forbidden": "The token does not allow this",
    "too-large": "The request is too large",
    "too-many": "Too many requests",
    "ledger-away": "The ledger does not answer",
    "unavailable": "This cannot be told at present",
    "method": "The method is not allowed here",
    "defect": "A defect of reaper",
}


class Problem(Exception):
    """A request that is answered with an error."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def response(self) -> Response:
        """Write it down."""
        content = {
            "type": f"urn:reaper:problem:{self.kind}",
            "title": TITLES[self.kind],
            "status": self.status,
            "detail": self.detail,
        }
        return Response(
            json.dumps(content | self.more, ensure_ascii=False),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def problem_of(error: ReaperError) -> Problem:
    """Turn an error of ours into what the client is told."""
    for kind, status, name in _OF_ERRORS:
        if isinstance(error, kind):
            headers = {"Retry-After": "5"} if status == 503 else {}  # noqa: PLR2004 - HTTP's number
            return Problem(status, name, str(error), headers=headers)
    raise AssertionError  # the last entry fits everything
