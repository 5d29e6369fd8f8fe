"""One AWS account as a provider: a cell for each region, and one for what has no region."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reaper.model import Cell, JournalEntry, Kind, Ref, Resource
from reaper.policy import Policy
from reaper.providers.aws.answers import CALL_ERRORS, tell
from reaper.providers.aws.api import Api, at_once
from reaper.providers.aws.arns import arn_of, region_of, scope_of, unknown_kind
from reaper.providers.aws.checking import Simulation, deletions, rehearse, wanted
from reaper.providers.aws.deleting import delete
from reaper.providers.aws.granting import grant_for
from reaper.providers.aws.index import Indexer
from reaper.providers.aws.kind import Deed, Item, Many
from reaper.providers.aws.kinds import KINDS
from reaper.providers.aws.names import GLOBAL
from reaper.providers.aws.reading import Read, Reader
from reaper.providers.aws.session import (
    Clients,
    check_account,
    partition_of,
    regions_of,
)
from reaper.providers.evidence import Evidence
from reaper.providers.protocol import (
    Allowance,
    Answer,
    Identity,
    Index,
    Query,
    Reading,
    Reply,
    Unreadable,
)
from reaper.tags import TagRules

if TYPE_CHECKING:
    from reaper.config.places import AwsPlace


class Account:
    """One configured account. It connects when it is first asked something."""

    name = "aws"
    parallel = 8
    batch = 100

    def __init__(self, place: AwsPlace, *, read_only: bool) -> None:
        self._place = place
        self._clients = Clients(place, read_only=read_only)
        self._regions: tuple[str, ...] | None = None
        self._partition = "aws"
        self._caller = ""
        self._allowances: Mapping[str, Allowance] | None = None
        self._lock = threading.Lock()
        self._evidence: Evidence[Item] = Evidence()
        self._strange: dict[str, Mapping[str, str]] = {}

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds it knows, by name."""
        return {name: each.kind for name, each in KINDS.items()}

    def identity(self) -> Identity:
        """Ask STS whose account this is.

        Raises:
            PlaceUnreachable: The credentials are missing, out of date or not accepted, or nobody
                answers.
            IdentityMismatch: They are of another account.
            ConfigurationError: A configured region is none.
        """
        caller = self._caller = check_account(self._clients)
        self._regions = self._clients.regions = regions_of(self._clients)
        self._partition = partition_of(self._regions[0]) if self._regions else "aws"
        endpoint = {"endpoint": self._place.endpoint} if self._place.endpoint else {}
        return Identity(
            place=self._place.account,
            id=self._place.account,
            caller=caller,
            pin=False,  # the configuration names it
            notes={"regions": ", ".join(self._regions), "as": self._clients.who, **endpoint},
        )

    def cells(self) -> Sequence[Cell]:
        """A cell for each region, then the one without: what it has is used from the others."""
        if self._regions is None:
            self.identity()
        account = self._place.account
        regional = [self._cell(account, region, rank=0) for region in self._regions or ()]
        return (*regional, self._cell(account, GLOBAL, rank=1))

    def index(self, cell: Cell, query: Query) -> Index:
        """Ask the tagging API, EC2's tags, and the native lists of what both lack."""
        here = self._here(cell.scope)
        not_offered = frozenset(
            name for name, kind in KINDS.items() if kind.everywhere == (here == GLOBAL)
        )
        named = Indexer(self._reader(cell.scope), query).name()
        with self._lock:
            self._strange.update(named.strange)
        return Index(
            candidates=tuple(named.candidates),
            gaps=tuple(named.gaps),
            not_offered=not_offered,
        )

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        """Read each authoritatively, a kind's in batches, the kinds side by side."""
        by_kind: dict[str, list[Ref]] = {}
        readings: dict[str, Reading] = {}
        for ref in refs:
            if ref.kind not in KINDS:
                readings[ref.key] = self._unknown(ref)
            elif ref.scope != cell.scope:
                readings[ref.key] = Unreadable(reason=f"{ref} is not of {cell}")
            else:
                by_kind.setdefault(ref.kind, []).append(ref)

        def read(group: Sequence[Ref]) -> dict[str, Read]:
            kind = KINDS[group[0].kind]
            ids = list(dict.fromkeys(ref.id for ref in group))
            return self._reader(cell.scope).read(kind, ids)

        groups = list(by_kind.values())
        for group, results in zip(groups, at_once(read, groups), strict=True):
            for ref in group:
                result = results[ref.id]
                readings[ref.key] = self._evidence.keep(ref, result.reading, result.item)
        return readings

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        """Send what this one's deletion takes, each call once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
        """
        ref = resource.ref
        kind = KINDS.get(ref.kind)
        if kind is None or ref.scope != cell.scope:
            return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {ref} is not of {cell}")
        item = self._evidence.of(resource)
        if isinstance(item, Answer):
            return item
        reader = self._reader(cell.scope)
        arn = arn_of(kind, cell.scope, ref.id, self._partition)
        deed = Deed(api=reader.api, ref=ref, arn=arn, item=item, edges=resource.edges)
        return delete(kind, deed, reader)

    def poll(self, cell: Cell, handle: str) -> Answer:  # noqa: ARG002 - the protocol's
        """AWS has no handles: what it carries out later is seen by reading."""
        return Answer(reply=Reply.STARTED)

    def control(self, cell: Cell, kind: str) -> str | None:
        """Make the kind's own list answer; None if it did.

        A kind that is read by a list which leaves out what is not there needs no other control:
        that this list answered is what «not found» was concluded from.
        """
        declared = KINDS.get(kind)
        if declared is None:
            return f"reaper knows no kind {kind}"
        if isinstance(declared.read, Many) and not declared.read.missing:
            return None
        api = Api(clients=self._clients, scope=cell.scope)
        try:
            next(iter(api.pages(declared.service, declared.listing)), None)
        except CALL_ERRORS as error:
            return tell(error)
        return None

    def lookup(self, cell: Cell, entry: JournalEntry) -> Sequence[Ref] | Unreadable:  # noqa: ARG002 - the protocol's
        """Every kind that reaper knows here bears tags: there is nothing else to look for."""
        return ()

    def allowances(self, cell: Cell, policy: Policy, rules: TagRules) -> Sequence[Allowance]:
        """Rehearse EC2's deletions in each region; what IAM says of the rest is global."""
        grant = grant_for(policy, rules, regions=self._place.regions == "all")
        rehearsed = deletions(grant.deletes)
        simulated = self._simulated(wanted(grant), rules)
        api = Api(clients=self._clients, scope=cell.scope)
        if self._here(cell.scope) != GLOBAL:
            return rehearse(api, grant.deletes, rules, simulated)
        return [told for action, told in sorted(simulated.items()) if action not in rehearsed]

    def close(self) -> None:
        """Give the connections back."""
        self._clients.close()

    def _cell(self, account: str, region: str, *, rank: int) -> Cell:
        scope = scope_of(account, region)
        return Cell(provider=self.name, scope=scope, label=scope, rank=rank)

    def _simulated(self, actions: frozenset[str], rules: TagRules) -> Mapping[str, Allowance]:
        """What IAM says of each action; asked once for all cells."""
        with self._lock:
            if self._allowances is None or set(self._allowances) != actions:
                api = Api(clients=self._clients, scope=scope_of(self._place.account, GLOBAL))
                self._allowances = Simulation(api, self._caller, rules).ask(actions)
            return self._allowances

    def _reader(self, scope: str) -> Reader:
        return Reader(Api(clients=self._clients, scope=scope), KINDS, self._partition)

    @staticmethod
    def _here(scope: str) -> str:
        return region_of(scope)

    def _unknown(self, ref: Ref) -> Reading:
        """What the index told of something of a kind that reaper does not know."""
        return Resource(
            ref=ref,
            tags=self._strange.get(ref.key, {}),
            unread=f"reaper knows no {unknown_kind(ref.id)}: remove it by hand",
        )
