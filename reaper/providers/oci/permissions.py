"""What each kind needs in the words of OCI's policies: verbs, and the types that they are about.

https://docs.oracle.com/iaas/Content/Identity/Reference/policyreference.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reaper.providers.oci.kind import OciKind
from reaper.providers.oci.kinds import KINDS
from reaper.providers.oci.names import (
    BOOT_VOLUME_ATTACHMENT,
    BUCKET,
    DRG_ATTACHMENT,
    DYNAMIC_GROUP,
    GROUP,
    IMAGE,
    INSTANCE,
    LOAD_BALANCER,
    NETWORK_LOAD_BALANCER,
    POOL,
    USER,
    VOLUME_ATTACHMENT,
)

# Each lets its caller do what those before it do.
VERBS = ("inspect", "read", "use", "manage")
# Who and where it is, which compartments there are, and whether tags can be defined.
ALWAYS = ("inspect tenancies", "inspect compartments", "inspect tag-namespaces")
# What tells `reaper doctor` what its caller may do.
ASKING = ("inspect policies", "inspect groups", "inspect users")
_NETWORKS, _VOLUMES = "virtual-network-family", "volume-family"
# What an aggregate type covers, of the types that stand here.
FAMILIES: Mapping[str, frozenset[str]] = {
    "instance-family": frozenset({"volume-attachments"}),
    _NETWORKS: frozenset({"drgs", "vnic-attachments"}),
    _VOLUMES: frozenset({"volume-attachments"}),
}
# What is looked at beyond a kind's own things and those that it is bound to.
_LOOKS: Mapping[str, tuple[str, ...]] = {
    BUCKET: ("inspect objects",),
    DYNAMIC_GROUP: ("inspect policies",),
    GROUP: ("inspect policies", "read users"),
    IMAGE: ("read compute-management-family",),
    INSTANCE: ("read compute-management-family",),
    USER: ("inspect groups",),
}
_OF_INSTANCE = (f"use {_NETWORKS}", f"use {_VOLUMES}", "manage volume-attachments")
_OF_ATTACHMENT = ("use instance-family", f"use {_VOLUMES}")
# What is changed beyond a kind's own things when one is deleted.
_CHANGES: Mapping[str, tuple[str, ...]] = {
    BOOT_VOLUME_ATTACHMENT: _OF_ATTACHMENT,
    BUCKET: ("manage objects",),
    DRG_ATTACHMENT: (f"manage {_NETWORKS}",),
    INSTANCE: _OF_INSTANCE,
    LOAD_BALANCER: (f"use {_NETWORKS}",),
    NETWORK_LOAD_BALANCER: (f"use {_NETWORKS}",),
    POOL: (*_OF_INSTANCE, "manage instance-family"),
    USER: ("use groups",),
    VOLUME_ATTACHMENT: _OF_ATTACHMENT,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a kind needs, such as `manage volume-family`: for looking, and for deleting."""

    looks: tuple[str, ...]
    changes: tuple[str, ...]


def needs_of(kind: OciKind) -> Needs:
    """What a kind's declaration calls for.

    Looking leads to whatever it is bound to. `inspect` shows some things only in part, without the
    tags: `read` is the least that always shows them.
    """
    families = dict.fromkeys((kind.family, *(KINDS[each.kind].family for each in kind.links)))
    looks = (*(f"read {each}" for each in families), *_LOOKS.get(kind.name, ()))
    deletes = bool(kind.delete or kind.deletion)
    own = (f"manage {kind.family}",) if deletes else ()
    return Needs(looks=looks, changes=(*own, *_CHANGES.get(kind.name, ())))


def least(needs: Iterable[str]) -> tuple[str, ...]:
    """Name each type once, by the strongest verb; what an aggregate covers is left out."""
    strongest: dict[str, int] = {}
    for each in needs:
        verb, _, of = each.partition(" ")
        strongest[of] = max(strongest.get(of, 0), VERBS.index(verb))
    return tuple(
        f"{VERBS[verb]} {of}"
        for of, verb in strongest.items()
        if not any(
            of in members and strongest.get(family, -1) >= verb
            for family, members in FAMILIES.items()
        )
    )
