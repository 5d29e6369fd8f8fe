"""Pub/Sub: subscriptions before their topics."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.gce.api import at_once
from reaper.providers.gce.kind import Filter, GceKind, Items, Link, Users
from reaper.providers.gce.links import target_of
from reaper.providers.gce.names import SUBSCRIPTION, TOPIC
from reaper.providers.gce.reading import Reader


def _tell_subscriptions(reader: Reader, topics: Items) -> None:
    """Tell a topic's subscriptions, those of other projects too: they end with it."""
    kind = reader.kinds[TOPIC]

    def ask(key: str) -> list[str]:
        path = f"{reader.api.path(kind, key)}/subscriptions"
        return [str(each) for each in reader.api.all_of("pubsub", path, "subscriptions")]

    for key, subscriptions in zip(topics, at_once(ask, topics), strict=True):
        topics[key]["+subscriptions"] = [
            each for each in subscriptions if target_of(each) is not None
        ]


KINDS = (
    GceKind(
        kind=Kind(name=SUBSCRIPTION, service="pubsub", reused=True),
        service="pubsub",
        collection="subscriptions",
        form="subscriptions/[^/]+",
        lists=("subscriptions",),
        listed="subscriptions",
        filter=Filter.OURSELVES,
        incarnation=None,
        created=None,
        state="state",
        links=(
            Link(Relation.USES, "topic"),
            Link(Relation.USES, "deadLetterPolicy.deadLetterTopic"),
        ),
    ),
    GceKind(
        kind=Kind(name=TOPIC, service="pubsub", reused=True, after=(SUBSCRIPTION,)),
        service="pubsub",
        collection="topics",
        form="topics/[^/]+",
        lists=("topics",),
        listed="topics",
        filter=Filter.OURSELVES,
        incarnation=None,
        created=None,
        state="state",
        complete=(_tell_subscriptions,),
        links=(Link(Relation.USED_BY, '"+subscriptions"'),),
        users=(Users(kind=SUBSCRIPTION, of="deadLetterPolicy.deadLetterTopic"),),
        permissions=("pubsub.topics.get",),
    ),
)
