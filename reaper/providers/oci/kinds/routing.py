"""Route rules that lead to gateways: in the way of them, or taken out before they go."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from reaper.model import Relation
from reaper.providers.oci.answers import OciError
from reaper.providers.oci.kind import Deed, Item, Items, Link
from reaper.providers.oci.names import ROUTE_TABLE, VCN
from reaper.providers.oci.reach import Reach
from reaper.providers.protocol import Answer

_ATTEMPTS = 8


def vcn(reach: Reach, ocid: str) -> dict[str, Any]:
    """Read a VCN, once in the same seconds."""
    return reach.told.shared(f"vcn {ocid}", lambda: reach.get(reach.kinds[VCN], ocid)[0])


def tell_routes(reach: Reach, gateways: Items) -> None:
    """Tell which route tables lead to a gateway: a default one is changed, others go first."""
    for gateway in gateways.values():
        tables = list(_tables(reach, gateway))
        leading = [each for each in tables if _leads(each, gateway["id"])]
        defaults = [each for each in leading if _is_default(reach, each)]
        gateway["+defaults"] = [each["id"] for each in defaults]
        gateway["+tables"] = [each["id"] for each in leading if each not in defaults]


def _tables(reach: Reach, gateway: Item) -> Iterable[dict[str, Any]]:
    """The route tables that can lead to it: of its compartment, and of its VCN."""
    where = [gateway["compartmentId"]]
    if gateway.get("vcnId"):
        where.append(vcn(reach, gateway["vcnId"])["compartmentId"])
    kind = reach.kinds[ROUTE_TABLE]
    seen = {
        each["id"]: each
        for compartment in dict.fromkeys(where)
        for each in reach.all_of(kind, compartment)
        if each.get("lifecycleState") not in kind.over
    }
    return seen.values()


def _leads(table: Item, gateway: str) -> bool:
    return any(rule.get("networkEntityId") == gateway for rule in table.get("routeRules") or ())


def _is_default(reach: Reach, table: Item) -> bool:
    return bool(vcn(reach, table["vcnId"]).get("defaultRouteTableId") == table["id"])


def clear_routes(deed: Deed) -> Answer | None:
    """Take the rules that lead to a gateway out of its VCN's default route table, which goes too.

    Only of tables that the second look saw, and that it held to be reapable. Other gateways of the
    VCN may have theirs taken out at the same time: then it is read again.
    """
    for table in sorted(set(deed.item.get("+defaults", ())) & deed.others(Relation.ALTERS)):
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                _clear(deed, table)
            except OciError as error:
                if error.status != HTTPStatus.PRECONDITION_FAILED or attempt == _ATTEMPTS:
                    raise
                continue
            break
    return None


def _clear(deed: Deed, table: str) -> None:
    reach = deed.reach
    item, etag = reach.get(reach.kinds[ROUTE_TABLE], table)
    rules = item.get("routeRules") or []
    left = [each for each in rules if each.get("networkEntityId") != deed.ref.id]
    if len(left) == len(rules):
        return
    reach.connection.change(
        "network",
        reach.region,
        "update_route_table",
        rt_id=table,
        update_route_table_details={"routeRules": left},
        if_match=etag or "none",  # without one OCI would not compare
    )


LED_TO: dict[str, Any] = {
    "complete": (tell_routes,),
    "before": (clear_routes,),
}
LEADS = (
    Link(Relation.ALTERS, '"+defaults"', ROUTE_TABLE),
    Link(Relation.USED_BY, '"+tables"', ROUTE_TABLE),
)
