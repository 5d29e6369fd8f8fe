"""How a thing comes into being: what a request asks for, as OCI shows it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.oci.dialect import Refused, not_found
from reaper.sandbox.oci.estate import HOME, Estate, zulu
from reaper.sandbox.oci.sorts import SORTS, Sort


@dataclass(kw_only=True)
class Making:
    """One thing that is being made.

    Attributes:
        asked: The request's body.
        body: As it is shown; a shape adds what OCI adds.
        facts: What is known of it and not shown.
        then: What is made along with it, once it is there.
    """

    estate: Estate
    sort: Sort
    region: str
    id: str
    asked: Mapping[str, Any]
    body: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    then: list[Callable[[Node], None]] = field(default_factory=list)

    def wanted(self, name: str) -> Any:
        """Tell what must be asked for.

        Raises:
            Refused: It is not.
        """
        if name not in self.asked:
            raise Refused(400, "MissingParameter", f"Missing required property: {name}")
        return self.asked[name]

    def other(self, ocid: Any, kind: str) -> Node:
        """Find something that this one names.

        Raises:
            Refused: There is no such thing.
        """
        node = self.estate.graph.find(str(ocid))
        if node is None or node.kind != kind or node.going:
            raise not_found(str(ocid))
        return node

    def hide(self, *names: str) -> None:
        """Let what was asked for not be shown."""
        for name in names:
            self.body.pop(name, None)


Shape = Callable[[Making], None]


def make(
    estate: Estate,
    kind: str,
    asked: Mapping[str, Any],
    *,
    region: str,
    shapes: Mapping[str, Shape],
    facts: Mapping[str, Any] | None = None,
    ocid: str | None = None,
) -> Node:
    """Let something come into being, with what comes along.

    `ocid` is its own; None: one that was never used.

    Raises:
        Refused: It names what is not there, or lacks what it needs.
    """
    sort = SORTS[kind]
    making = Making(
        estate=estate,
        sort=sort,
        region=HOME if sort.home else region,
        id=ocid or estate.ocid(sort.noun, region),
        asked=asked,
        body=_common(estate, sort, asked),
        facts=dict(facts or {}),
    )
    making.body["id"] = making.id
    if kind in shapes:
        shapes[kind](making)
    if not estate.is_compartment(str(making.body.get("compartmentId"))):
        raise not_found(str(making.body.get("compartmentId")))
    node = estate.add(kind, making.id, making.body, region=making.region, facts=making.facts)
    for each in making.then:
        each(node)
    estate.timetable.after(estate.lags.create_s, lambda: _settle(estate, node))
    return node


def _common(estate: Estate, sort: Sort, asked: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = deepcopy(dict(asked))
    if "name" not in body and sort.service != "identity":
        body.setdefault("displayName", f"{sort.noun}{zulu(estate.clock.now())}")
    if sort.life.made or sort.life.there:
        body["lifecycleState"] = sort.life.made or sort.life.there
    body["timeCreated"] = zulu(estate.clock.now())
    for tags in ("freeformTags", "definedTags"):
        body[tags] = dict(body.get(tags) or {})
    return body


def _settle(estate: Estate, node: Node) -> None:
    life = SORTS[node.kind].life
    if node.gone or node.going or node.body.get("lifecycleState") != life.made:
        return
    if life.there is not None:
        node.body["lifecycleState"] = life.there
        estate.graph.touch(node)
