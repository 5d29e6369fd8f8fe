"""Every declaration of a kind is true of the SDK's own description of its API."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("oci")

from reaper.model import SCOPE_PARTS, Ref, Relation
from reaper.providers.oci import names
from reaper.providers.oci.kind import Guard, Link, OciKind
from reaper.providers.oci.kinds import KINDS
from reaper.providers.oci.kinds.keys import endpoint
from reaper.providers.oci.names import (
    BOOT_VOLUME_ATTACHMENT,
    BUCKET,
    INSTANCE,
    KEY,
    TAG_NAMESPACE,
    VAULT,
    VOLUME_ATTACHMENT,
)
from reaper.providers.oci.services import SERVICES, WORK
from reaper.sandbox.oci.sorts import SORTS
from tests.providers.oci.described import operation, properties, states

EVERY = [pytest.param(kind, id=name) for name, kind in KINDS.items()]
# What reaper adds to items by itself, so that no model tells of it.
_ADDED = "+"
# Operations that functions call.
CALLS = {
    ("compute", "list_vnic_attachments", ("compartment_id", "instance_id", "vnic_id")),
    ("compute", "list_volume_attachments", ("compartment_id", "instance_id")),
    ("compute", "list_boot_volume_attachments", ("compartment_id", "instance_id")),
    ("pools", "list_instance_pool_instances", ("compartment_id", "instance_pool_id")),
    ("network", "list_private_ips", ("vnic_id", "subnet_id")),
    ("compute", "list_dedicated_vm_host_instances", ("compartment_id", "dedicated_vm_host_id")),
    ("network", "get_public_ip_by_private_ip_id", ("get_public_ip_by_private_ip_id_details",)),
    ("network", "list_network_security_group_vnics", ("network_security_group_id", "limit")),
    ("network", "list_network_security_group_security_rules", ("network_security_group_id",)),
    ("network", "update_route_table", ("rt_id", "update_route_table_details", "if_match")),
    ("objects", "get_namespace", ()),
    ("objects", "list_object_versions", ("namespace_name", "bucket_name", "page")),
    ("objects", "list_multipart_uploads", ("namespace_name", "bucket_name")),
    ("objects", "list_retention_rules", ("namespace_name", "bucket_name", "page")),
    ("objects", "list_preauthenticated_requests", ("namespace_name", "bucket_name")),
    ("objects", "delete_preauthenticated_request", ("par_id",)),
    ("objects", "abort_multipart_upload", ("object_name", "upload_id")),
    ("objects", "delete_object", ("object_name", "version_id")),
    ("identity", "get_tenancy", ("tenancy_id",)),
    ("identity", "list_region_subscriptions", ("tenancy_id",)),
    ("identity", "list_compartments", ("compartment_id_in_subtree", "limit", "page")),
    ("identity", "list_availability_domains", ("compartment_id",)),
    ("identity", "list_tags", ("tag_namespace_id", "limit")),
    ("identity", "list_tag_namespaces", ("include_subcompartments",)),
    ("identity", "list_user_group_memberships", ("user_id", "group_id", "limit")),
    ("identity", "remove_user_from_group", ("user_group_membership_id",)),
    ("identity", "list_api_keys", ("user_id",)),
    ("identity", "delete_api_key", ("user_id", "fingerprint")),
    ("identity", "list_auth_tokens", ("user_id",)),
    ("identity", "delete_auth_token", ("user_id", "auth_token_id")),
    ("identity", "list_customer_secret_keys", ("user_id",)),
    ("identity", "delete_customer_secret_key", ("user_id", "customer_secret_key_id")),
    ("identity", "list_smtp_credentials", ("user_id",)),
    ("identity", "delete_smtp_credential", ("user_id", "smtp_credential_id")),
    ("vaults", "schedule_vault_deletion", ("vault_id", "schedule_vault_deletion_details")),
    ("keys", "schedule_key_deletion", ("key_id", "schedule_key_deletion_details", "if_match")),
    ("search", "search_resources", ("search_details", "limit", "page")),
    ("search", "list_resource_types", ("limit", "page")),
}


def hold_to_the_sdk(kind: OciKind) -> None:
    """Refuse a declaration that names what the SDK does not have."""
    read = operation(kind.client, kind.get)
    assert kind.own in read.arguments
    model = properties(kind.client, read.answers)
    _hold_paths(kind, model)
    known = states(kind.client, read.answers)
    assert not known or kind.over | kind.going <= known, (kind.over | kind.going) - known
    if kind.list:
        listed = operation(kind.client, kind.list)
        assert listed.listed
        assert {"compartment_id", *kind.listing} <= listed.arguments
        if kind.whole:
            summary = properties(kind.client, listed.answers.removesuffix("Collection"))
            assert set(summary) >= set(model), set(model) - set(summary)
    if kind.delete:
        sent = operation(kind.client, kind.delete)
        assert kind.own in sent.arguments
        assert ("if_match" in sent.arguments) is kind.conditional
    assert bool(kind.searched) is ("freeformTags" in model)


def _hold_paths(kind: OciKind, model: Any) -> None:
    plain = [kind.title, kind.created, *([kind.incarnation] if kind.incarnation else [])]
    plain += [kind.purge] if kind.purge else []
    # A path may name what some of the kinds lack: attachments have a name, addresses no state.
    for path in plain:
        assert path in model, path
    for path in [*(link.path for link in kind.links), *(guard.path for guard in kind.guards)]:
        bare = re.sub(r"'[^']*'", "", path)
        if _ADDED not in bare:
            first = re.findall(r"^[A-Za-z]+", bare)
            assert first, path
            assert first[0] in model, path


@pytest.mark.parametrize("kind", EVERY)
def test_a_kind_is_true_of_the_sdk(kind: OciKind) -> None:
    hold_to_the_sdk(kind)


@pytest.mark.parametrize(("service", "name", "arguments"), sorted(CALLS))
def test_what_functions_call_is_there(service: str, name: str, arguments: tuple[str, ...]) -> None:
    assert set(arguments) <= operation(service, name).arguments


@pytest.mark.parametrize("service", SERVICES)
def test_work_requests_are_asked_for_where_they_are_begun(service: str) -> None:
    if service in WORK:
        assert "work_request_id" in operation(WORK[service], "get_work_request").arguments


@pytest.mark.parametrize("kind", EVERY)
def test_a_kinds_order_and_links_name_declared_kinds(kind: OciKind) -> None:
    assert {*kind.kind.after, *(link.kind for link in kind.links)} <= set(KINDS)


@pytest.mark.parametrize("kind", EVERY)
def test_what_is_known_by_a_name_has_an_incarnation(kind: OciKind) -> None:
    assert (kind.incarnation is None) is bool(kind.noun)
    assert kind.kind.reused is False


@pytest.mark.parametrize("kind", EVERY)
def test_a_missing_thing_is_held_against_a_list(kind: OciKind) -> None:
    assert bool(kind.list) or kind.proof is not None


def test_every_name_of_a_kind_is_declared_and_in_place() -> None:
    declared = {name for name in vars(names).values() if str(name).startswith("oci:")}
    example = f"{INSTANCE}@ocid1.tenancy.oc1..t/us-ashburn-1/ocid1.compartment.oc1..c/ocid1.i"

    assert declared == set(KINDS)
    assert SCOPE_PARTS["oci"] == 3
    assert Ref.parse(example).id == "ocid1.i"


def test_the_emulator_calls_types_in_the_index_as_the_provider_does() -> None:
    of_emulator = {sort.noun: sort.searched for sort in SORTS.values() if sort.searched}
    of_provider = {kind.noun: kind.searched for kind in KINDS.values() if kind.noun}

    assert of_emulator == {noun: of_provider[noun] for noun in of_emulator}


def test_what_bears_no_tags_is_not_taggable() -> None:
    untaggable = {name for name, kind in KINDS.items() if not kind.kind.taggable}

    assert untaggable == {VOLUME_ATTACHMENT, BOOT_VOLUME_ATTACHMENT}
    assert untaggable == {name for name, kind in KINDS.items() if kind.searched is None}


def test_what_others_may_use_unseen_is_reported_unless_enabled() -> None:
    reported = {name for name, kind in KINDS.items() if kind.kind.report_only}

    assert reported == {KEY, VAULT, TAG_NAMESPACE}


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        (INSTANCE, {"get": "get_instanc"}),
        (INSTANCE, {"own": "instance"}),
        (INSTANCE, {"list": "list_instances_all"}),
        (INSTANCE, {"delete": "delete_instance"}),
        (INSTANCE, {"conditional": False}),
        (INSTANCE, {"created": "createTime"}),
        (INSTANCE, {"title": "name"}),
        (INSTANCE, {"over": frozenset({"DELETED"})}),
        (INSTANCE, {"searched": None}),
        (INSTANCE, {"links": (Link(Relation.USES, "dedicatedHostId", INSTANCE),)}),
        (INSTANCE, {"guards": (Guard("isProtected"),)}),
        (BUCKET, {"incarnation": "created"}),
        (VAULT, {"purge": "deletionTime"}),
    ],
)
def test_a_misspelt_declaration_is_caught(name: str, mistake: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        hold_to_the_sdk(replace(KINDS[name], **mistake))


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-frankfurt-1", "abc-management.kms.eu-frankfurt-1.oraclecloud.com"),
        ("us-gov-ashburn-1", "abc-management.kms.us-gov-ashburn-1.oraclegovcloud.com"),
    ],
)
def test_a_vaults_keys_are_asked_for_at_its_own_host(region: str, host: str) -> None:
    pytest.importorskip("oci")

    assert endpoint("ocid1.key.oc1.fra.abc.unique", region) == f"https://{host}"
    assert endpoint("ocid1.key.oc1", region) == ""
