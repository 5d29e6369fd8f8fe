"""Storage accounts: their containers, as far as these keep an account from going."""

from __future__ import annotations

from reaper.sandbox.azure.arm.asking import Ask
from reaper.sandbox.azure.arm.rules import CONTAINERS
from reaper.sandbox.azure.dialect import Refused
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.kernel.requests import Reply, as_json


def put_container(estate: Estate, ask: Ask) -> Reply:
    """Make a container; one that is asked for with a legal hold or a policy has it at once.

    Raises:
        Refused: There is no such account.
    """
    at = ask.target
    account = at.id.partition("/blobServices/")[0]
    if estate.graph.find(account.lower()) is None:
        raise Refused(404, "ResourceNotFound", f"The storage account '{account}' was not found.")
    asked = ask.body().get("properties", {})
    held = bool(asked.get("hasLegalHold") or asked.get("hasImmutabilityPolicy"))
    body = {
        "id": at.id,
        "name": at.name,
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "etag": '"0x8DC"',
        "properties": {
            "lastModifiedTime": estate.now(),
            "publicAccess": "None",
            "hasLegalHold": bool(asked.get("hasLegalHold")),
            "hasImmutabilityPolicy": bool(asked.get("hasImmutabilityPolicy")),
        },
    }
    facts = {"account": account if held else None, "not_provisioned": True}
    node = estate.graph.find(at.path) or estate.add(CONTAINERS, at.id, body, facts=facts)
    return as_json(201, node.body)
