"""Short ways to ask an emulated Azure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from reaper.sandbox.azure.world.rest import OperationFailed, Refusal, Rest

WHERE = "westeurope"
EMPTY_DISK = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}


@dataclass(frozen=True, kw_only=True)
class Group:
    """One resource group, and what is made in it."""

    rest: Rest
    path: str

    @classmethod
    def make(cls, rest: Rest, subscription: str, name: str, **more: Any) -> Group:
        path = f"/subscriptions/{subscription}/resourceGroups/{name}"
        rest.put(path, {"location": WHERE, **more})
        return cls(rest=rest, path=path)

    def id(self, kind: str, name: str) -> str:
        namespace, *types = kind.split("/")
        pairs = [part for pair in zip(types, name.split("/"), strict=True) for part in pair]
        return "/".join([self.path, "providers", namespace, *pairs])

    def add(
        self,
        kind: str,
        name: str,
        properties: Mapping[str, Any] | None = None,
        /,
        **more: Any,
    ) -> str:
        """Put something, and hand back its ID."""
        body = {"location": WHERE, **more, "properties": dict(properties or {})}
        return str(self.rest.put(self.id(kind, name), body)["id"])

    def disk(self, name: str, **more: Any) -> str:
        return self.add("Microsoft.Compute/disks", name, EMPTY_DISK, **more)

    def network(self, name: str, *subnets: Mapping[str, Any], **more: Any) -> str:
        shown = subnets or ({"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}},)
        properties = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": shown}
        return self.add("Microsoft.Network/virtualNetworks", name, properties, **more)

    def interface(self, name: str, network: str, **more: Any) -> str:
        inner = {"subnet": {"id": f"{network}/subnets/default"}, **more.pop("inner", {})}
        properties = {"ipConfigurations": [{"name": "ip", "properties": inner}]}
        properties |= more.pop("properties", {})
        return self.add("Microsoft.Network/networkInterfaces", name, properties, **more)

    def machine(self, name: str, interface: str, **more: Any) -> str:
        option = more.pop("delete_interface", "Detach")
        properties = {
            "storageProfile": {
                "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
                **more.pop("storage", {}),
            },
            "networkProfile": {
                "networkInterfaces": [{"id": interface, "properties": {"deleteOption": option}}]
            },
        }
        return self.add("Microsoft.Compute/virtualMachines", name, properties, **more)

    def lock(self, name: str, scope: str | None = None, level: str = "CanNotDelete") -> str:
        path = f"{scope or self.path}/providers/Microsoft.Authorization/locks/{name}"
        self.rest.put(path, {"properties": {"level": level}})
        return path

    def there(self, identity: str) -> bool:
        try:
            self.rest.ask("GET", identity)
        except Refusal as refused:
            if refused.status != 404:
                raise
            return False
        return True


def refused(status: int, code: str, ask: Callable[[], object]) -> Refusal:
    """Make sure that something is refused so."""
    with pytest.raises(Refusal) as caught:
        ask()
    assert (caught.value.status, caught.value.code) == (status, code)
    return caught.value


def failed(code: str, ask: Callable[[], object]) -> OperationFailed:
    """Make sure that something fails late, so."""
    with pytest.raises(OperationFailed) as caught:
        ask()
    assert caught.value.code == code
    return caught.value
