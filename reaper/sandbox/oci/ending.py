"""How things go: what is refused at once, what goes along, and what is left of them."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import Failure, LongOperation
from reaper.sandbox.oci import working
from reaper.sandbox.oci.dialect import Refused
from reaper.sandbox.oci.estate import Estate
from reaper.sandbox.oci.shapes.hosts import replenish
from reaper.sandbox.oci.sorts import SORTS

_CREDENTIALS = ("apiKeys", "authTokens", "customerSecretKeys", "smtpCredentials")
_SCHEDULED = frozenset({"kms.vaults", "kms.keys"})


def refuse(node: Node) -> None:
    """Refuse what is never deleted by itself, or is protected.

    Raises:
        Refused: It is such.
    """
    _refuse_part(node)
    _refuse_protected(node)


def _refuse_part(node: Node) -> None:
    words = f"{SORTS[node.kind].words} {node.path}"
    if "defaultOf" in node.facts:
        raise Refused(409, "Conflict", f"{words} is the default one of {node.facts['defaultOf']}")
    if node.kind == "core.privateIps" and node.body.get("isPrimary"):
        raise Refused(409, "IncorrectState", f"{words} is primary, and goes with its VNIC only")
    if node.kind == "core.vnicAttachments" and node.facts.get("primary"):
        raise Refused(409, "IncorrectState", f"{words} is that of the primary VNIC")
    if node.kind in _SCHEDULED:
        raise Refused(405, "MethodNotAllowed", f"{words} is scheduled for deletion only")
    if node.kind == "core.vnics":
        raise Refused(405, "MethodNotAllowed", "A VNIC is deleted by detaching it")


def _refuse_protected(node: Node) -> None:
    words = f"{SORTS[node.kind].words} {node.path}"
    if node.body.get("isDeleteProtectionEnabled"):
        raise Refused(409, "IncorrectState", f"{words} has delete protection enabled")
    if node.body.get("isPreventDeletionEnabled"):
        raise Refused(409, "IncorrectState", f"{words} is under a retention lock")
    if node.body.get("locks"):
        raise Refused(409, "Conflict", f"{words} has a resource lock")
    held = [each for each in _CREDENTIALS if node.facts.get(each)]
    if held:
        raise Refused(409, "Conflict", f"{words} has {', '.join(held)}")
    if node.kind == "identity.tagNamespaces" and node.facts.get("tags"):
        raise Refused(409, "IncorrectState", f"{words} is not empty")


def begin(
    estate: Estate, node: Node, *, takes_s: float, fails: Failure | None = None
) -> LongOperation:
    """Mark what goes, and let it go later; one that fails in the end is as it was."""
    along = estate.graph.going_with(node)
    before = [(each, each.body.get("lifecycleState")) for each in along]
    for each in along:
        mark(estate, each)

    def finish() -> Failure | None:
        failure = fails or _not_empty(estate, node)
        if failure is not None:
            _unmark(estate, before)
            return failure
        for each in estate.graph.going_with(node):
            end(estate, each)
        return None

    return working.begin(estate, node, "DELETE", takes_s=takes_s, finish=finish)


def _not_empty(estate: Estate, node: Node) -> Failure | None:
    for each, held in estate.graph.blockers(node):
        words = f"{SORTS[each.kind].words} {each.path} is in use by {held.by.path}"
        return Failure(code="ResourceInUse", message=words)
    return None


def mark(estate: Estate, node: Node) -> None:
    """Let it be seen to go."""
    node.going = True
    going = SORTS[node.kind].life.going
    if going is not None:
        node.body["lifecycleState"] = going
    estate.changed(node)


def _unmark(estate: Estate, before: list[tuple[Node, Any]]) -> None:
    for node, state in before:
        if node.gone:
            continue
        node.going = False
        if state is not None:
            node.body["lifecycleState"] = state
        estate.changed(node)


def end(estate: Estate, node: Node) -> None:
    """Let it be over, with what that changes elsewhere."""
    _let_addresses_go(estate, node)
    if node.kind == "core.volumeGroups":
        for ocid in node.body["volumeIds"]:
            volume = estate.graph.find(str(ocid))
            if volume is not None:
                volume.body.pop("volumeGroupId", None)
                estate.changed(volume)
    if node.kind == "core.localPeeringGateways" and node.body.get("peerId"):
        peer = estate.graph.find(str(node.body["peerId"]))
        if peer is not None:
            peer.body["peeringStatus"] = "REVOKED"
            estate.changed(peer)
    sort = SORTS[node.kind]
    estate.depart(node, state=sort.life.over, shown_s=sort.shown_s)
    pool = estate.graph.find(str(node.facts.get("pool")))
    if pool is not None and node.kind == "core.instances":
        making = pool.facts["making"]
        estate.timetable.after(estate.lags.heal_s, lambda: replenish(making, pool))


def _let_addresses_go(estate: Estate, node: Node) -> None:
    """Let reserved public IPs outlive the private one or the load balancer that they are of."""
    mine = node.facts.get("reservedIps", ())
    if node.kind != "core.privateIps" and not mine:
        return
    for each in tuple(estate.graph.of("core.publicIps")):
        of_private = each.body.get("assignedEntityId") == node.path and not each.going
        if of_private or each.path in mine:
            unassign(estate, each)


def unassign(estate: Estate, address: Node) -> None:
    """Let a reserved public IP be nobody's again."""
    for name in ("assignedEntityId", "assignedEntityType", "privateIpId"):
        address.body.pop(name, None)
    address.body["lifecycleState"] = "AVAILABLE"
    estate.changed(address)
