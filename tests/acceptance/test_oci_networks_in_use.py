"""What somebody's network needs stays, and says who it is."""

from __future__ import annotations

import pytest

pytest.importorskip("oci")

from reaper.sandbox.faults import Effect, Operation
from tests.acceptance.ocisite import Site, outcomes, rule, stays
from tests.acceptance.ocisite import site as site  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import clock as clock  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import STRANGER

CHECKER = {"protocol": "HTTP", "port": 80, "returnCode": 200, "urlPath": "/"}


def test_a_gateway_that_a_strangers_routes_lead_to_stays(site: Site) -> None:
    vcn = site.theirs.vcn()
    net, within = site.clients.network, {"vcnId": vcn["id"]}
    internet = net.create_internet_gateway(site.ours.body(isEnabled=True, **within)).data
    nat = net.create_nat_gateway(site.ours.body(**within)).data
    table = site.theirs.table(vcn, internet["id"])
    net.update_route_table(vcn["defaultRouteTableId"], {"routeRules": [rule(nat["id"])]})

    told = site.swept()

    stays(told, internet, table["id"])
    stays(told, nat, vcn["defaultRouteTableId"])
    left = net.get_route_table(vcn["defaultRouteTableId"]).data["routeRules"]
    assert [each["networkEntityId"] for each in left] == [nat["id"]]


def test_a_network_with_a_strangers_things_stays_and_names_them(site: Site) -> None:
    vcn = site.ours.vcn()
    subnet = site.ours.subnet(vcn)
    group = site.ours.group(vcn)
    instance = site.theirs.instance(subnet, vnic={"nsgIds": [group["id"]]})
    other = site.theirs.subnet(site.ours.vcn(), displayName="theirs")

    told = site.swept()

    stays(told, subnet, site.vnic(instance)["id"])
    stays(told, vcn, subnet["id"])
    stays(told, group, instance["id"])
    stays(told, {"id": other["vcnId"]}, other["id"])


def test_a_security_group_that_a_strangers_rules_name_stays(site: Site) -> None:
    vcn = site.theirs.vcn()
    ours, other, theirs = site.ours.group(vcn), site.ours.group(vcn), site.theirs.group(vcn)
    net = site.clients.network
    for group, source in ((theirs, ours), (other, ours), (ours, other)):
        rules = [
            {
                "direction": "INGRESS",
                "protocol": "all",
                "sourceType": "NETWORK_SECURITY_GROUP",
                "source": source["id"],
            }
        ]
        net.add_network_security_group_security_rules(group["id"], {"securityRules": rules})

    told = site.swept()

    stays(told, ours, theirs["id"])
    assert net.get_network_security_group(ours["id"]).data["lifecycleState"] == "AVAILABLE"


def test_security_groups_of_a_run_that_name_each_other_go(site: Site) -> None:
    vcn = site.ours.vcn()
    one, other = site.ours.group(vcn), site.ours.group(vcn)
    for group, source in ((one, other), (other, one)):
        rules = [{"direction": "INGRESS", "protocol": "all", "source": source["id"]}]
        site.clients.network.add_network_security_group_security_rules(
            group["id"], {"securityRules": rules}
        )

    assert site.swept().left == {}


def test_what_a_strangers_subnet_is_set_up_with_stays(site: Site) -> None:
    vcn = site.theirs.vcn()
    net, within = site.clients.network, {"vcnId": vcn["id"]}
    table = net.create_route_table(site.ours.body(routeRules=[], **within)).data
    nothing: dict[str, list[str]] = {"egressSecurityRules": [], "ingressSecurityRules": []}
    security = net.create_security_list(site.ours.body(**nothing, **within)).data
    options = [{"type": "DomainNameServer", "serverType": "VcnLocalPlusInternet"}]
    dhcp = net.create_dhcp_options(site.ours.body(options=options, **within)).data
    subnet = site.theirs.subnet(
        vcn,
        routeTableId=table["id"],
        securityListIds=[security["id"]],
        dhcpOptionsId=dhcp["id"],
    )

    told = site.swept()

    for each in (table, security, dhcp):
        stays(told, each, subnet["id"])


def test_gateways_that_join_a_strangers_network_stay(site: Site) -> None:
    net, vcn = site.clients.network, site.theirs.vcn()
    drg, shared = (net.create_drg(each.body()).data for each in (site.ours, site.theirs))
    details = {"networkDetails": {"type": "VCN", "id": vcn["id"]}}
    attached = net.create_drg_attachment(
        {"drgId": drg["id"], "freeformTags": STRANGER, **details}
    ).data
    joined = net.create_drg_attachment(
        {
            "drgId": shared["id"],
            "freeformTags": dict(site.ours.tags),
            "networkDetails": {"type": "VCN", "id": vcn["id"]},
        }
    ).data
    peer = net.create_local_peering_gateway(site.theirs.body(vcnId=vcn["id"])).data
    own = net.create_local_peering_gateway(site.ours.body(vcnId=site.ours.vcn()["id"])).data
    net.connect_local_peering_gateways(own["id"], {"peerId": peer["id"]})

    told = site.swept()

    stays(told, drg, attached["id"])
    stays(told, joined, shared["id"])
    stays(told, own, peer["id"])


def test_addresses_that_a_stranger_uses_stay(site: Site) -> None:
    subnet = site.theirs.subnet(site.theirs.vcn())
    instance = site.theirs.instance(subnet)
    public = site.ours.public_ip(site.address(instance))
    free = site.ours.public_ip()
    asked = {"vnicId": site.vnic(instance)["id"], "freeformTags": dict(site.ours.tags)}
    private = site.clients.network.create_private_ip(asked).data

    told = site.swept()

    stays(told, public, site.vnic(instance)["id"])
    stays(told, private, site.vnic(instance)["id"])
    assert outcomes(told)[free["id"]][0] == "gone"


def test_what_bears_a_strangers_address_stays(site: Site) -> None:
    vcn = site.ours.vcn()
    subnet = site.ours.subnet(vcn)
    instance = site.ours.instance(subnet)
    public = site.theirs.public_ip(site.address(instance))
    reserved = site.theirs.public_ip()
    asked = site.ours.body(vcnId=vcn["id"], publicIpId=reserved["id"])
    nat = site.clients.network.create_nat_gateway(asked).data

    told = site.swept()

    stays(told, vnic := site.vnic(instance), public["id"])
    stays(told, instance, vnic["id"])
    stays(told, nat, reserved["id"])


def test_an_address_that_a_strangers_balancer_has_stays(site: Site) -> None:
    subnet = site.theirs.subnet(site.theirs.vcn())
    one, other, free = (site.ours.public_ip() for _ in range(3))
    balancer = site.theirs.balancer(subnet, "theirs", reservedIps=[{"id": one["id"]}])
    network_balancer = site.theirs.network_balancer(subnet, reservedIps=[{"id": other["id"]}])

    told = site.swept()

    stays(told, one, balancer["id"])
    stays(told, other, network_balancer["id"])
    assert outcomes(told)[free["id"]][0] == "gone"


def test_a_balancer_and_its_address_of_one_run_go_together(site: Site) -> None:
    subnet = site.ours.subnet(site.ours.vcn())
    public = site.ours.public_ip()
    balancer = site.ours.balancer(subnet, "ours", reservedIps=[{"id": public["id"]}])

    told = site.swept()

    assert outcomes(told)[balancer["id"]][0] == "gone"
    assert outcomes(told)[public["id"]][0] == "gone"


def test_an_address_that_somebody_has_whom_nobody_shows_stays(site: Site) -> None:
    subnet = site.theirs.subnet(site.theirs.vcn())
    public, free = site.ours.public_ip(), site.ours.public_ip()
    balancer = site.theirs.balancer(subnet, "theirs", reservedIps=[{"id": public["id"]}])
    found = site.bench.sandbox.estate.graph.find(balancer["id"])
    assert found is not None
    found.body["ipAddresses"] = []
    site.over()

    told = site.bench.sweep()

    item = told.item("oci:core:public-ip", public["id"])
    assert (item["verdict"], item["rule"]) == ("quarantine", "unsure")
    assert outcomes(told)[free["id"]][0] == "gone"


def test_what_may_bear_an_address_that_nobody_shows_stays(site: Site) -> None:
    instance = site.ours.instance(site.ours.subnet(site.ours.vcn()))
    site.theirs.public_ip(site.address(instance))
    blind = site.bench.refuse(Effect.BLIND, "core.publicIps.*", Operation.READ, Operation.INDEX)
    site.over()

    told = site.bench.sweep()
    site.bench.sandbox.faults.remove(blind)

    vnic = told.item("oci:core:vnic", site.vnic(instance)["id"])
    assert (vnic["verdict"], vnic["rule"]) == ("quarantine", "unsure")
    assert site.clients.compute.get_instance(instance["id"]).data["lifecycleState"] == "RUNNING"


def test_an_instance_that_a_strangers_traffic_goes_to_stays(site: Site) -> None:
    vcn, elsewhere = site.theirs.vcn(), site.theirs.vcn()
    subnet = site.theirs.subnet(vcn)
    routed, balanced, targeted, free = (site.ours.instance(subnet) for _ in range(4))
    table = site.theirs.table(vcn, site.address(routed))
    policy = {"policy": "ROUND_ROBIN", "healthChecker": CHECKER}

    def backends(address: str) -> dict[str, object]:
        backend = {"ipAddress": address, "port": 80}
        return {"backendSets": {"web": {**policy, "backends": [backend]}}}

    at = site.vnic(balanced)["privateIp"]
    balancer = site.theirs.balancer(subnet, "theirs", **backends(at))
    # Another VCN has the same addresses.
    far = backends(site.vnic(free)["privateIp"])
    site.theirs.balancer(site.theirs.subnet(elsewhere), "far", **far)
    target = {"targetId": targeted["id"], "port": 80}
    sets = {"web": {"policy": "FIVE_TUPLE", "healthChecker": {"protocol": "TCP"}}}
    network_balancer = site.theirs.network_balancer(
        subnet, backendSets={"web": {**sets["web"], "backends": [target]}}
    )

    told = site.swept()

    for instance, user in ((routed, table), (balanced, balancer), (targeted, network_balancer)):
        stays(told, vnic := site.vnic(instance), user["id"])
        stays(told, instance, vnic["id"])
    assert outcomes(told)[free["id"]][0] == "gone"


def test_what_leads_to_a_runs_instance_and_is_the_runs_is_in_nobodys_way(site: Site) -> None:
    vcn = site.ours.vcn()
    subnet = site.ours.subnet(vcn)
    instance = site.ours.instance(subnet)
    address = site.address(instance)
    site.ours.table(vcn, address)
    default = {"routeRules": [rule(address)]}
    site.clients.network.update_route_table(vcn["defaultRouteTableId"], default)
    site.ours.public_ip(address)
    target = {"targetId": instance["id"], "port": 80}
    checker = {"policy": "FIVE_TUPLE", "healthChecker": {"protocol": "TCP"}}
    site.ours.network_balancer(subnet, backendSets={"web": {**checker, "backends": [target]}})

    assert site.swept().left == {}


def test_a_balancer_that_is_protected_stays_as_it_is(site: Site) -> None:
    subnet = site.ours.subnet(site.ours.vcn())
    balancer = site.ours.balancer(subnet, "ours", isDeleteProtectionEnabled=True)

    told = site.swept()

    became, why = outcomes(told)[balancer["id"]]
    assert became == "protected"
    assert "delete protection" in why
    stays(told, subnet, balancer["id"])
