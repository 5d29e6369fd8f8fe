"""The SDK's clients of one region of the sandbox; what they answer stays plain JSON."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

# Attribute -> module and class of the SDK.
_CLASSES: Mapping[str, tuple[str, str]] = {
    "compute": ("oci.core", "ComputeClient"),
    "pools": ("oci.core", "ComputeManagementClient"),
    "network": ("oci.core", "VirtualNetworkClient"),
    "storage": ("oci.core", "BlockstorageClient"),
    "balancers": ("oci.load_balancer", "LoadBalancerClient"),
    "network_balancers": ("oci.network_load_balancer", "NetworkLoadBalancerClient"),
    "identity": ("oci.identity", "IdentityClient"),
    "vaults": ("oci.key_management", "KmsVaultClient"),
    "objects": ("oci.object_storage", "ObjectStorageClient"),
}


class Clients:
    """Makes each client when it is first needed.

    Args:
        endpoint: The sandbox's.
        config: As the SDK wants it, with the key in it.
    """

    def __init__(self, endpoint: str, config: Mapping[str, str], region: str) -> None:
        self.endpoint = f"{endpoint}/{region}"
        self.region = region
        self._config = dict(config)
        self._made: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in _CLASSES:
            raise AttributeError(name)
        if name not in self._made:
            module, cls = _CLASSES[name]
            self._made[name] = self._client(module, cls, self.endpoint)
        return self._made[name]

    def keys(self, endpoint: str) -> Any:
        """Make a client of a vault's own endpoint."""
        return self._client("oci.key_management", "KmsManagementClient", endpoint)

    def _client(self, module: str, cls: str, endpoint: str) -> Any:
        import oci  # noqa: PLC0415 - an import that only whoever builds a world needs

        made = getattr(importlib.import_module(module), cls)
        client = made(
            self._config,
            service_endpoint=endpoint,
            signer=_signer(tuple(sorted(self._config.items()))),
            retry_strategy=oci.retry.NoneRetryStrategy(),
            circuit_breaker_strategy=oci.circuit_breaker.NoCircuitBreakerStrategy(),
            skip_deserialization=True,
        )
        # No proxy leads to the sandbox; to look for one takes as long as the rest of a call.
        client.base_client.session.trust_env = False
        return client


@lru_cache(maxsize=8)
def _signer(config: tuple[tuple[str, str], ...]) -> Any:
    """What signs, once for all clients: to read a key takes longer than most calls."""
    import oci  # noqa: PLC0415 - as above

    given = dict(config)
    return oci.signer.Signer(
        given["tenancy"],
        given["user"],
        given["fingerprint"],
        None,
        private_key_content=given["key_content"],
    )


def pages(ask: Any, *arguments: Any, **named: Any) -> Iterator[dict[str, Any]]:
    """Read every page of a list: its items."""
    page: str | None = None
    while True:
        answer = ask(*arguments, **named, **({"page": page} if page else {}))
        body = answer.data
        yield from body["items"] if isinstance(body, Mapping) else body
        page = answer.headers.get("opc-next-page")
        if not page:
            return
