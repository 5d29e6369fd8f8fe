"""Google's own client libraries behind the plain client with which a world is built.

What creates something goes through them, each as it is called in its documentation; everything
else is asked plainly.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from reaper.sandbox.gce.world.rest import Rest

compute = pytest.importorskip("google.cloud.compute_v1", reason="see `make matrix`")
credentials = pytest.importorskip("google.auth.credentials")
grpc = pytest.importorskip("grpc")
container = pytest.importorskip("google.cloud.container_v1")
iam = pytest.importorskip("google.cloud.iam_admin_v1")
kms = pytest.importorskip("google.cloud.kms_v1")
secrets = pytest.importorskip("google.cloud.secretmanager_v1")
storage = pytest.importorskip("google.cloud.storage")
publisher = pytest.importorskip("google.pubsub_v1.services.publisher")
subscriber = pytest.importorskip("google.pubsub_v1.services.subscriber")
pubsub = pytest.importorskip("google.pubsub_v1.types")

Json = dict[str, Any]

_COMPUTE = re.compile(
    r"/compute/v1/projects/(?P<project>[^/]+)/(?:(?P<place>zone|region)s/(?P<where>[^/]+)|global)"
    r"/(?P<collection>[^/]+)"
)


class SdkRest(Rest):
    """Creates by Google's libraries: over REST, or over gRPC where that is their way.

    Attributes:
        target: Who speaks gRPC for the endpoint.
        created: How many of each collection were created by them.
    """

    def __init__(self, endpoint: str, target: str) -> None:
        super().__init__(endpoint)
        self.endpoint = endpoint
        self.target = target
        self.created: Counter[str] = Counter()

    def ask(self, method: str, path: str, body: Any = None, **parameters: object) -> Json:
        collection = path.rpartition("/")[2] if method == "POST" else path.split("/")[-2]
        if method == "POST" and (match := _COMPUTE.fullmatch(path)):
            made = self._compute(match, body)
        elif path == "/storage/v1/b":
            made = _bucket(self.endpoint, body, **parameters)
        elif method in {"POST", "PUT"} and collection in _OTHERS:
            made = _OTHERS[collection](self.target, path, body, **parameters) or {}
        else:
            return super().ask(method, path, body, **parameters)
        self.created[collection] += 1
        return made

    def _compute(self, match: re.Match[str], body: Json) -> Json:
        place, collection = match["place"] or "global", match["collection"]
        insert = _client(self.endpoint, place, collection).insert_unary
        [resource] = [name for name in insert.__annotations__ if name.endswith("_resource")]
        noun = "".join(part.capitalize() for part in resource.split("_")[:-1])
        where = {place: match["where"]} if match["place"] else {}
        operation = insert(
            project=match["project"],
            **where,
            **{resource: getattr(compute, noun).from_json(json.dumps(body))},
        )
        return {"selfLink": operation.self_link, "name": operation.name, "status": "PENDING"}


def options(endpoint: str) -> Json:
    """What every client of Google's is to be given here."""
    return {
        "credentials": credentials.AnonymousCredentials(),
        "client_options": {"api_endpoint": endpoint},
    }


@cache
def _client(endpoint: str, place: str, collection: str) -> Any:
    """The client of Compute for what is in such a place."""
    capital = collection[0].upper() + collection[1:]
    named = {"region": "Region", "global": "Global"}.get(place, "") + capital
    sort = getattr(compute, f"{named}Client", None) or getattr(compute, f"{capital}Client")
    return sort(**options(endpoint))


def _bucket(endpoint: str, body: Json, *, project: object) -> Json:
    client = storage.Client(project=project, **options(endpoint))
    bucket = client.bucket(body["name"])
    bucket.versioning_enabled = body["versioning"]["enabled"]
    made = client.create_bucket(bucket)
    found: Json = made._properties
    return found


def _key(target: str, path: str, body: Json, *, cryptoKeyId: object) -> None:  # noqa: N803 - Google's
    with speaking(kms.KeyManagementServiceClient, target) as client:
        client.create_crypto_key(
            parent=_parent(path), crypto_key_id=cryptoKeyId, crypto_key=_parsed(kms.CryptoKey, body)
        )


def _topic(target: str, path: str, body: Json) -> None:
    with speaking(publisher.PublisherClient, target) as client:
        client.create_topic(_parsed(pubsub.Topic, {**body, "name": _below(path)}))


def _subscription(target: str, path: str, body: Json) -> None:
    with speaking(subscriber.SubscriberClient, target) as client:
        client.create_subscription(_parsed(pubsub.Subscription, {**body, "name": _below(path)}))


def _secret(target: str, path: str, body: Json, *, secretId: object) -> Json:  # noqa: N803 - Google's
    with speaking(secrets.SecretManagerServiceClient, target) as client:
        made = client.create_secret(
            parent=_parent(path), secret_id=secretId, secret=_parsed(secrets.Secret, body)
        )
        return {"name": made.name}


def _cluster(target: str, path: str, body: Json) -> None:
    with speaking(container.ClusterManagerClient, target) as client:
        cluster = _parsed(container.Cluster, body["cluster"])
        client.create_cluster(parent=_parent(path), cluster=cluster)


def _account(target: str, path: str, body: Json) -> Json:
    with speaking(iam.IAMClient, target) as client:
        made = client.create_service_account(
            request={"name": _parent(path), "account_id": body["accountId"]}
        )
        return {"name": made.name, "email": made.email, "uniqueId": made.unique_id}


_OTHERS: dict[str, Callable[..., Json | None]] = {
    "clusters": _cluster,
    "cryptoKeys": _key,
    "secrets": _secret,
    "serviceAccounts": _account,
    "subscriptions": _subscription,
    "topics": _topic,
}


@contextmanager
def speaking(sort: Any, target: str) -> Iterator[Any]:
    """A client that speaks gRPC with whoever is there."""
    with grpc.insecure_channel(target) as channel:
        yield sort(transport=sort.get_transport_class("grpc")(channel=channel))


def _below(path: str) -> str:
    return path.removeprefix("/v1/")


def _parent(path: str) -> str:
    return _below(path).rpartition("/")[0]


def _parsed(sort: Any, body: Json) -> Any:
    return sort.from_json(json.dumps(body))
