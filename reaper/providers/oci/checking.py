"""What the caller may do, as far as the tenancy's policies tell, and whether tags can be defined.

No call of OCI's tells what somebody may do. Its policies do, to whoever may inspect them: they name
groups, and a user's groups can be listed. Which dynamic groups a machine is in, nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reaper.policy import Policy
from reaper.providers.oci.answers import CALL_ERRORS, explain
from reaper.providers.oci.granting import granted
from reaper.providers.oci.kind import OciKind
from reaper.providers.oci.permissions import ALWAYS, least
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.statements import Caller, Place, Statement, held
from reaper.providers.protocol import Allowance, Held
from reaper.tags import EXPIRES, KEEP, OWNER, REALM, RUN, TagRules

_KEYS = (REALM, RUN, EXPIRES, OWNER, KEEP)
_HELD = {True: Held.ALLOWED, False: Held.DENIED, None: Held.UNKNOWN}
_REMEDY = "attach what `reaper iam oci` prints"
_SHOW = "attach what `reaper iam oci --simulate` prints, which lets it read them"


def ask(
    reach: Reach,
    kinds: Iterable[OciKind],
    policy: Policy,
    rules: TagRules,  # noqa: ARG001 - the protocol's
    namespace: str | None,
) -> Sequence[Allowance]:
    """Hold what is needed in each compartment against the policies, and look at the tags' keys."""
    here = list(kinds)
    wanted = [(reach.tenancy, each) for each in ALWAYS if reach.region == reach.home]
    for where in reach.compartments:
        looks = [each for each in here if where == reach.tenancy or not each.rooted]
        wanted += [(where, each) for each in granted(policy, looks)]
    found = list(_held(reach, wanted))
    if namespace is not None and reach.region == reach.home:
        found += _tags(reach, namespace)
    return found


def _held(reach: Reach, wanted: Sequence[tuple[str, str]]) -> Iterator[Allowance]:
    try:
        places = {where: _place(reach, where) for where in dict.fromkeys(at for at, _ in wanted)}
        statements = list(_statements(reach, places.values()))
        caller = _caller(reach)
    except CALL_ERRORS as error:
        why = f"the policies cannot be read: {explain(error)}"
        for need in least(need for _, need in wanted):
            yield Allowance(action=need, held=Held.UNKNOWN, reason=why, remedy=_SHOW)
        return
    for where, need in dict.fromkeys(wanted):
        told, why = held(need, places[where], caller, statements)
        name = places[where].path[0][1]
        yield Allowance(
            action=f"{need} in {name}",
            held=_HELD[told],
            reason=why,
            remedy=None if told is None else _REMEDY,
        )


def _place(reach: Reach, compartment: str) -> Place:
    path: list[tuple[str, str]] = []
    at = compartment
    while at != reach.tenancy:
        told = _compartment(reach, at)
        path.append((at, str(told["name"])))
        at = str(told["compartmentId"])
    return Place(path=[*path, (reach.tenancy, "tenancy")])


def _compartment(reach: Reach, ocid: str) -> dict[str, Any]:
    return reach.told.shared(
        f"compartment {ocid}",
        lambda: dict(
            reach.connection.read(
                "identity", reach.home, "get_compartment", compartment_id=ocid
            ).body
        ),
    )


def _statements(reach: Reach, places: Iterable[Place]) -> Iterator[Statement]:
    """The statements of all policies that can speak of these places."""
    homes = dict.fromkeys(ocid for place in places for ocid, _ in place.path)
    lists = at_once(
        lambda home: list(
            reach.pages("identity", "list_policies", region=reach.home, compartment_id=home)
        ),
        homes,
    )
    for policies in lists:
        for policy in policies:
            for text in policy["statements"]:
                yield Statement(text=str(text), home=str(policy["compartmentId"]))


def _caller(reach: Reach) -> Caller:
    user = reach.connection.credentials.user
    if user is None:
        return Caller(groups=None)
    memberships = reach.pages(
        "identity",
        "list_user_group_memberships",
        region=reach.home,
        compartment_id=reach.tenancy,
        user_id=user,
    )
    mine = {str(each["groupId"]) for each in memberships}
    groups = reach.pages("identity", "list_groups", region=reach.home, compartment_id=reach.tenancy)
    names = {str(each["name"]) for each in groups if each["id"] in mine}
    return Caller(groups=frozenset(each.lower() for each in mine | names))


# --- tags -------------------------------------------------------------------------------------


def _tags(reach: Reach, namespace: str) -> Iterator[Allowance]:
    """Whether a run's tags can be defined ones: without, only freeform tags can be borne."""
    try:
        why = _undefinable(reach, namespace)
    except CALL_ERRORS as error:
        why = explain(error)
    yield Allowance(
        action=f"defined tags {namespace}",
        held=Held.UNKNOWN if why else Held.ALLOWED,
        reason=why and f"{why}; freeform tags do without",
        remedy=f"make the namespace {namespace} and its keys, or leave it so: see docs/oci.md"
        if why
        else None,
    )


def _undefinable(reach: Reach, namespace: str) -> str:
    spaces = [
        each
        for each in reach.pages(
            "identity",
            "list_tag_namespaces",
            compartment_id=reach.tenancy,
            include_subcompartments=True,
        )
        if str(each["name"]).lower() == namespace.lower()
    ]
    if not spaces:
        return "the tenancy has no such namespace"
    if spaces[0].get("isRetired"):
        return "the namespace is retired, so that nothing new can bear its tags"
    keys = {
        str(each["name"]).lower(): str(each["name"])
        for each in reach.pages("identity", "list_tags", tag_namespace_id=spaces[0]["id"])
        if not each.get("isRetired")
    }
    missing = [each for each in _KEYS if each not in keys]
    if missing:
        return f"the namespace lacks the keys {', '.join(missing)}"
    narrow = [each for each in _KEYS if _is_narrow(reach, spaces[0], keys[each])]
    return f"only listed values are allowed for {', '.join(narrow)}" if narrow else ""


def _is_narrow(reach: Reach, space: dict[str, Any], key: str) -> bool:
    """Whether a key takes none but listed values, among which no new run's can be."""
    told = reach.connection.read(
        "identity", reach.home, "get_tag", tag_namespace_id=space["id"], tag_name=key
    ).body
    validator = told.get("validator") or {}
    return str(validator.get("validatorType", "DEFAULT")) == "ENUM"
