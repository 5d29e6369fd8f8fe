"""What is not a plain collection: credentials, tenancies, work requests, schedules, members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.requests import Reply
from reaper.sandbox.oci import ending, working
from reaper.sandbox.oci.calls import Call, check_etag, find, paged
from reaper.sandbox.oci.dialect import Refused, not_found
from reaper.sandbox.oci.estate import HOME, REGIONS, zulu
from reaper.sandbox.oci.sorts import Sort

_LEAST = timedelta(days=7)
_MOST = timedelta(days=30)
_USUAL = timedelta(days=30)


def asked(call: Call) -> Reply:
    """Answer what is below no collection.

    Raises:
        Refused: It is not here, among other reasons.
    """
    head = call.at.parts[0] if call.at.parts else ""
    if call.request.method != "GET":
        raise call.not_served()
    if head in {"workRequests", "loadBalancerWorkRequests"} and call.at.parts[1:]:
        shown = working.show(call.estate, call.at.parts[1], head, call.at.root)
        return call.reply(200, shown)
    if head == "tenancies":
        return _tenancy(call)
    if head == "availabilityDomains":
        return call.reply(200, _domains(call))
    raise call.not_served()


def _tenancy(call: Call) -> Reply:
    estate = call.estate
    if call.at.parts[1] != estate.tenancy:
        raise not_found(call.at.parts[1])
    if call.at.parts[2:] == ("regionSubscriptions",):
        subscribed = [
            {
                "regionKey": REGIONS[region].upper(),
                "regionName": region,
                "status": "READY",
                "isHomeRegion": region == HOME,
            }
            for region in estate.regions
        ]
        return call.reply(200, subscribed)
    shown = {
        "id": estate.tenancy,
        "name": "sandbox",
        "description": "An emulated tenancy",
        "homeRegionKey": REGIONS[HOME].upper(),
        "freeformTags": {},
        "definedTags": {},
    }
    return call.reply(200, shown)


def _domains(call: Call) -> list[dict[str, Any]]:
    region = call.at.region
    return [
        {
            "name": domain,
            "id": f"ocid1.availabilitydomain.oc1..{domain.lower()}",
            "compartmentId": call.estate.tenancy,
        }
        for domain in domains(region)
    ]


def domains(region: str) -> tuple[str, ...]:
    """The availability domains of a region."""
    return tuple(f"SbOx:{region.upper()}-AD-{number}" for number in (1, 2, 3))


def below(call: Call, sort: Sort) -> Reply:
    """Answer what is below one thing of a collection."""
    if call.at.id == "actions":
        return _public_ip_of(call)
    node = find(call, sort)
    head = call.at.rest[0]
    if sort.kind == "identity.users":
        return _credentials(call, node, head)
    if head == "actions":
        return _act(call, node)
    answer = _BELOW.get((call.request.method, sort.kind, head))
    if answer is None:
        raise call.not_served()
    return answer(call, node)


def _members(call: Call, node: Node) -> Reply:
    members = [
        {"vnicId": each.path, "resourceId": each.facts["instance"], "timeAssociated": None}
        for each in call.estate.graph.of("core.vnics")
        if node.path in each.body["nsgIds"]
    ]
    return paged(call, members)


def _security_rules(call: Call, node: Node) -> Reply:
    return paged(call, node.facts.get("rules", []))


def _add_rules(call: Call, node: Node) -> Reply:
    """Add rules to a network security group."""
    now = zulu(call.estate.clock.now())
    added = [
        {**each, "id": call.estate.digits(6).upper(), "isValid": True, "timeCreated": now}
        for each in call.body()["securityRules"]
    ]
    node.facts.setdefault("rules", []).extend(added)
    return call.reply(200, {"securityRules": added})


def _public_ip_of(call: Call) -> Reply:
    """Show the public address that is assigned to a private one."""
    private = str(call.body().get("privateIpId"))
    for each in call.estate.graph.of("core.publicIps"):
        if each.body.get("assignedEntityId") == private:
            return call.reply(200, each.body, ("etag", call.estate.etags[each.path]))
    raise not_found(private)


def _tenants(call: Call, node: Node) -> Reply:
    shown = ("availabilityDomain", "compartmentId", "shape", "timeCreated")
    tenants = [
        {"instanceId": each.path, **{name: each.body[name] for name in shown}}
        for each in call.estate.graph.of("core.instances")
        if each.body.get("dedicatedVmHostId") == node.path
        and each.body["compartmentId"] == call.request.parameter("compartmentId")
    ]
    return paged(call, tenants)


def _pool_members(call: Call, node: Node) -> Reply:
    return paged(call, [_member(node, each) for each in _in_pool(call, node)])


def _join(call: Call, node: Node) -> Reply:
    """Attach an instance that is there to a pool."""
    ocid = str(call.body().get("instanceId"))
    joining = call.estate.graph.find(ocid)
    if joining is None or joining.kind != "core.instances":
        raise not_found(ocid)
    joining.facts["pool"] = node.path
    node.body["size"] += 1
    for each in (node, joining):
        call.estate.graph.touch(each)
    return call.reply(200, _member(node, joining))


def _in_pool(call: Call, node: Node) -> list[Node]:
    instances = call.estate.graph.of("core.instances")
    return [each for each in instances if each.facts.get("pool") == node.path]


def _member(pool: Node, node: Node) -> dict[str, Any]:
    shown = ("availabilityDomain", "compartmentId", "displayName", "region", "timeCreated")
    return {
        "id": node.path,
        "instanceConfigurationId": pool.body["instanceConfigurationId"],
        "state": str(node.body["lifecycleState"]).title(),
        **{name: node.body[name] for name in shown},
    }


def _add_tag(call: Call, node: Node) -> Reply:
    tags, body = _tags_of(node), call.body()
    if any(each["name"].lower() == str(body["name"]).lower() for each in tags):
        raise Refused(409, "TagDefinitionAlreadyExists", f"{body['name']} exists already")
    made = {
        "id": call.estate.ocid("tagdefinition", HOME),
        "compartmentId": node.body["compartmentId"],
        "tagNamespaceId": node.path,
        "tagNamespaceName": node.body["name"],
        "name": body["name"],
        "description": body.get("description", ""),
        "isRetired": False,
        "isCostTracking": False,
        "validator": body.get("validator"),
        "lifecycleState": "ACTIVE",
        "timeCreated": zulu(call.estate.clock.now()),
    }
    tags.append(made)
    return call.reply(200, made, ("etag", call.estate.digits(16)))


def _tags(call: Call, node: Node) -> Reply:
    """Show the keys of a namespace, or one of them."""
    if call.at.rest[1:]:
        return call.reply(200, _tag(call, node), ("etag", call.estate.digits(16)))
    shown = {"tagNamespaceId", "tagNamespaceName", "validator"}
    every = _tags_of(node)
    return paged(call, [{k: v for k, v in each.items() if k not in shown} for each in every])


def _remove_tag(call: Call, node: Node) -> Reply:
    _tags_of(node).remove(_tag(call, node))
    return call.reply(202, None, ("opc-work-request-id", "ocid1.tagworkrequest.oc1..x"))


def _tag(call: Call, node: Node) -> dict[str, Any]:
    name = call.at.rest[1]
    for each in _tags_of(node):
        if each["name"].lower() == name.lower():
            return each
    raise not_found(name)


def _tags_of(node: Node) -> list[dict[str, Any]]:
    tags: list[dict[str, Any]] = node.facts.setdefault("tags", [])
    return tags


def _credentials(call: Call, node: Node, head: str) -> Reply:
    """List, add or remove what a user signs in with."""
    held: list[dict[str, Any]] = node.facts.setdefault(head, [])
    rest = call.at.rest[1:]
    verb = call.request.method
    if verb == "GET" and not rest:
        return call.reply(200, held)
    if verb == "POST" and not rest:
        digits = call.estate.digits(32)
        mark = ":".join(digits[at : at + 2] for at in range(0, 32, 2))
        made: dict[str, Any] = {
            "userId": node.path,
            "lifecycleState": "ACTIVE",
            "timeCreated": zulu(call.estate.clock.now()),
        }
        if head == "apiKeys":
            made |= {"fingerprint": mark, "keyId": f"{call.estate.tenancy}/{node.path}/{mark}"}
            made["keyValue"] = call.body().get("key", "")
        else:
            made |= {"id": call.estate.ocid("credential", HOME)}
            made["description"] = call.body().get("description", "")
        held.append(made)
        return call.reply(200, made, ("etag", call.estate.digits(16)))
    if verb == "DELETE" and rest:
        left = [each for each in held if rest[0] not in {each.get("fingerprint"), each.get("id")}]
        if len(left) == len(held):
            raise not_found(rest[0])
        node.facts[head] = left
        return call.reply(204)
    raise call.not_served()


def _act(call: Call, node: Node) -> Reply:
    """Schedule the deletion of a vault or key, or connect a peering gateway."""
    action = call.at.rest[1]
    if action == "addSecurityRules":
        return _add_rules(call, node)
    if action == "connect":
        peer = call.estate.graph.find(str(call.body().get("peerId")))
        if peer is None or peer.kind != node.kind:
            raise not_found(str(call.body().get("peerId")))
        for one, other in ((node, peer), (peer, node)):
            one.body |= {"peerId": other.path, "peeringStatus": "PEERED"}
            call.estate.changed(one)
        return call.reply(204)
    if action != "scheduleDeletion":
        raise call.not_served()
    check_etag(call, node)
    if node.going:
        raise Refused(409, "IncorrectState", f"{node.path} is {node.body['lifecycleState']}")
    now = call.estate.clock.now()
    wanted = call.body().get("timeOfDeletion")
    until = datetime.fromisoformat(wanted) if wanted else now + _USUAL
    if not _LEAST - timedelta(minutes=5) <= until - now <= _MOST + timedelta(minutes=5):
        raise Refused(400, "InvalidParameter", "timeOfDeletion is not 7 to 30 days from now")
    for each in call.estate.graph.going_with(node):
        if not each.going:
            each.body["timeOfDeletion"] = zulu(until)
            ending.mark(call.estate, each)
            call.estate.timetable.after(
                (until - now).total_seconds(), partial(ending.end, call.estate, each)
            )
    return call.reply(200, node.body, ("etag", call.estate.etags[node.path]))


# What is below one thing of a collection: by method, collection, and what follows the thing.
_BELOW: Mapping[tuple[str, str, str], Callable[[Call, Node], Reply]] = {
    ("GET", "core.networkSecurityGroups", "vnics"): _members,
    ("GET", "core.networkSecurityGroups", "securityRules"): _security_rules,
    ("GET", "core.instancePools", "instances"): _pool_members,
    ("POST", "core.instancePools", "instances"): _join,
    ("GET", "core.dedicatedVmHosts", "instances"): _tenants,
    ("GET", "identity.tagNamespaces", "tags"): _tags,
    ("POST", "identity.tagNamespaces", "tags"): _add_tag,
    ("DELETE", "identity.tagNamespaces", "tags"): _remove_tag,
}
