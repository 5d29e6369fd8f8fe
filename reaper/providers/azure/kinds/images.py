"""Compute: images and galleries, which scale sets start their machines from."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.azure.ids import canonical, is_below
from reaper.providers.azure.kind import AzureKind, Items, search
from reaper.providers.azure.kinds.machines import COMPUTE, IMAGE_OF_SCALE_SET
from reaper.providers.azure.mentions import Sought, by_exact_id, by_id, used_by
from reaper.providers.azure.names import (
    GALLERY,
    GALLERY_IMAGE,
    GALLERY_VERSION,
    IMAGE,
    SCALE_SET,
)
from reaper.providers.azure.reading import Reader

GALLERIES = "2026-03-03"
_LISTED = (
    "Microsoft.Compute/virtualMachineScaleSets/read",
    "Microsoft.ResourceGraph/resources/read",
)


def _tell_users(reader: Reader, images: Items) -> None:
    """Tell which scale sets start machines from an image: they would scale no more without it.

    One that names a gallery's image takes its newest version, whichever that is. Those of other
    subscriptions are told by Resource Graph.
    """
    path = f"{reader.api.base}/providers/Microsoft.Compute/virtualMachineScaleSets"
    for scale_set in reader.api.all_of(path, reader.api.version(SCALE_SET, COMPUTE)):
        used = canonical(search(IMAGE_OF_SCALE_SET, scale_set) or "")
        for identity, image in images.items():
            newest = identity.partition("/versions/")[0]
            if used in {identity, newest}:
                image.setdefault("+users", []).append(scale_set["id"])
    elsewhere = used_by(
        reader,
        {identity: _as_named(identity) for identity in images},
        only=frozenset({SCALE_SET}),
    )
    for identity, image in images.items():
        others = [each for each in elsewhere[identity] if not is_below(each, reader.api.base)]
        image["+users"] = [*image.get("+users", ()), *others]


def _as_named(identity: str) -> tuple[Sought, ...]:
    """How a scale set may name an image: itself, or as its newest version."""
    newest = identity.partition("/versions/")[0]
    return (by_id(identity),) if newest == identity else (by_id(identity), by_exact_id(newest))


KINDS = (
    AzureKind(
        # Machines run on without it.
        kind=Kind(name=IMAGE, service="microsoft.compute", after=(SCALE_SET,), reused=True),
        type="Microsoft.Compute/images",
        version=COMPUTE,
        complete=(_tell_users,),
        actions=_LISTED,
    ),
    AzureKind(
        kind=Kind(name=GALLERY_VERSION, service="microsoft.compute", after=(SCALE_SET,)),
        type="Microsoft.Compute/galleries/images/versions",
        version=GALLERIES,
        incarnation="properties.publishingProfile.publishedDate",
        created="properties.publishingProfile.publishedDate",
        complete=(_tell_users,),
        actions=_LISTED,
    ),
    AzureKind(
        kind=Kind(
            name=GALLERY_IMAGE, service="microsoft.compute", after=(GALLERY_VERSION,), reused=True
        ),
        type="Microsoft.Compute/galleries/images",
        version=GALLERIES,
        complete=(_tell_users,),
        nested=Relation.USED_BY,
        actions=_LISTED,
    ),
    AzureKind(
        kind=Kind(name=GALLERY, service="microsoft.compute", after=(GALLERY_IMAGE,), reused=True),
        type="Microsoft.Compute/galleries",
        version=GALLERIES,
        nested=Relation.USED_BY,
    ),
)
