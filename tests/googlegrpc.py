"""Speaks gRPC on loopback as Google's services do, and asks an emulator that speaks REST."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from reaper.sandbox.gce.world.rest import Refusal, Rest

grpc = pytest.importorskip("grpc", reason="see `make matrix`")
container = pytest.importorskip("google.cloud.container_v1")
iam = pytest.importorskip("google.cloud.iam_admin_v1")
kms = pytest.importorskip("google.cloud.kms_v1")
pubsub = pytest.importorskip("google.pubsub_v1.types")
secrets = pytest.importorskip("google.cloud.secretmanager_v1")

Json = dict[str, Any]
# A call of REST: method, path, body and parameters.
Call = tuple[str, str, Any, Mapping[str, object]]

_CODES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
}


def _of(message: Any) -> Json:
    shown = type(message).to_json(message, use_integers_for_enums=False)
    found: Json = json.loads(shown)
    return {key: each for key, each in found.items() if each and not _is_unset(each)}


def _is_unset(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("UNSPECIFIED")


def _put(asked: Any) -> Call:
    body = _of(asked)
    return "PUT", f"/v1/{body.pop('name')}", body, {}


# By the method's last name: what it takes, what it gives, and how REST calls it.
_METHODS: Mapping[str, tuple[Any, Any, Callable[[Any], Call]]] = {
    "CreateCluster": (
        container.CreateClusterRequest,
        container.Operation,
        lambda asked: ("POST", f"/v1/{asked.parent}/clusters", {"cluster": _of(asked.cluster)}, {}),
    ),
    "CreateCryptoKey": (
        kms.CreateCryptoKeyRequest,
        kms.CryptoKey,
        lambda asked: (
            "POST",
            f"/v1/{asked.parent}/cryptoKeys",
            _of(asked.crypto_key),
            {"cryptoKeyId": asked.crypto_key_id},
        ),
    ),
    "CreateSecret": (
        secrets.CreateSecretRequest,
        secrets.Secret,
        lambda asked: (
            "POST",
            f"/v1/{asked.parent}/secrets",
            {**_of(asked.secret), "replication": {"automatic": {}}},
            {"secretId": asked.secret_id},
        ),
    ),
    "CreateServiceAccount": (
        iam.CreateServiceAccountRequest,
        iam.ServiceAccount,
        lambda asked: (
            "POST",
            f"/v1/{asked.name}/serviceAccounts",
            {"accountId": asked.account_id},
            {},
        ),
    ),
    "CreateSubscription": (pubsub.Subscription, pubsub.Subscription, _put),
    "CreateTopic": (pubsub.Topic, pubsub.Topic, _put),
    "GetTopic": (
        pubsub.GetTopicRequest,
        pubsub.Topic,
        lambda asked: ("GET", f"/v1/{asked.topic}", None, {}),
    ),
}


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc, name-defined] # grpc bears no types
    """Answers whatever is called as one of these is."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def service(self, called: Any) -> Any:
        takes, gives, translate = _METHODS[called.method.rpartition("/")[2]]

        def answer(asked: Any, context: Any) -> Any:
            method, path, body, parameters = translate(asked)
            try:
                with Rest(self.endpoint) as rest:
                    told = rest.ask(method, path, body, **parameters)
            except Refusal as refusal:
                code = getattr(grpc.StatusCode, _CODES.get(refusal.status, "UNKNOWN"))
                context.abort(code, str(refusal.error.get("message")))
            return gives.from_json(json.dumps(told), ignore_unknown_fields=True)

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=takes.deserialize, response_serializer=gives.serialize
        )


@contextmanager
def speaking_grpc(endpoint: str) -> Iterator[str]:
    """Serve on loopback, and tell at which address."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4), handlers=[_Methods(endpoint)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
