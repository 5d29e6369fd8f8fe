"""What the indexes name: the tagging API, EC2's tags, and native lists of what both lack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reaper.model import Gap, Ref
from reaper.providers.aws.answers import CALL_ERRORS, tell
from reaper.providers.aws.api import Api, at_once
from reaper.providers.aws.arns import id_in, kind_of, unknown_kind
from reaper.providers.aws.kind import AwsKind, Call, search
from reaper.providers.aws.names import GLOBAL
from reaper.providers.aws.reading import Reader, read_tags
from reaper.providers.protocol import Query
from reaper.tags import IMAGE_RUN

_PER_PAGE = 100
# A tag filter takes so many values; with more runs than that, all are asked for.
_MOST_VALUES = 20
_INDEX = Call(
    operation="get_resources", items="ResourceTagMappingList[]", service="resourcegroupstaggingapi"
)
_EC2_TAGS = Call(operation="describe_tags", items="Tags[]", service="ec2")
# What EC2's tags call a kind, where its ARN calls it otherwise.
_EC2_NAMES = {"vpc-elastic-ip": "elastic-ip"}
# A placement group has an ID in EC2's tags, and its name in ARNs and calls.
_NOT_BY_ID = frozenset({"placement-group"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What the indexes named, and what could not be asked.

    Attributes:
        strange: The tags of what is of a kind that reaper does not know, as the index told them.
    """

    candidates: dict[Ref, None] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    strange: dict[str, Mapping[str, str]] = field(default_factory=dict)


class Indexer:
    """Asks every index of one scope."""

    def __init__(self, reader: Reader, query: Query) -> None:
        self.reader = reader
        self.api: Api = reader.api
        self.query = query
        self.keys = tuple(key for key in query.keys if key != IMAGE_RUN)

    def name(self) -> Named:
        """Name the candidates; what could not be asked is a gap."""
        named = Named()
        for found in at_once(lambda ask: ask(), self._questions()):
            named.candidates.update(found.candidates)
            named.gaps.extend(found.gaps)
            named.strange.update(found.strange)
        return named

    def _questions(self) -> list[Callable[[], Named]]:
        here = [
            kind
            for kind in self.reader.kinds.values()
            if kind.everywhere != self.api.scope.endswith(f"/{GLOBAL}") and self._wanted(kind)
        ]
        asked: list[Callable[[], Named]] = []
        if self.query.full:  # beside the indexes: they know kinds that reaper does not
            asked += [self._asking(self._whole, kind) for kind in here]
        for key in self.keys:
            if any(kind.indexed for kind in here):
                asked.append(self._asking(self._tagged, key))
            if any(kind.service == "ec2" for kind in here):
                asked.append(self._asking(self._ec2, key))
            asked += [
                self._asking(self._filtered, kind, key)
                for kind in here
                if kind.tag_filter is not None
            ]
        return asked + [
            self._asking(self._told, kind) for kind in here if kind.candidates is not None
        ]

    def _wanted(self, kind: AwsKind) -> bool:
        return self.query.kinds is None or kind.name_of_kind in self.query.kinds

    def _tagged(self, key: str) -> Named:
        """Ask the Resource Groups Tagging API."""
        arguments = {
            "TagFilters": [{"Key": key, "Values": self._values()}],
            "ResourcesPerPage": _PER_PAGE,
        }
        call = Call(operation=_INDEX.operation, arguments=arguments, items=_INDEX.items)
        named = Named()
        for mapping in self._ask("resourcegroupstaggingapi", call, named, kind=None):
            arn = str(mapping["ResourceARN"])
            kind = kind_of(self.reader.kinds.values(), arn)
            if kind is not None:
                self._add(named, kind, arn)
            elif self.query.kinds is None:
                ref = Ref(kind=unknown_kind(arn), scope=self.api.scope, id=arn)
                named.candidates[ref] = None
                named.strange[ref.key] = read_tags(mapping.get("Tags"))
        return named

    def _ec2(self, key: str) -> Named:
        """Ask EC2 for its tags: it knows what the tagging API still lacks."""
        filters = [{"Name": "key", "Values": [key]}]
        if values := self._values():
            filters.append({"Name": "value", "Values": values})
        call = Call(
            operation=_EC2_TAGS.operation, arguments={"Filters": filters}, items=_EC2_TAGS.items
        )
        named = Named()
        for tag in self._ask("ec2", call, named, kind=None):
            noun = str(tag["ResourceType"])
            kind = self.reader.kinds.get(f"aws:ec2:{_EC2_NAMES.get(noun, noun)}")
            if kind is not None and noun not in _NOT_BY_ID:
                self._add(named, kind, str(tag["ResourceId"]))
        return named

    def _filtered(self, kind: AwsKind, key: str) -> Named:
        """Ask a kind's own list for what bears the tag."""
        call = Call(
            operation=kind.listing.operation,
            arguments={**kind.listing.arguments, **(kind.tag_filter or {})},
            items=kind.listing.items,
        )
        return self._list(kind, call, key=key)

    def _told(self, kind: AwsKind) -> Named:
        """Ask what tells of a kind's tags in bulk, where no index does."""
        named = Named()
        assert kind.candidates is not None
        try:
            for arn, tags in kind.candidates(self.api, kind):
                values = {tags[key] for key in self.keys if key in tags}
                if values and (self.query.runs is None or not values.isdisjoint(self.query.runs)):
                    self._add(named, kind, arn)
        except CALL_ERRORS as error:
            named.gaps.append(
                Gap(
                    provider="aws",
                    scope=self.api.scope,
                    kind=kind.name_of_kind,
                    reason=tell(error),
                )
            )
        return named

    def _whole(self, kind: AwsKind) -> Named:
        """Ask a kind's own list for everything."""
        return self._list(kind, kind.listing)

    def _list(self, kind: AwsKind, call: Call, **given: str) -> Named:
        named = Named()
        for item in self._ask(kind.service, call, named, kind=kind, **given):
            told = search(kind.listed_id, item)
            if told is not None:  # a listener has no list of its own: its balancer tells of it
                self._add(named, kind, str(told))
        return named

    def _ask(
        self, service: str, call: Call, named: Named, *, kind: AwsKind | None, **given: str
    ) -> Iterable[Mapping[str, object]]:
        """Give what a call named; where it failed, that is a gap, and what came before stands."""
        try:
            for page in self.api.pages(service, call, **given):
                found = search(call.items, page)
                yield from found or ()
        except CALL_ERRORS as error:
            named.gaps.append(
                Gap(
                    provider="aws",
                    scope=self.api.scope,
                    kind=None if kind is None else kind.name_of_kind,
                    reason=tell(error),
                )
            )

    def _add(self, named: Named, kind: AwsKind, told: str) -> None:
        resource_id = id_in(kind, told)
        if resource_id and self._wanted(kind):
            ref = self.reader.ref(kind.name_of_kind, resource_id)
            if ref is not None and ref.scope == self.api.scope:
                named.candidates[ref] = None

    def _values(self) -> list[str]:
        runs = sorted(self.query.runs or ())
        return runs if len(runs) <= _MOST_VALUES else []

    @staticmethod
    def _asking(ask: Callable[..., Named], *arguments: object) -> Callable[[], Named]:
        return lambda: ask(*arguments)
