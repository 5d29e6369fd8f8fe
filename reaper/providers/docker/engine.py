"""One Docker engine as a provider: what the sweep asks for, put to the functions of each kind."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from reaper.clock import SYSTEM_CLOCK
from reaper.errors import IdentityMismatch, PlaceUnreachable, ReadOnlyViolation
from reaper.model import Cell, Gap, JournalEntry, Kind, Ref, Resource
from reaper.model.engines import engine_id, is_podman
from reaper.providers.docker import containers, images, networks, swarm, volumes
from reaper.providers.docker.address import Address
from reaper.providers.docker.answers import CALL_ERRORS, classify, explain, says_absent
from reaper.providers.docker.client import EngineClient, UnsupportedApi, connect
from reaper.providers.docker.own import own_containers
from reaper.providers.docker.surroundings import (
    READERS,
    Recent,
    Surroundings,
    Swarm,
    left_swarm,
)
from reaper.providers.docker.verbs import Verbs, parse_time
from reaper.providers.protocol import (
    Absent,
    Answer,
    Identity,
    Index,
    Query,
    Reading,
    Reply,
    Unreadable,
)

VERBS = {
    verbs.kind.name: verbs
    for verbs in (
        swarm.SERVICES,
        containers.VERBS,
        networks.VERBS,
        volumes.VERBS,
        images.VERBS,
        swarm.SECRETS,
        swarm.CONFIGS,
    )
}
# What an answer that is not as documented leads to when it is taken apart.
_MALFORMED = (KeyError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Session:
    """An engine that answered: who it is, and how to ask it."""

    client: EngineClient
    told: Mapping[str, Any]
    scope: str


class Engine:
    """One engine. It connects when it is first asked something."""

    name = "docker"
    parallel = 8
    batch = 16  # each is inspected by a call of its own, several at once, beside shared lists

    def __init__(
        self, address: Address, *, engine_id: str | None, read_only: bool, shared_for: timedelta
    ) -> None:
        self._address = address
        self._engine_id = engine_id
        self._read_only = read_only
        self._lock = threading.Lock()
        self._session: _Session | None = None
        self._joins: dict[str, tuple[str, ...]] = {}
        self._recent = Recent(shared_for, SYSTEM_CLOCK)

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds it knows, by name."""
        return {name: verbs.kind for name, verbs in VERBS.items()}

    def identity(self) -> Identity:
        """Ask the engine who it is.

        Raises:
            PlaceUnreachable: It did not answer.
            IdentityMismatch: It is not the configured one, or too old to be trusted.
        """
        session = self._connected()
        info = self._info(session)
        return Identity(
            place=self._address.url,
            id=session.scope,
            pin=self._engine_id is None,  # the configuration names it: it says more than a pin
            notes=_notes(session.told, info, self._address),
        )

    def cells(self) -> Sequence[Cell]:
        """The one cell of an engine."""
        return (Cell(provider=self.name, scope=self._connected().scope, label=self._address.url),)

    def index(self, cell: Cell, query: Query) -> Index:
        """List each kind by each label's key, or whole."""
        try:
            session = self._of(cell)
            info = self._info(session)
        except (PlaceUnreachable, IdentityMismatch) as error:
            return Index(candidates=(), gaps=(self._gap(cell, None, str(error)),))
        role = Swarm.of(info)
        found: dict[Ref, None] = {}
        gaps: list[Gap] = []
        not_offered: set[str] = set()
        for name, verbs in VERBS.items():
            if query.kinds is not None and name not in query.kinds:
                continue
            if verbs.swarm and role is not Swarm.MANAGER:
                not_offered.add(name)
                continue
            try:
                found.update(dict.fromkeys(_candidates(session, verbs, query)))
            except (*CALL_ERRORS, *_MALFORMED) as error:
                if verbs.swarm and left_swarm(session.client, error):
                    not_offered.add(name)
                    continue
                gaps.append(self._gap(cell, name, _said(error)))
        return Index(
            candidates=tuple(found),
            gaps=tuple(gaps),
            clock=_clock(info),
            not_offered=frozenset(not_offered),
        )

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        """Inspect each, several at once, with the lists of what may use them.

        The inspections are always new. The lists may have been begun `shared_for` before.
        """
        if not refs:
            return {}
        try:
            session = self._of(cell)
            around = self._surroundings(session, refs)
        except (PlaceUnreachable, IdentityMismatch) as error:
            return {ref.key: Unreadable(reason=str(error)) for ref in refs}
        with ThreadPoolExecutor(max_workers=READERS) as pool:
            readings = pool.map(lambda ref: _read(session, ref, around), refs)
            return {ref.key: reading for ref, reading in zip(refs, readings, strict=True)}

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        """Send one deletion by ID; see the kinds for its conditions.

        Raises:
            ReadOnlyViolation: The provider was opened read-only.
        """
        if self._read_only:
            raise ReadOnlyViolation(f"{resource.ref} was to be deleted by a read-only provider")
        verbs = VERBS.get(resource.ref.kind)
        if verbs is None or not verbs.id_form.fullmatch(resource.ref.id):
            return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {_no_id(resource.ref)}")
        try:
            session = self._of(cell)
        except (PlaceUnreachable, IdentityMismatch) as error:
            return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {error}")
        if resource.ref.scope != session.scope:
            return Answer(
                reply=Reply.FAILED,
                detail=f"nothing was sent: {resource.ref} is not of {session.scope}",
            )
        try:
            return verbs.delete(session.client, resource)
        except CALL_ERRORS as error:
            return classify(error)

    def poll(self, cell: Cell, handle: str) -> Answer:  # noqa: ARG002 - the protocol's
        """An engine has no handles: it answers when it is done."""
        return Answer(reply=Reply.DONE)

    def control(self, cell: Cell, kind: str) -> str | None:
        """Ping, ask who it is, and list the kind; None if all of it succeeded."""
        verbs = VERBS.get(kind)
        if verbs is None:
            return f"{kind} is no kind of a Docker engine"
        try:
            session = self._of(cell)
            session.client.ping()
            info = self._info(session)
            if verbs.swarm and Swarm.of(info) is not Swarm.MANAGER:
                return f"the engine is no manager of a swarm, so it cannot tell of any {kind}"
            verbs.list(session.client, None)
        except (PlaceUnreachable, IdentityMismatch, *CALL_ERRORS) as error:
            return explain(error)
        return None

    def lookup(self, cell: Cell, entry: JournalEntry) -> Sequence[Ref] | Unreadable:
        """Find by its name what an intent without result may have created."""
        verbs = VERBS.get(entry.kind)
        if verbs is None or verbs.lookup is None or not entry.name:
            return ()
        if not volumes.VERBS.id_form.fullmatch(entry.name):
            return ()  # no engine creates anything of such a name
        try:
            session = self._of(cell)
            found = verbs.lookup(session.client, entry.name)
            return tuple(verbs.ref(session.scope, item) for item in found)
        except (PlaceUnreachable, IdentityMismatch) as error:
            return Unreadable(reason=str(error))
        except (*CALL_ERRORS, *_MALFORMED) as error:
            return Unreadable(reason=_said(error))

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.client.close()

    def _connected(self) -> _Session:
        with self._lock:
            if self._session is None:
                self._session = self._connect()
            return self._session

    def _connect(self) -> _Session:
        try:
            client, told = connect(self._address, read_only=self._read_only)
            info = client.info()
        except UnsupportedApi as error:
            raise IdentityMismatch(f"{self._address.url}: {error}") from error
        except CALL_ERRORS as error:
            raise PlaceUnreachable(self._silent(error)) from error
        scope = engine_id(told, info)
        if not scope:
            client.close()
            raise IdentityMismatch(
                f"{self._address.url} answers without an ID: it is no Docker engine"
            )
        if self._engine_id is not None and scope != self._engine_id:
            client.close()
            raise IdentityMismatch(
                f"the engine at {self._address.url} has the ID {scope}, and the configuration "
                f"wants {self._engine_id}: correct the place's engine_id, or its host"
            )
        return _Session(client=client, told=told, scope=scope)

    def _of(self, cell: Cell) -> _Session:
        session = self._connected()
        if cell.scope != session.scope:
            raise IdentityMismatch(
                f"{cell} was asked of the engine {session.scope} at {self._address.url}"
            )
        return session

    def _info(self, session: _Session) -> Mapping[str, Any]:
        """What the engine says of itself now, if it still is the one that we connected to."""
        try:
            info: Mapping[str, Any] = session.client.info()
        except CALL_ERRORS as error:
            raise PlaceUnreachable(self._silent(error)) from error
        now = engine_id(session.told, info)
        if now != session.scope:
            raise IdentityMismatch(
                f"another engine answers at {self._address.url}: {now}, and it was {session.scope}"
            )
        return info

    def _surroundings(self, session: _Session, refs: Iterable[Ref]) -> Surroundings:
        kinds = {ref.kind for ref in refs} & set(VERBS)
        needs = frozenset().union(*(VERBS[kind].needs for kind in kinds))
        return self._recent.around(
            needs,
            lambda: Surroundings(
                session.client,
                scope=session.scope,
                swarm=Swarm.of(self._info(session)),
                needs=needs,
                own=own_containers,
                joins=self._joins,
            ),
        )

    def _silent(self, error: Exception) -> str:
        return (
            f"the engine at {self._address.url} (from {self._address.found}) did not answer: "
            f"{explain(error)}"
        )

    def _gap(self, cell: Cell, kind: str | None, reason: str) -> Gap:
        return Gap(provider=self.name, scope=cell.scope, kind=kind, reason=reason)


def _notes(told: Mapping[str, Any], info: Mapping[str, Any], address: Address) -> Mapping[str, str]:
    notes = {
        "version": str(told.get("Version") or info.get("ServerVersion") or "unknown"),
        "api": str(told.get("ApiVersion")),
        "host": str(info.get("Name") or "unknown"),
        "address from": address.found,
    }
    options = [str(option) for option in info.get("SecurityOptions") or ()]
    if any("rootless" in option for option in options):
        notes["rootless"] = "yes"
    if is_podman(told):
        notes["podman"] = "its ID is drawn from its host and store, as it tells none that lasts"
    role = Swarm.of(info)
    if role is not Swarm.OUTSIDE:
        notes["swarm"] = role.value
    return notes


def _clock(info: Mapping[str, Any]) -> datetime | None:
    try:
        return parse_time(info.get("SystemTime"))
    except ValueError:
        return None


def _candidates(session: _Session, verbs: Verbs, query: Query) -> list[Ref]:
    """What a kind's lists name; only what really bears one of the keys, unless all is wanted.

    Some engines ignored filters that they did not know, and answered with everything.
    """
    if query.full:
        return [verbs.ref(session.scope, item) for item in verbs.list(session.client, None)]
    return [
        verbs.ref(session.scope, item)
        for key in query.keys
        for item in verbs.list(session.client, key)
        if key in verbs.labels(item)
    ]


def _read(session: _Session, ref: Ref, around: Surroundings) -> Reading:
    verbs = VERBS.get(ref.kind)
    if ref.scope != session.scope:
        return Unreadable(reason=f"{ref} is not of the engine {session.scope}")
    if verbs is None or not verbs.id_form.fullmatch(ref.id):
        return Unreadable(reason=_no_id(ref))
    try:
        item = verbs.inspect(session.client, ref.id)
        seen = verbs.ref(session.scope, item)
        if seen.key == ref.key:
            return verbs.describe(item, around)
        if not verbs.id_form.fullmatch(seen.id):
            raise ValueError(f"it tells the ID {seen.id!r}")
    except (*CALL_ERRORS, *_MALFORMED) as error:
        if isinstance(error, NotFound) and says_absent(error):
            return Absent(detail=explain(error))
        return Unreadable(reason=_said(error))
    # The engine takes names where it finds no ID: something else is called so.
    return Absent(detail=f"not found; {ref.id} is the name of {seen}")


def _said(error: Exception) -> str:
    if isinstance(error, APIError):
        return f"{error.status_code}: {explain(error)}"
    if isinstance(error, DockerException | RequestException | OSError):
        return explain(error)
    return f"the engine's answer is not as documented ({type(error).__name__}: {error})"


def _no_id(ref: Ref) -> str:
    return f"{ref.id!r} is no ID of a {ref.kind}; a name or the beginning of an ID is not enough"
