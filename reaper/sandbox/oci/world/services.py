"""Load balancers, a bucket, a vault with a key, and identities."""

from __future__ import annotations

import io
from typing import Any

from reaper.sandbox.oci.world.builder import Builder
from reaper.sandbox.oci.world.clients import pages


def add_balancers(builder: Builder, network: dict[str, Any]) -> None:
    """Add one of each sort of load balancer."""
    clients = builder.clients
    clients.balancers.create_load_balancer(
        builder.body(
            shapeName="flexible",
            subnetIds=[network["subnet"]],
            networkSecurityGroupIds=[network["group"]],
        )
    )
    for each in pages(clients.balancers.list_load_balancers, builder.compartment):
        if each["displayName"] == builder.name:
            builder.note("loadbalancer:load-balancer", each["id"])
    builder.add(
        "networkloadbalancer:network-load-balancer",
        clients.network_balancers.create_network_load_balancer(
            builder.body(
                subnetId=network["subnet"],
                networkSecurityGroupIds=[network["group"]],
                isPrivate=True,
            )
        ),
    )


def add_bucket(builder: Builder, *, objects: int) -> None:
    """Add a bucket with objects of two versions each, an upload and a pre-authenticated request."""
    api = builder.clients.objects
    namespace = api.get_namespace().data
    name = f"{builder.name}-bucket"
    api.create_bucket(
        namespace,
        {
            "name": name,
            "compartmentId": builder.compartment,
            "versioning": "Enabled",
            **builder.tags,
        },
    )
    builder.note("objectstorage:bucket", name)
    for number in range(objects):
        for text in (b"older", b"newer"):
            api.put_object(namespace, name, f"object/{number}", io.BytesIO(text))
    api.create_multipart_upload(namespace, name, {"object": "half"})
    api.create_preauthenticated_request(
        namespace,
        name,
        {
            "name": "for-a-test",
            "accessType": "AnyObjectRead",
            "timeExpires": "2099-01-01T00:00:00.000Z",
        },
    )


def add_keys(builder: Builder) -> None:
    """Add a vault with a key."""
    clients = builder.clients
    vault = builder.add("kms:vault", clients.vaults.create_vault(builder.body(vaultType="DEFAULT")))
    keys = clients.keys(vault["managementEndpoint"])
    shape = {"algorithm": "AES", "length": 32}
    builder.add("kms:key", keys.create_key(builder.body(keyShape=shape)))


def add_identities(builder: Builder) -> None:
    """Add a compartment, a policy, groups, and a user with its keys; they have no region."""
    api = builder.clients.identity
    within = {"compartmentId": builder.compartment, "description": builder.name}
    named = {"name": builder.name, **within, **builder.tags}
    root = {**named, "compartmentId": builder.tenancy}
    builder.add("identity:compartment", api.create_compartment(named))
    statement = f"Allow group {builder.name} to inspect all-resources in tenancy"
    builder.add("identity:policy", api.create_policy({**named, "statements": [statement]}))
    builder.add(
        "identity:dynamic-group",
        api.create_dynamic_group({**root, "matchingRule": "Any {instance.id = 'none'}"}),
    )
    group = builder.add("identity:group", api.create_group(root))
    user = builder.add("identity:user", api.create_user(root))
    api.add_user_to_group({"userId": user["id"], "groupId": group["id"]})
    api.upload_api_key(user["id"], {"key": "-----BEGIN PUBLIC KEY-----"})
    api.create_auth_token({"description": "a token"}, user["id"])
