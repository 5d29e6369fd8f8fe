"""Oracle's SDK as its documentation has it: models go in and come out.

A world is built with plain JSON; here what creates something goes through the SDK's models.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import oci
import pytest

from reaper.client import ENDPOINTS_VARIABLE
from reaper.fixtures.hooks import install
from reaper.sandbox.oci.world import Clients


class SdkClients(Clients):
    """Clients that take and give models, for whoever thinks in JSON.

    Attributes:
        created: How often each operation was called with a model.
    """

    def __init__(self, endpoint: str, config: Mapping[str, str], region: str) -> None:
        super().__init__(endpoint, config, region)
        self.created: Counter[str] = Counter()

    def _client(self, module: str, cls: str, endpoint: str) -> Any:
        made = getattr(importlib.import_module(module), cls)(
            self._config,
            service_endpoint=endpoint,
            retry_strategy=oci.retry.NoneRetryStrategy(),
            circuit_breaker_strategy=oci.circuit_breaker.NoCircuitBreakerStrategy(),
        )
        return _Modelled(made, self.created)


class _Modelled:
    def __init__(self, client: Any, created: Counter[str]) -> None:
        self._client = client
        self._created = created

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._client, operation)
        names = list(inspect.signature(call).parameters)

        def ask(*arguments: Any, **named: Any) -> Any:
            given = [
                self._model(operation, name, argument)
                for name, argument in zip(names, arguments, strict=False)
            ]
            answer = call(*given, **named)
            plain = self._client.base_client.sanitize_for_serialization(answer.data)
            return SimpleNamespace(data=plain, headers=answer.headers)

        return ask

    def _model(self, operation: str, parameter: str, argument: Any) -> Any:
        if not isinstance(argument, dict):
            return argument
        noun = "".join(part.capitalize() for part in parameter.split("_"))
        base = self._client.base_client
        [name, *_] = [each for each in (noun, f"{noun}Base") if each in base.complex_type_mappings]
        self._created[operation] += 1
        return base.deserialize_response_data(json.dumps(argument).encode(), name)


@contextmanager
def hooked(endpoint: str) -> Iterator[type[SdkClients]]:
    """Oracle's SDK, to be treated as if it spoke with Oracle."""
    install()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENDPOINTS_VARIABLE, endpoint)
        yield SdkClients
