"""Secret Manager: secrets, with all their versions."""

from __future__ import annotations

from collections.abc import Mapping

from reaper.model import Kind
from reaper.providers.gce.kind import BORN, Deed, GceKind, tell_born
from reaper.providers.gce.names import SECRET


def _as_read(deed: Deed) -> Mapping[str, str]:
    """Let Google refuse if it was changed, or made anew, since the last look."""
    etag = deed.item.get("etag")
    return {"etag": str(etag)} if etag else {}


KINDS = (
    GceKind(
        kind=Kind(name=SECRET, service="secretmanager"),
        service="secretmanager",
        collection="secrets",
        form="secrets/[^/]+",
        lists=("secrets",),
        listed="secrets",
        refine=tell_born,
        incarnation=BORN,
        created="createTime",
        condition=_as_read,
    ),
)
