"""Block Storage: volumes, groups of them, and their backups."""

from __future__ import annotations

from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.oci.kind import Guard, Link, OciKind
from reaper.providers.oci.kinds.usage import LAUNCHED, tell_launches
from reaper.providers.oci.names import (
    BOOT_VOLUME,
    BOOT_VOLUME_ATTACHMENT,
    BOOT_VOLUME_BACKUP,
    INSTANCE,
    VOLUME,
    VOLUME_ATTACHMENT,
    VOLUME_BACKUP,
    VOLUME_GROUP,
    VOLUME_GROUP_BACKUP,
)

_RETAINED = (
    Guard("isPreventDeletionEnabled", "its deletion is prevented"),
    Guard("isRetentionLockEnabled", "a retention lock is on it"),
)
_BACKUPS_OF_GROUP = (
    ("volumeBackupIds[?contains(@, '.volumebackup.')]", VOLUME_BACKUP),
    ("volumeBackupIds[?contains(@, '.bootvolumebackup.')]", BOOT_VOLUME_BACKUP),
)


def _backup(name: str, noun: str, **more: Any) -> OciKind:
    return _volume(
        name,
        noun,
        after=(VOLUME_GROUP_BACKUP,),
        guards=_RETAINED,
        usage=(tell_launches,),
        links=(
            Link(Relation.CONTROLLED_BY, "volumeGroupBackupId", VOLUME_GROUP_BACKUP),
            *LAUNCHED,
        ),
        **more,
    )


def _volume(name: str, noun: str, **more: Any) -> OciKind:
    words = name.rpartition(":")[2].replace("-", "_")
    after = more.pop("after", ())
    searched = "".join(each.title() for each in words.split("_"))
    return OciKind(
        kind=Kind(name=name, service="storage", after=after),
        client="storage",
        noun=noun,
        get=f"get_{words}",
        own=f"{words}_id",
        list=f"list_{words}s",
        delete=f"delete_{words}",
        searched=searched,
        family="volume-family",
        **more,
    )


KINDS = (
    _volume(
        VOLUME,
        "volume",
        after=(INSTANCE, VOLUME_ATTACHMENT, VOLUME_GROUP),
        usage=(tell_launches,),
        links=(Link(Relation.USED_BY, "volumeGroupId", VOLUME_GROUP), *LAUNCHED),
    ),
    _volume(
        BOOT_VOLUME,
        "bootvolume",
        after=(INSTANCE, BOOT_VOLUME_ATTACHMENT, VOLUME_GROUP),
        usage=(tell_launches,),
        links=(Link(Relation.USED_BY, "volumeGroupId", VOLUME_GROUP), *LAUNCHED),
    ),
    _backup(VOLUME_BACKUP, "volumebackup"),
    _backup(BOOT_VOLUME_BACKUP, "bootvolumebackup"),
    _volume(
        VOLUME_GROUP,
        "volumegroup",
        # Its members stay, and are of no group any more.
        links=tuple(
            Link(relation, f"volumeIds[?contains(@, '.{noun}.')]", kind)
            for noun, kind in (("volume", VOLUME), ("bootvolume", BOOT_VOLUME))
            for relation in (Relation.USES, Relation.ALTERS)
        ),
    ),
    _volume(
        VOLUME_GROUP_BACKUP,
        "volumegroupbackup",
        guards=_RETAINED,
        links=tuple(
            Link(relation, path, kind)
            for path, kind in _BACKUPS_OF_GROUP
            for relation in (Relation.TAKES, Relation.MADE)
        ),
    ),
)
