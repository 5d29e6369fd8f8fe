"""Storage accounts, which immutable containers keep from going."""

from __future__ import annotations

from reaper.model import Kind
from reaper.providers.azure.answers import ArmError
from reaper.providers.azure.kind import AzureKind, Guard, Items, search
from reaper.providers.azure.mentions import BEHIND_ENDPOINTS, Sought, by_host, by_id, used_by
from reaper.providers.azure.names import ACCOUNT, ENDPOINT, MACHINE
from reaper.providers.azure.reading import Reader

VERSION = "2026-09-01"
_SERVICES = ("blob", "dfs", "file", "queue", "table", "web")
_CAME = "properties.lastModifiedTime"
# Said of accounts that have no blobs at all.
_NO_BLOBS = frozenset({"FeatureNotSupportedForAccount"})


def _tell_immutable(reader: Reader, accounts: Items) -> None:
    """Tell whether a container has a legal hold or an immutability policy, and which came last."""
    for identity, account in accounts.items():
        path = f"{reader.api.spelt(identity)}/blobServices/default/containers"
        try:
            containers = list(reader.api.listed(path, reader.api.version(ACCOUNT, VERSION)))
        except ArmError as error:
            if error.code in _NO_BLOBS:
                continue
            raise
        came = [told for each in containers if (told := search(_CAME, each))]
        if came:
            account["+used"] = max(came)
        held = [
            str(each["name"])
            for each in containers
            if search("properties.hasLegalHold || properties.hasImmutabilityPolicy", each)
        ]
        if held:
            account["+immutable"] = (
                f"its container {held[0]} has a legal hold or an immutability policy"
            )


def _tell_users(reader: Reader, accounts: Items) -> None:
    """Tell who keeps something there: machines their logs, endpoints, workspaces."""
    users = used_by(reader, {each: _as_named(each) for each in accounts})
    for identity, account in accounts.items():
        account["+users"] = users[identity]


def _as_named(account: str) -> tuple[Sought, ...]:
    """How others may name an account: by its ID, or by an address of its own or of its copy."""
    name = account.rpartition("/")[2]
    return (
        by_id(account),
        by_host(name, *_SERVICES),
        by_host(f"{name}-secondary", *_SERVICES),
    )


KINDS = (
    AzureKind(
        kind=Kind(name=ACCOUNT, service="microsoft.storage", after=(MACHINE, ENDPOINT)),
        type="Microsoft.Storage/storageAccounts",
        version=VERSION,
        incarnation="properties.creationTime",
        created="properties.creationTime",
        complete=(_tell_immutable, _tell_users),
        links=(BEHIND_ENDPOINTS,),
        guards=(Guard('"+immutable"'),),
        actions=(
            "Microsoft.Storage/storageAccounts/blobServices/containers/read",
            "Microsoft.ResourceGraph/resources/read",
        ),
    ),
)
