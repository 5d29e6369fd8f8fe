"""A VCN with one of each thing that can be in it."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.oci.world.builder import Builder


def add_network(builder: Builder) -> dict[str, Any]:
    """Add a VCN with its gateways, whose rules stand in its default route table and one more."""
    net = builder.clients.network
    vcn = builder.add("core:vcn", net.create_vcn(builder.body(cidrBlock="10.0.0.0/16")))
    within = {"vcnId": vcn["id"]}
    internet = builder.add(
        "core:internet-gateway",
        net.create_internet_gateway(builder.body(isEnabled=True, **within)),
    )
    nat = builder.add("core:nat-gateway", net.create_nat_gateway(builder.body(**within)))
    service = builder.add(
        "core:service-gateway",
        net.create_service_gateway(
            builder.body(services=[{"serviceId": "ocid1.service.oc1.iad.all"}], **within)
        ),
    )
    peering = _add_peering(builder, within)
    drg = builder.add("core:drg", net.create_drg(builder.body()))
    builder.add(
        "core:drg-attachment",
        net.create_drg_attachment(
            {
                "drgId": drg["id"],
                "displayName": builder.name,
                "networkDetails": {"type": "VCN", "id": vcn["id"]},
                **builder.tags,
            }
        ),
    )
    table = builder.add(
        "core:route-table",
        net.create_route_table(
            builder.body(
                routeRules=[_rule("10.9.0.0/16", peering), _rule("10.8.0.0/16", drg)], **within
            )
        ),
    )
    net.update_route_table(
        vcn["defaultRouteTableId"],
        {
            "routeRules": [
                _rule("0.0.0.0/0", internet),
                _rule("10.7.0.0/16", nat),
                {
                    "destination": "all-iad-services-in-oracle-services-network",
                    "destinationType": "SERVICE_CIDR_BLOCK",
                    "networkEntityId": service["id"],
                },
            ]
        },
    )
    rules: dict[str, Any] = {"egressSecurityRules": [], "ingressSecurityRules": []}
    security = builder.add(
        "core:security-list", net.create_security_list(builder.body(**rules, **within))
    )
    options = builder.add(
        "core:dhcp-options",
        net.create_dhcp_options(
            builder.body(
                options=[{"type": "DomainNameServer", "serverType": "VcnLocalPlusInternet"}],
                **within,
            )
        ),
    )
    group = builder.add(
        "core:network-security-group", net.create_network_security_group(builder.body(**within))
    )
    subnet = builder.add(
        "core:subnet",
        net.create_subnet(
            builder.body(
                cidrBlock="10.0.1.0/24",
                routeTableId=table["id"],
                securityListIds=[security["id"]],
                dhcpOptionsId=options["id"],
                **within,
            )
        ),
    )
    return {"vcn": vcn["id"], "subnet": subnet["id"], "group": group["id"]}


def _add_peering(builder: Builder, within: dict[str, Any]) -> dict[str, Any]:
    """Add two gateways that are peered, the other one in a VCN of its own."""
    net = builder.clients.network
    kind = "core:local-peering-gateway"
    other = builder.add(
        "core:vcn", net.create_vcn(builder.body(cidrBlock="10.9.0.0/16")), part="peer"
    )
    peer = builder.add(
        kind, net.create_local_peering_gateway(builder.body(vcnId=other["id"])), part="peer"
    )
    ours = builder.add(kind, net.create_local_peering_gateway(builder.body(**within)))
    net.connect_local_peering_gateways(ours["id"], {"peerId": peer["id"]})
    return ours


def _rule(destination: str, gateway: dict[str, Any]) -> dict[str, Any]:
    return {
        "destination": destination,
        "destinationType": "CIDR_BLOCK",
        "networkEntityId": gateway["id"],
    }
