"""Vault: vaults and keys, which OCI keeps for a while after their deletion was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.oci.deleting import condition
from reaper.providers.oci.kind import Deed, Items, Link, OciKind
from reaper.providers.oci.kinds.usage import ENCRYPTED, tell_encrypted
from reaper.providers.oci.names import KEY, VAULT
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.reading import read_time
from reaper.providers.protocol import Answer, Reply

# The least that OCI asks for is seven days; a little more, for clocks that differ.
_KEPT = timedelta(days=7, minutes=10)
_PARTS = 5
_OVER = "DELETED"
_SCHEDULED: dict[str, Any] = {
    "over": frozenset({_OVER}),
    "going": frozenset({"DELETING", "PENDING_DELETION", "SCHEDULING_DELETION"}),
    "purge": "timeOfDeletion",
}


def endpoint(resource_id: str, region: str) -> str:
    """Where a vault's keys are asked for: its part of their OCIDs is in its host's name."""
    import oci  # noqa: PLC0415 - there, since a cell is asked

    parts = resource_id.split(".")
    if len(parts) <= _PARTS:
        return ""
    template = f"https://{parts[4]}-management.kms.{{region}}.{{secondLevelDomain}}"
    return str(oci.regions.endpoint_for("kms", region=region, service_endpoint_template=template))


def _by_vault(reach: Reach, compartment: str) -> Iterable[Mapping[str, Any]]:  # noqa: ARG001 - the declaration's
    """The lists of a compartment's keys: each vault has its own."""
    vaults = [
        each for each in reach.everywhere(reach.kinds[VAULT]) if each["lifecycleState"] != _OVER
    ]
    return [{"at": endpoint(str(each["id"]), reach.region)} for each in vaults]


def _tell_keys(reach: Reach, vaults: Items) -> None:
    """Tell which keys are in a vault, in whichever compartment: its deletion schedules theirs."""
    kind = reach.kinds[KEY]

    def ask(place: tuple[str, str]) -> list[dict[str, Any]]:
        at, compartment = place
        what = f"{KEY} {reach.region} {at} {compartment}"
        return reach.told.shared(what, lambda: list(reach.listed(kind, compartment, at=at)))

    hosts = dict.fromkeys(endpoint(each, reach.region) for each in vaults)
    places = reach.worth_asking(kind, reach.compartments)
    for keys in at_once(ask, [(at, where) for at in hosts for where in places]):
        for each in keys:
            if each["vaultId"] in vaults and each["lifecycleState"] != _OVER:
                vaults[each["vaultId"]].setdefault("+keys", []).append(str(each["id"]))


def _schedule(deed: Deed, operation: str, **what: Any) -> Answer:
    reach, kind = deed.reach, deed.reach.kinds[deed.ref.kind]
    until = datetime.now(UTC) + _KEPT
    details = {"timeOfDeletion": until.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    answer = reach.connection.change(
        kind.client,
        reach.region,
        operation,
        at=reach.at(kind, deed.ref.id),
        **what,
        **{f"{operation}_details": details},
        **condition(kind, deed),
    )
    return Answer(
        reply=Reply.SCHEDULED,
        detail="OCI deletes it then",
        until=read_time(answer.body.get("timeOfDeletion")) or until,
    )


def _schedule_vault(deed: Deed) -> Answer:
    return _schedule(deed, "schedule_vault_deletion", vault_id=deed.ref.id)


def _schedule_key(deed: Deed) -> Answer:
    return _schedule(deed, "schedule_key_deletion", key_id=deed.ref.id)


KINDS = (
    OciKind(
        # Nobody can list what was encrypted with its keys.
        kind=Kind(name=VAULT, service="vaults", report_only=True),
        client="vaults",
        noun="vault",
        get="get_vault",
        own="vault_id",
        list="list_vaults",
        whole=False,
        deletion=_schedule_vault,
        searched="Vault",
        family="vaults",
        usage=(_tell_keys,),
        # Keys are nobody's but whose tags they bear, whichever vault they are in.
        links=(Link(Relation.TAKES, '"+keys"', KEY),),
        **_SCHEDULED,
    ),
    OciKind(
        kind=Kind(name=KEY, service="keys", report_only=True),
        client="keys",
        noun="key",
        get="get_key",
        own="key_id",
        list="list_keys",
        lists=_by_vault,
        whole=False,
        deletion=_schedule_key,
        searched="Key",
        family="keys",
        at=endpoint,
        usage=(tell_encrypted,),
        links=ENCRYPTED,
        **_SCHEDULED,
    ),
)
