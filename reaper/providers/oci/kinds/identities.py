"""Identity: compartments, policies, groups and users, which have no region."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from reaper.model import Backoff, Kind, Relation
from reaper.providers.oci.answers import CALL_ERRORS, absent
from reaper.providers.oci.kind import Deed, Guard, Item, Items, Link, OciKind
from reaper.providers.oci.names import (
    COMPARTMENT,
    DYNAMIC_GROUP,
    GROUP,
    POLICY,
    TAG_NAMESPACE,
    USER,
)
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.reading import read_time
from reaper.providers.protocol import Answer

_GONE = ("TERMINATED", "DELETED", "DETACHED")
_STATES: dict[str, Any] = {
    "over": frozenset({"DELETED"}),
    "going": frozenset({"DELETING"}),
}
_NAMED = 3
# What a user signs in with: how it is listed, deleted, and called there.
_CREDENTIALS = (
    ("list_api_keys", "delete_api_key", "fingerprint", "fingerprint"),
    ("list_auth_tokens", "delete_auth_token", "auth_token_id", "id"),
    (
        "list_customer_secret_keys",
        "delete_customer_secret_key",
        "customer_secret_key_id",
        "id",
    ),
    ("list_smtp_credentials", "delete_smtp_credential", "smtp_credential_id", "id"),
)


def _tell_content(reach: Reach, compartments: Items) -> None:
    """Tell what is in a compartment, in any region, as far as the index knows.

    What it does not know keeps the compartment from going, too: OCI's work request fails then.
    """

    def ask(where: tuple[str, str]) -> tuple[str, list[str]]:
        ocid, region = where
        alive = " && ".join(f"lifecycleState != '{each}'" for each in _GONE)
        details = {
            "type": "Structured",
            "query": f"query all resources where compartmentId = '{ocid}' && {alive}",
            "matchingContextType": "NONE",
        }
        rows = reach.pages("search", "search_resources", region=region, search_details=details)
        return ocid, [f"{row['resourceType']} {row['identifier']} in {region}" for row in rows]

    places = [(ocid, region) for ocid in compartments for region in reach.regions]
    for ocid, rows in at_once(ask, places):
        # What comes with a VCN tells a person less than the VCN.
        compartments[ocid].setdefault("+content", []).extend(sorted(rows, key=_is_part))


def _is_part(row: str) -> bool:
    return row.startswith(("DHCPOptions ", "RouteTable ", "SecurityList "))


def _content(compartment: Item) -> Iterable[str]:
    held: list[str] = compartment.get("+content") or []
    more = [f"{len(held) - _NAMED} more"] if len(held) > _NAMED else []
    return [*held[:_NAMED], *more]


def _teller(words: str) -> Any:
    """Make what tells which policies speak of a group: they allow nobody anything without it.

    Those of the whole tenancy can.
    """

    def tell(reach: Reach, groups: Items) -> None:
        kind = reach.kinds[POLICY]
        where = reach.worth_asking(kind, reach.tree())
        lists = at_once(lambda each: reach.all_of(kind, each), where)
        for group in groups.values():
            spoken = re.compile(
                rf"\b{words}\s+(?:id\s+)?(?:[\w'/-]+/)?'?(?:{re.escape(group['name'])}|"
                rf"{re.escape(group['id'])})'?(?=[\s,]|$)",
                re.IGNORECASE,
            )
            group["+policies"] = [
                policy["id"]
                for policies in lists
                for policy in policies
                if any(spoken.search(each) for each in policy["statements"])
            ]

    return tell


def _memberships(reach: Reach, **whose: str) -> Iterable[dict[str, Any]]:
    return reach.pages(
        "identity", "list_user_group_memberships", compartment_id=reach.tenancy, **whose
    )


def _tell_members(reach: Reach, groups: Items) -> None:
    """Tell which users are in a group."""
    for group in groups.values():
        group["+members"] = [each["userId"] for each in _memberships(reach, group_id=group["id"])]
        for each in group["+members"]:
            reach.whereabouts.learn(each, reach.tenancy)


def _strip(deed: Deed) -> Answer | None:
    """Take from a user what it signs in with, and its memberships: nothing of anybody else."""
    reach = deed.reach
    for listing, deletion, argument, field in _CREDENTIALS:
        for each in reach.pages("identity", listing, user_id=deed.ref.id):
            _drop(reach, deletion, user_id=deed.ref.id, **{argument: each[field]})
    for each in _memberships(reach, user_id=deed.ref.id):
        _drop(reach, "remove_user_from_group", user_group_membership_id=each["id"])
    return None


def _drop(reach: Reach, operation: str, **what: Any) -> None:
    try:
        reach.connection.change("identity", reach.region, operation, **what)
    except CALL_ERRORS as error:
        if not absent(error):
            raise


def _signed_in(user: Item) -> datetime | None:
    return read_time(user.get("lastSuccessfulLoginTime"))


def _identity(name: str, noun: str, searched: str, **more: Any) -> OciKind:
    words = name.rpartition(":")[2].replace("-", "_")
    plural = words.replace("policy", "policies") if words == "policy" else f"{words}s"
    pace = more.pop("pace", {})
    return OciKind(
        kind=Kind(name=name, service="identity", **pace),
        client="identity",
        noun=noun,
        get=f"get_{words}",
        own=f"{words}_id",
        list=f"list_{plural}",
        searched=searched,
        family=plural.replace("_", "-"),
        home=True,
        title="name",
        **{"delete": f"delete_{words}", **_STATES, **more},
    )


KINDS = (
    _identity(
        COMPARTMENT,
        "compartment",
        "Compartment",
        complete=(_tell_content,),
        held=_content,
        pace={
            "after": (POLICY,),
            "deadline": timedelta(hours=48),
            "backoff": Backoff(first=timedelta(minutes=1), most=timedelta(hours=1)),
        },
    ),
    _identity(POLICY, "policy", "Policy"),
    _identity(
        DYNAMIC_GROUP,
        "dynamicgroup",
        "DynamicResourceGroup",
        rooted=True,
        usage=(_teller("dynamic-group"),),
        links=(Link(Relation.USED_BY, '"+policies"', POLICY),),
        pace={"after": (POLICY,)},
    ),
    _identity(
        GROUP,
        "group",
        "Group",
        rooted=True,
        usage=(_teller("group"), _tell_members),
        links=(
            Link(Relation.USED_BY, '"+policies"', POLICY),
            Link(Relation.USED_BY, '"+members"', USER),
        ),
        pace={"after": (POLICY, USER)},
    ),
    _identity(
        USER,
        "user",
        "User",
        rooted=True,
        used=_signed_in,
        before=(_strip,),
        # A user that a directory keeps is made anew by it.
        guards=(Guard("identityProviderId", "an identity provider keeps it"),),
    ),
    _identity(
        TAG_NAMESPACE,
        "tagnamespace",
        "TagNamespace",
        delete="",
        conditional=False,
        guards=(Guard("id && 'removing it takes its tags off every resource: do that by hand'"),),
        pace={"report_only": True},
    ),
)
