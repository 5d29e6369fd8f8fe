"""Asking OCI in few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oci
import pytest

from reaper.sandbox.oci.world import Clients

DOMAIN = "SbOx:US-ASHBURN-1-AD-1"


class Tenant:
    """One compartment of one region."""

    def __init__(self, clients: Clients, compartment: str) -> None:
        self.clients = clients
        self.compartment = compartment

    def body(self, **more: Any) -> dict[str, Any]:
        return {"compartmentId": self.compartment, **more}

    def vcn(self, **more: Any) -> dict[str, Any]:
        made = self.clients.network.create_vcn(self.body(cidrBlock="10.0.0.0/16", **more))
        return dict(made.data)

    def subnet(self, vcn: str, **more: Any) -> dict[str, Any]:
        asked = self.body(vcnId=vcn, cidrBlock="10.0.1.0/24", **more)
        return dict(self.clients.network.create_subnet(asked).data)

    def instance(self, subnet: str, **more: Any) -> dict[str, Any]:
        asked = self.body(
            availabilityDomain=DOMAIN,
            shape="VM.Standard.E4.Flex",
            sourceDetails={"sourceType": "image", "imageId": "ocid1.image.oc1..platform"},
            createVnicDetails={"subnetId": subnet},
            **more,
        )
        return dict(self.clients.compute.launch_instance(asked).data)

    def state(self, instance: str) -> str:
        return str(self.clients.compute.get_instance(instance).data["lifecycleState"])


def refused(status: int, code: str, ask: Callable[[], object]) -> str:
    """Check that OCI says no, and hand back its words."""
    with pytest.raises(oci.exceptions.ServiceError) as caught:
        ask()
    assert (caught.value.status, caught.value.code) == (status, code)
    return str(caught.value.message)
