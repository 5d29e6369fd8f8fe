"""Key Vault: vaults that were deleted, and their purge."""

from __future__ import annotations

from reaper.sandbox.azure.arm.asking import Ask
from reaper.sandbox.azure.arm.deleting import DELETED_VAULTS
from reaper.sandbox.azure.arm.lists import cut
from reaper.sandbox.azure.arm.operating import begin
from reaper.sandbox.azure.dialect import Refused
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import Failure
from reaper.sandbox.kernel.requests import Reply, as_json


def answer(estate: Estate, ask: Ask) -> Reply:
    """List, show or purge deleted vaults.

    Raises:
        Refused: There is none of this name, or it is protected.
    """
    if ask.verb == "list":
        base = f"/subscriptions/{ask.target.subscription}/"
        nodes = [node for node in estate.graph.of(DELETED_VAULTS) if node.path.startswith(base)]
        return cut(estate, ask, nodes, lambda node: node.body)
    node = estate.graph.find(ask.target.path)
    if node is None:
        name = ask.target.name
        raise Refused(
            404, "DeletedVaultNotFound", f"The specified deleted vault '{name}' was not found."
        )
    return as_json(200, node.body) if ask.verb == "get" else _purge(estate, ask, node)


def _purge(estate: Estate, ask: Ask, node: Node) -> Reply:
    if node.body["properties"].get("purgeProtectionEnabled"):
        message = "Operation 'DeletedVaultPurge' is not allowed."
        raise Refused(405, "MethodNotAllowed", message)

    def finish() -> Failure | None:
        estate.graph.remove(node)
        return None

    return begin(estate, ask, node, takes_s=estate.lags.delete_s, finish=finish)
