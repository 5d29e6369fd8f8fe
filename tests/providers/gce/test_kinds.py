"""Every declaration of a kind is true of Google's own description of its API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")
pytest.importorskip("google.auth")

from reaper.model import SCOPE_PARTS, Ref, Relation
from reaper.providers.gce import names
from reaper.providers.gce.kind import Filter, GceKind, Guard, Link, Place, Users, found, search
from reaper.providers.gce.kinds import KINDS
from reaper.providers.gce.links import Names, target_of
from reaper.providers.gce.names import CERTIFICATE, DISK, INSTANCE, KMS_KEY, ROUTE, SERVICE_ACCOUNT
from reaper.providers.gce.reading import read_labels
from tests.providers.gce.discovered import (
    HERE,
    NUMBER,
    PROJECT,
    api,
    ids,
    method,
    parameters,
    path,
    whole_item,
)

EVERY = [pytest.param(kind, id=name) for name, kind in KINDS.items()]
# What reaper adds to items by itself, so that no document tells of it.
_ADDED = "+"


@pytest.mark.parametrize("kind", EVERY)
def test_what_has_no_incarnation_is_known_by_a_name_that_can_be_used_again(kind: GceKind) -> None:
    assert kind.kind.reused is (kind.incarnation is None)


def hold_to_the_documents(kind: GceKind) -> None:
    """Refuse a declaration that names what Google does not have."""
    for resource_id in ids(kind):
        assert kind.is_id(resource_id), resource_id
        assert method(kind, "GET", path(kind, resource_id))["id"].endswith(".get")
        if kind.delete is None:
            assert method(kind, "DELETE", path(kind, resource_id))["id"].endswith(".delete")
    for listing in _lists(kind):
        told = method(kind, "GET", listing)
        assert told["id"].rpartition(".")[2] in {"list", "aggregatedList"}, told["id"]
        size = kind.api.page_size[0]
        assert not size or size in parameters(kind, told)
        if kind.filter is Filter.LABELS:
            assert "filter" in parameters(kind, told)
    _hold_paths_to_the_documents(kind, whole_item(kind))


def _hold_paths_to_the_documents(kind: GceKind, item: dict[str, Any]) -> None:
    for where in (kind.incarnation, kind.created, kind.state, kind.purge, kind.own_id):
        assert where is None or _ADDED in where or found(where, item), where
    assert kind.created is None or isinstance(search(kind.created, item), str)
    if kind.labels is not None:
        assert read_labels(search(kind.labels, item)), kind.labels
    for link in kind.links:
        assert _ADDED in link.path or found(link.path, _bearing(item)), link.path
    for users in kind.users:
        other = _bearing(whole_item(KINDS[users.kind]))
        assert found(users.of, other), users.of
        assert users.key is None or found(users.key, item), users.key
    for guard in kind.guards:
        assert _ADDED in guard.path or _names_in(guard.path) <= item.keys(), guard.path


def _lists(kind: GceKind) -> list[str]:
    if callable(kind.lists):
        return [path(kind, ids(kind)[0]).rpartition("/")[0]]
    return list(api().lists(kind))


def _bearing(item: dict[str, Any]) -> dict[str, Any]:
    """The item as the conditions in paths want one: with a disk of each sort, made by a group."""
    bearing = dict(item)
    if "disks" in item and "deletionProtection" in item:
        bearing["disks"] = [item["disks"][0], {**item["disks"][0], "autoDelete": False}]
        bearing["metadata"] = {"items": [{"key": "created-by", "value": "x"}]}
    return bearing


def _names_in(guard: str) -> set[str]:
    """The fields that a guard looks at: words outside quotes that no bracket follows."""
    import re  # noqa: PLC0415 - for this only

    bare = re.sub(r"'[^']*'", "", guard)
    return set(re.findall(r"\b([a-z]\w*)\b(?!\()", bare))


@pytest.mark.parametrize("kind", EVERY)
def test_a_kind_is_true_of_the_discovery_document(kind: GceKind) -> None:
    hold_to_the_documents(kind)


@pytest.mark.parametrize("kind", EVERY)
def test_a_kinds_order_and_links_name_declared_kinds(kind: GceKind) -> None:
    named = {*kind.kind.after, *(users.kind for users in kind.users)}
    named |= {each for link in kind.links for each in link.only or ()}

    assert named <= set(KINDS)


@pytest.mark.parametrize("kind", EVERY)
def test_a_kinds_ids_are_read_from_every_form_of_link(kind: GceKind) -> None:
    known = Names(PROJECT, NUMBER, KINDS.values())

    for resource_id in ids(kind):
        forms = [
            f"projects/{PROJECT}/{resource_id}",
            f"projects/{NUMBER}/{resource_id}",
            f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/{resource_id}",
            f"//{kind.service}.googleapis.com/projects/{PROJECT}/{resource_id}",
        ]
        if kind.collection == "b":
            forms = [f"//storage.googleapis.com/{resource_id}"]
        for form in forms:
            assert known.find(form) == Ref(kind=kind.name, scope=PROJECT, id=resource_id), form


def test_a_link_into_another_project_leads_nowhere_here() -> None:
    known = Names(PROJECT, NUMBER, KINDS.values())

    assert known.find("projects/debian-cloud/global/images/debian-12") is None
    assert known.find("not a link") is None
    assert target_of("global/networks/net") is not None


def test_no_two_kinds_claim_the_same_id() -> None:
    known = Names(PROJECT, NUMBER, KINDS.values())

    for kind in KINDS.values():
        for resource_id in ids(kind):
            assert known.kind_of(resource_id) is kind


def test_every_name_of_a_kind_is_declared_and_in_place() -> None:
    declared = {name for name in vars(names).values() if str(name).startswith("gce:")}

    assert declared == set(KINDS)
    assert SCOPE_PARTS["gce"] == PROJECT.count("/") + 1
    example = f"{DISK}@{PROJECT}/{HERE[Place.ZONE]}/disks/data"
    assert Ref.parse(example).id == "zones/us-central1-a/disks/data"


def test_what_bears_no_labels_is_not_taggable() -> None:
    untaggable = {name for name, kind in KINDS.items() if not kind.kind.taggable}

    assert untaggable == {name for name, kind in KINDS.items() if kind.filter is Filter.NONE}


@pytest.mark.parametrize(
    "mistake",
    [
        {"created": "createTime"},
        {"incarnation": "Id"},
        {"collection": "disk"},
        {"places": (Place.ZONE, Place.GLOBAL)},
        {"aggregated": False},
        {"labels": "tags"},
        {"state": "state"},
        {"links": (Link(Relation.USED_BY, "usedBy"),)},
        {"users": (Users(kind=INSTANCE, of="disk[].source"),)},
        {"guards": (Guard("deletionProtection", "protected"),)},
    ],
)
def test_a_misspelt_declaration_is_caught(mistake: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        hold_to_the_documents(replace(KINDS[DISK], **mistake))


@pytest.mark.parametrize(
    ("route", "forbidden"),
    [
        ({"name": "default-route-1", "nextHopGateway": "g"}, True),
        ({"name": "mine", "nextHopGateway": "g"}, False),
        ({"name": "mine", "nextHopPeering": "p"}, True),
        ({"name": "mine", "nextHopNetwork": "n"}, True),
        ({"name": "mine", "routeType": "SUBNET"}, True),
        ({"name": "mine", "routeType": "STATIC"}, False),
    ],
)
def test_routes_that_google_makes_are_never_touched(route: dict[str, str], forbidden: bool) -> None:  # noqa: FBT001 - an expectation
    guards = [guard for guard in KINDS[ROUTE].guards if search(guard.path, route)]

    assert bool(guards) == forbidden


def test_only_keys_are_reported_unless_enabled() -> None:
    assert {name for name, kind in KINDS.items() if kind.kind.report_only} == {KMS_KEY}
    assert KINDS[SERVICE_ACCOUNT].kind.report_only is False
    assert KINDS[CERTIFICATE].kind.taggable is False
