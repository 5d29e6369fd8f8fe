"""IDs are one in whatever case, and a part of something means that."""

from __future__ import annotations

import pytest

from reaper.model import Ref
from reaper.providers.azure import names
from reaper.providers.azure.ids import Names, canonical, is_below, read_id

BASE = "/subscriptions/S-1/resourceGroups/RG"


@pytest.mark.parametrize(
    ("text", "kind", "group"),
    [
        (BASE, names.GROUP, "/subscriptions/s-1/resourcegroups/rg"),
        (
            f"{BASE}/providers/Microsoft.Compute/disks/D",
            names.DISK,
            "/subscriptions/s-1/resourcegroups/rg",
        ),
        (
            f"{BASE}/providers/Microsoft.Compute/galleries/G/images/I/versions/1.0",
            names.GALLERY_VERSION,
            "/subscriptions/s-1/resourcegroups/rg",
        ),
        (
            f"{BASE}/providers/M.C/x/y/providers/Microsoft.Authorization/roleAssignments/R",
            names.ROLE_ASSIGNMENT,
            "/subscriptions/s-1/resourcegroups/rg",
        ),
        ("/subscriptions/s-1/providers/M.E/things/t", "azure:m.e/things", None),
    ],
)
def test_an_id_tells_kind_and_group(text: str, kind: str, group: str | None) -> None:
    found = read_id(text)

    assert found is not None
    assert (found.kind, found.group, found.subscription) == (kind, group, "s-1")
    assert found.id == text.lower()
    assert Ref.parse(f"{found.kind}@s-1/{found.id}").id == found.id


@pytest.mark.parametrize(
    "text", ["", "x", "/subscriptions/s-1", f"{BASE}/providers/Microsoft.Compute/disks", "/a//b"]
)
def test_what_is_no_resource_is_none(text: str) -> None:
    assert read_id(text) is None


def test_a_part_means_what_it_is_in_unless_it_is_a_resource_of_its_own() -> None:
    known = Names("s-1", lambda kind: kind in {names.GALLERY_IMAGE, names.GALLERY_VERSION})
    subnet = known.find(f"{BASE}/providers/Microsoft.Network/virtualNetworks/N/subnets/s")
    image = known.find(f"{BASE}/providers/Microsoft.Compute/galleries/G/images/I")

    assert subnet is not None
    assert subnet.id == f"{BASE}/providers/microsoft.network/virtualnetworks/n".lower()
    assert image is not None
    assert image.kind == names.GALLERY_IMAGE


def test_another_subscriptions_resource_is_not_found_here() -> None:
    known = Names("s-1", lambda _: False)

    assert known.find("/subscriptions/s-2/resourceGroups/g") is None


def test_below_is_by_whole_names() -> None:
    assert is_below("/a/b", "/a")
    assert is_below("/a", "/a")
    assert not is_below("/ab", "/a")
    assert canonical("A/b/") == "/a/b"
