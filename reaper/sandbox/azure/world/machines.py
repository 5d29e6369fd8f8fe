"""Machines, disks, and what they are made from."""

from __future__ import annotations

from reaper.sandbox.azure.world.builder import Builder
from reaper.sandbox.azure.world.network import Network

_COMPUTE = "Microsoft.Compute"


def add_machines(builder: Builder, network: Network) -> None:
    """Add a machine with its disks, a scale set, snapshots, images and a gallery."""
    identity = builder.add("Microsoft.ManagedIdentity/userAssignedIdentities", {}, part="identity")
    data = _disk(builder, "data")
    inner = {
        "subnet": {"id": network.subnet},
        "publicIPAddress": {
            "id": builder.add(
                "Microsoft.Network/publicIPAddresses",
                {"publicIPAllocationMethod": "Static"},
                part="vm-ip",
                sku={"name": "Standard"},
            )
        },
        "loadBalancerBackendAddressPools": [{"id": network.pool}],
    }
    interface = builder.add(
        "Microsoft.Network/networkInterfaces",
        {
            "ipConfigurations": [{"name": "ip", "properties": inner}],
            "networkSecurityGroup": {"id": network.firewall},
        },
        part="interface",
    )
    machine = builder.rest.put(
        builder.id(f"{_COMPUTE}/virtualMachines", f"{builder.name}-vm"),
        {
            "location": builder.location,
            **({"tags": builder.tags} if builder.tags else {}),
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {
                "hardwareProfile": {"vmSize": "Standard_B1s"},
                "storageProfile": {
                    "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
                    "dataDisks": [
                        {
                            "lun": 0,
                            "createOption": "Attach",
                            "deleteOption": "Detach",
                            "managedDisk": {"id": data},
                        }
                    ],
                },
                "networkProfile": {
                    "networkInterfaces": [{"id": interface, "properties": {"primary": True}}]
                },
            },
        },
    )
    builder.note(machine["id"], "machine")
    system = machine["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    builder.note(system, "system disk", tagged=False)
    _scale_set(builder, network)
    _copies(builder)


def _disk(builder: Builder, part: str) -> str:
    return builder.add(
        f"{_COMPUTE}/disks",
        {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4},
        part=part,
        sku={"name": "Standard_LRS"},
    )


def _scale_set(builder: Builder, network: Network) -> None:
    inner = {
        "subnet": {"id": network.plain_subnet},
        "loadBalancerBackendAddressPools": [{"id": network.pool}],
    }
    interface = {
        "name": "nic",
        "properties": {
            "primary": True,
            "ipConfigurations": [{"name": "ip", "properties": inner}],
        },
    }
    builder.add(
        f"{_COMPUTE}/virtualMachineScaleSets",
        {
            "orchestrationMode": "Uniform",
            "virtualMachineProfile": {
                "networkProfile": {"networkInterfaceConfigurations": [interface]}
            },
        },
        part="scale set",
        name=f"{builder.name}-vmss",
        sku={"name": "Standard_B1s", "capacity": 2},
    )


def _copies(builder: Builder) -> None:
    source = _disk(builder, "loose")
    copy = {"creationData": {"createOption": "Copy", "sourceResourceId": source}}
    snapshot = builder.add(f"{_COMPUTE}/snapshots", copy, part="snapshot")
    exported = _disk(builder, "exported")
    for each in (snapshot, exported):
        asked = {"access": "Read", "durationInSeconds": 3600}
        builder.rest.done(
            {**builder.rest.ask("POST", f"{each}/beginGetAccess", asked), "+status": 202}
        )
    os_disk = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": source}}
    image = builder.add(f"{_COMPUTE}/images", {"storageProfile": {"osDisk": os_disk}}, part="image")
    gallery = builder.add(
        f"{_COMPUTE}/galleries", {}, part="gallery", name=f"{builder.name}gallery"
    ).rpartition("/")[2]
    about = {"publisher": builder.name, "offer": "tests", "sku": "1"}
    builder.add(
        f"{_COMPUTE}/galleries/images",
        {"osType": "Linux", "osState": "Generalized", "identifier": about},
        part="gallery image",
        name=f"{gallery}/tests",
    )
    builder.add(
        f"{_COMPUTE}/galleries/images/versions",
        {"storageProfile": {"source": {"id": image}}},
        part="gallery version",
        name=f"{gallery}/tests/1.0.0",
    )
