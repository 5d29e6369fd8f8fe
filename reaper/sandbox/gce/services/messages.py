"""Pub/Sub: topics and subscriptions, which have neither an ID of their own nor a time."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.gce.services.calls import Call, method
from reaper.sandbox.kernel.graph import Node

_TOPIC, _SUBSCRIPTION = "pubsub.topics", "pubsub.subscriptions"
_GONE = "_deleted-topic_"


def _topic_path(call: Call) -> str:
    return f"projects/{call.project}/topics/{call.parts['topic']}"


def _topic(call: Call) -> Node:
    words = f"Resource not found (resource={call.parts['topic']})."
    return call.found(_topic_path(call), words)


def _create_topic(call: Call) -> dict[str, Any]:
    path = _topic_path(call)
    words = f"Resource already exists in the project (resource={call.parts['topic']})."
    call.free(path, words)
    return call.estate.node(_TOPIC, path, {**call.body(), "name": path, "state": "ACTIVE"}).body


def _list_topics(call: Call) -> dict[str, Any]:
    rows = call.seen(_TOPIC, f"projects/{call.project}/topics/")
    return call.listing("topics", ((path, body) for path, _, body in rows))


def _patch_topic(call: Call) -> dict[str, Any]:
    node, asked = _topic(call), call.body()
    for name in asked["updateMask"].split(","):
        node.body[name] = asked["topic"].get(name, {})
    call.estate.graph.touch(node)
    return node.body


def _delete_topic(call: Call) -> dict[str, Any]:
    node = _topic(call)
    for subscription in call.estate.graph.of(_SUBSCRIPTION):
        if subscription.body["topic"] == node.path:
            subscription.body["topic"] = _GONE
            call.estate.graph.touch(subscription)
    call.estate.graph.remove(node)
    return {}


def _subscription_path(call: Call) -> str:
    return f"projects/{call.project}/subscriptions/{call.parts['subscription']}"


def _subscription(call: Call) -> Node:
    words = f"Resource not found (resource={call.parts['subscription']})."
    return call.found(_subscription_path(call), words)


def _create_subscription(call: Call) -> dict[str, Any]:
    path, body = _subscription_path(call), call.body()
    words = f"Resource already exists in the project (resource={call.parts['subscription']})."
    call.free(path, words)
    topic = str(body.get("topic", ""))
    call.found(topic, f"Resource not found (resource={topic.rpartition('/')[2]}).")
    made = {
        "ackDeadlineSeconds": 10,
        "messageRetentionDuration": "604800s",
        "pushConfig": {},
        "state": "ACTIVE",
        **body,
        "name": path,
    }
    return call.estate.node(_SUBSCRIPTION, path, made).body


def _list_subscriptions(call: Call) -> dict[str, Any]:
    rows = call.seen(_SUBSCRIPTION, f"projects/{call.project}/subscriptions/")
    return call.listing("subscriptions", ((path, body) for path, _, body in rows))


def _list_of_topic(call: Call) -> dict[str, Any]:
    node = _topic(call)
    rows = call.seen(_SUBSCRIPTION, "projects/")
    return call.listing(
        "subscriptions", ((path, path) for path, _, body in rows if body["topic"] == node.path)
    )


def _delete_subscription(call: Call) -> dict[str, Any]:
    call.estate.graph.remove(_subscription(call))
    return {}


_T = "/v1/projects/{project}/topics/{topic}"
_S = "/v1/projects/{project}/subscriptions/{subscription}"

METHODS = (
    method("pubsub.projects.topics.create", "PUT", _T, _create_topic),
    method("pubsub.projects.topics.get", "GET", _T, lambda call: _topic(call).body),
    method("pubsub.projects.topics.patch", "PATCH", _T, _patch_topic),
    method("pubsub.projects.topics.delete", "DELETE", _T, _delete_topic),
    method("pubsub.projects.topics.list", "GET", "/v1/projects/{project}/topics", _list_topics),
    method(
        "pubsub.projects.topics.subscriptions.list", "GET", f"{_T}/subscriptions", _list_of_topic
    ),
    method("pubsub.projects.subscriptions.create", "PUT", _S, _create_subscription),
    method("pubsub.projects.subscriptions.get", "GET", _S, lambda call: _subscription(call).body),
    method("pubsub.projects.subscriptions.delete", "DELETE", _S, _delete_subscription),
    method(
        "pubsub.projects.subscriptions.list",
        "GET",
        "/v1/projects/{project}/subscriptions",
        _list_subscriptions,
    ),
)
