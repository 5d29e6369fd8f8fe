"""Key Vault: a vault that is deleted can be had back, until Azure or somebody purges it."""

from __future__ import annotations

from typing import Any

from reaper.model import Kind
from reaper.providers.azure.ids import canonical
from reaper.providers.azure.kind import AzureKind, Deed, Items
from reaper.providers.azure.mentions import BEHIND_ENDPOINTS, by_host, by_id, used_by
from reaper.providers.azure.names import ENDPOINT, MACHINE, VAULT
from reaper.providers.azure.operations import started
from reaper.providers.azure.reading import Reader
from reaper.providers.protocol import Answer

VERSION = "2026-05-15"


def deleted_vaults(reader: Reader) -> list[dict[str, Any]]:
    """The vaults of the subscription that can still be had back.

    They are asked for once by each reader, and never shared with one before: what was deleted in
    the meantime would seem to be gone for good.
    """
    path = f"{reader.api.base}/providers/Microsoft.KeyVault/deletedVaults"
    version = reader.api.version(VAULT, VERSION)
    return reader.once(path, lambda: list(reader.api.listed(path, version)))


def _had_back(reader: Reader, identity: str) -> dict[str, Any] | None:
    """Describe a vault that is deleted, and until when it can be had back."""
    for deleted in deleted_vaults(reader):
        told = deleted["properties"]
        if canonical(told["vaultId"]) != identity:
            continue
        protected = bool(told.get("purgeProtectionEnabled"))
        item: dict[str, Any] = {
            "id": told["vaultId"],
            "name": deleted["name"],
            "location": told["location"],
            "tags": told.get("tags"),
            "properties": {
                "state": "deleted; purge protection is on" if protected else "deleted",
                "enablePurgeProtection": protected,
            },
            "+deleted": deleted["id"],
        }
        if protected or not reader.purge:
            item["+purge"] = told["scheduledPurgeDate"]
        return item
    return None


def _tell_users(reader: Reader, vaults: Items) -> None:
    """Tell who works with its keys and secrets: disks, accounts and gateways that name it."""
    users = used_by(
        reader, {each: (by_id(each), by_host(each.rpartition("/")[2], "vault")) for each in vaults}
    )
    for identity, vault in vaults.items():
        vault["+users"] = users[identity]


def _delete(deed: Deed) -> Answer:
    return delete_vault(deed, deed.ref.id, deed.item)


def delete_vault(deed: Deed, identity: str, item: Any) -> Answer:
    """Delete a vault if it is there still, and purge it if that is wanted and allowed."""
    doing = f"deleting {identity}"
    connection, purged = deed.api.connection, item.get("+deleted")
    if purged is None:
        answer = started(connection, deed.api.delete(identity, VAULT, VERSION), doing=doing)
        protected = (item.get("properties") or {}).get("enablePurgeProtection")
        if not deed.purge or protected:
            return answer
        where, name = item["location"], item["name"]
        purged = (
            f"{deed.api.base}/providers/Microsoft.KeyVault/locations/{where}/deletedVaults/{name}"
        )
    version = deed.api.version(VAULT, VERSION)
    sent = connection.change("POST", f"{purged}/purge", version)
    return started(connection, sent, doing=f"purging {identity}")


KINDS = (
    AzureKind(
        kind=Kind(name=VAULT, service="microsoft.keyvault", after=(MACHINE, ENDPOINT), reused=True),
        type="Microsoft.KeyVault/vaults",
        version=VERSION,
        created="systemData.createdAt",
        complete=(_tell_users,),
        links=(BEHIND_ENDPOINTS,),
        gone=_had_back,
        delete=_delete,
        actions=(
            "Microsoft.KeyVault/deletedVaults/read",
            "Microsoft.KeyVault/locations/operationResults/read",
            "Microsoft.ResourceGraph/resources/read",
        ),
        changes=("Microsoft.KeyVault/locations/deletedVaults/purge/action",),
    ),
)
