"""The registry of runs over HTTP, as a client asks it; docs/api.md has the other side.

Only the standard library, loaded when a service is asked: a test's process pays for it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from reaper.errors import (
    RegistryRefused,
    RegistryUnreachable,
    RequestRefused,
    RunEnded,
    RunExists,
    RunUnknown,
    UsageError,
)
from reaper.model import Beats, Ending, JournalEntry, Lease, Phase, Ref, Run

URL_VARIABLE = "REAPER_URL"
TOKEN_VARIABLE = "REAPER_TOKEN"  # noqa: S105 - the variable's name

_TIMEOUT_S = 10.0
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 4.0
_BUSY = frozenset({408, 429})
_SERVER = 500
_LINE = 1000  # the service takes no longer texts
_MOST_ANSWERED = 64 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    content: Mapping[str, Any]
    retry_after_s: float | None = None

    @property
    def detail(self) -> str:
        """Its own sentence, where it is an error."""
        return str(self.content.get("detail") or f"it answered {self.status}")

    @property
    def problem(self) -> str:
        """The name of the problem."""
        return str(self.content.get("type") or "").rpartition(":")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A registry of runs over HTTP. It holds no connection: a beat each half a minute needs none.

    Every method raises `RegistryUnreachable` where it did not answer, also after retries, and
    `RegistryRefused` where it takes the token or the request for wrong.

    Attributes:
        patience_s: For how long a request is tried again.
    """

    url: str
    token: str = field(repr=False)
    patience_s: float = 10.0

    def start(self, run: Run, request: str) -> Run:
        """Register a run that begins now; the run as the service has it.

        Raises:
            RunExists: An ID is never started twice.
        """
        body = {
            "id": run.id,
            "realm": run.realm,
            "lease_s": run.lease.length.total_seconds(),
            "max_s": (run.expires - run.started).total_seconds(),
            "promised": run.promised,
            "owner": _line(run.owner),
            "origin": _line(run.origin),
            "host": _line(run.host),
            "request": request,
        }
        return run_of(self._ask("POST", "/v1/runs", body))

    def join(self, run_id: str) -> Run:
        """Take part in a run.

        Raises:
            RunEnded: It is over.
            RunUnknown: The service does not know it, or not as this token's.
        """
        return run_of(self._ask("POST", f"/v1/runs/{quote(run_id)}/join"))

    def beat(self, run_id: str, *, patience_s: float = 0.0) -> Run:
        """Renew a run's lease; once, where no patience is given, for the next beat comes soon.

        Raises:
            RunEnded: It is over.
            RunUnknown: The service does not know it, or not as this token's.
        """
        path = f"/v1/runs/{quote(run_id)}/beat"
        return run_of(self._ask("POST", path, patience_s=patience_s))

    def finish(self, run_id: str, *, clean: bool = False) -> Run:
        """End a run; with `clean`, the daemon removes what it left at once.

        Raises:
            RunUnknown: The service does not know it, or not as this token's.
        """
        return run_of(self._ask("POST", f"/v1/runs/{quote(run_id)}/finish", {"clean": clean}))

    def send_entries(self, run_id: str, entries: Sequence[JournalEntry]) -> None:
        """Send a batch of a run's journal; to send it again changes nothing.

        Raises:
            RunUnknown: The service does not know the run, or not as this token's.
        """
        body = {"entries": [_entry(entry) for entry in entries]}
        self._ask("POST", f"/v1/runs/{quote(run_id)}/journal", body, patience_s=0.0)

    def show(self, run_id: str) -> Run:
        """Look up a run.

        Raises:
            RunUnknown: The service does not know it, or not as this token's.
        """
        return run_of(self._ask("GET", f"/v1/runs/{quote(run_id)}"))

    def runs(self) -> list[Run]:
        """List the runs that this token may see."""
        return [run_of(item) for item in self._ask("GET", "/v1/runs")["items"]]

    def journal(self, run_id: str) -> list[Mapping[str, Any]]:
        """Read a run's journal, as `GET /v1/runs/{id}/journal` tells it."""
        return list(self._ask("GET", f"/v1/runs/{quote(run_id)}/journal")["items"])

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        patience_s: float | None = None,
    ) -> Mapping[str, Any]:
        patience_s = self.patience_s if patience_s is None else patience_s
        deadline = time.monotonic() + patience_s
        pause_s = _FIRST_PAUSE_S
        while True:
            wait_s = pause_s
            try:
                answer = self._once(method, path, body)
                if answer.status < _SERVER and answer.status not in _BUSY:
                    return _content(answer, self.url)
                problem = answer.detail
                wait_s = max(pause_s, answer.retry_after_s or 0.0)
            except OSError as error:
                problem = str(error) or type(error).__name__
            if time.monotonic() + wait_s > deadline:
                raise RegistryUnreachable(
                    f"the registry of runs at {self.url} does not answer: {problem}"
                )
            time.sleep(wait_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        import urllib.error  # noqa: PLC0415 - as the module says
        import urllib.request  # noqa: PLC0415
        from http.client import HTTPException  # noqa: PLC0415

        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            f"{self.url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "reaper",
            },
        )
        opener = urllib.request.build_opener(_no_redirects())
        try:
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                return _answer(answer.status, answer.read(_MOST_ANSWERED), None)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(
                    error.code, error.read(_MOST_ANSWERED), error.headers.get("Retry-After")
                )
        except HTTPException as error:
            raise OSError(f"it answered with no HTTP: {type(error).__name__}") from error


def configured_service(env: Mapping[str, str] | None = None) -> Service | None:
    """Give the service that REAPER_URL names; None where it names none.

    Raises:
        UsageError: It is no address, or REAPER_TOKEN is missing.
    """
    env = os.environ if env is None else env
    url = env.get(URL_VARIABLE, "").strip().rstrip("/")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and not parts.query
        good = good and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            f"{URL_VARIABLE} is no address of a registry: write https://HOST or http://HOST:PORT, "
            f"and the token into {TOKEN_VARIABLE}"
        )
    token = env.get(TOKEN_VARIABLE, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise UsageError(
            f"{URL_VARIABLE} names a registry, but {TOKEN_VARIABLE} holds no token: "
            "`reaper token add` makes one there"
        )
    return Service(url=url, token=token)


def run_of(told: Mapping[str, Any]) -> Run:
    """Read a run from what the service said.

    Raises:
        RegistryUnreachable: It is none; something else answered.
    """
    try:
        length = timedelta(seconds=float(told["lease_s"]))
        return Run(
            id=str(told["id"]),
            realm=str(told["realm"]),
            started=_time(told["started"]),
            expires=_time(told["expires"]),
            lease=Lease(length=length, until=_time(told["lease_until"]), away=told["away"]),
            beats=Beats.SERVICE,
            promised=bool(told["promised"]),
            owner=told["owner"],
            origin=told["origin"],
            host=told["host"],
            ended=None if told["ended"] is None else _time(told["ended"]),
            ending=None if told["ending"] is None else Ending(told["ending"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise RegistryUnreachable(f"what answered is no registry of runs: {error!r}") from error


def entry_of(run_id: str, told: Mapping[str, Any]) -> JournalEntry:
    """Read an entry of a journal from what the service said.

    Raises:
        RegistryUnreachable: It is none; something else answered.
    """
    try:
        kind, scope = str(told["kind"]), str(told["scope"])
        ref = None
        if told["id"] is not None:
            ref = Ref(kind=kind, scope=scope, id=told["id"], incarnation=told["incarnation"])
        return JournalEntry(
            run=run_id,
            writer=str(told["writer"]),
            seq=int(told["seq"]),
            at=_time(told["at"]),
            phase=Phase(told["phase"]),
            kind=kind,
            scope=scope,
            ref=ref,
            name=told["name"],
            taggable=bool(told["taggable"]),
            test=told["test"],
            detail=told["detail"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RegistryUnreachable(f"what answered is no registry of runs: {error!r}") from error


def _content(answer: Answer, url: str) -> Mapping[str, Any]:
    if answer.status < 300:  # noqa: PLR2004 - HTTP's numbers, here and below
        return answer.content
    said = f"{answer.detail} (the registry at {url})"
    if answer.status == 410:  # noqa: PLR2004
        raise RunEnded(said)
    if answer.problem == "run-unknown":
        raise RunUnknown(said)
    if answer.problem == "run-exists":
        raise RunExists(said)
    if answer.status in {401, 403}:
        raise RegistryRefused(f"{TOKEN_VARIABLE} was refused: {said}")
    if not answer.problem:
        # A proxy's page, or another program's.
        raise RegistryUnreachable(f"what answers at {url} is no registry of runs: {said}")
    raise RequestRefused(said)


def _answer(status: int, text: bytes, retry_after: str | None) -> Answer:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        # What says «all is well» and is not ours must not be taken for a word of the registry.
        content, status = {}, max(status, 502)
    wait = float(retry_after) if retry_after is not None and retry_after.isdigit() else None
    return Answer(status=status, content=content, retry_after_s=wait)


def _no_redirects() -> Any:
    import urllib.request  # noqa: PLC0415 - as the module says

    class Stay(urllib.request.HTTPRedirectHandler):
        """Follows nobody: the token is for the registry alone."""

        def redirect_request(self, *_: object) -> None:
            return None

    return Stay


def _entry(entry: JournalEntry) -> dict[str, Any]:
    ref = entry.ref
    return {
        "writer": entry.writer,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(),
        "phase": entry.phase.value,
        "kind": entry.kind,
        "scope": entry.scope,
        "ref": None
        if ref is None
        else {"kind": ref.kind, "scope": ref.scope, "id": ref.id, "incarnation": ref.incarnation},
        "name": _line(entry.name),
        "taggable": entry.taggable,
        "test": _line(entry.test),
        "detail": _line(entry.detail),
    }


def _line(text: str | None) -> str | None:
    if text is None:
        return None
    return text[:_LINE].encode(errors="replace").decode()


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return time.astimezone(UTC)
