"""IAM: service accounts, with their keys."""

from __future__ import annotations

from reaper.model import Kind
from reaper.providers.gce.kind import Deed, Filter, GceKind, Guard, Users
from reaper.providers.gce.names import CLUSTER, INSTANCE, SERVICE_ACCOUNT, TEMPLATE
from reaper.providers.protocol import Answer, Reply


def _delete(deed: Deed) -> Answer:
    """Delete it by its unique ID: one that took its e-mail address meanwhile is not hit."""
    path = deed.api.at("iam", f"serviceAccounts/{deed.ref.incarnation}")
    deed.api.connection.change("DELETE", "iam", path)
    return Answer(reply=Reply.DONE)


KINDS = (
    GceKind(
        kind=Kind(name=SERVICE_ACCOUNT, service="iam", after=(INSTANCE, CLUSTER), taggable=False),
        service="iam",
        collection="serviceAccounts",
        form="serviceAccounts/[^/]+@[^/]+",
        lists=("serviceAccounts",),
        listed="accounts",
        own_id="join('/', ['serviceAccounts', email])",
        filter=Filter.NONE,
        labels=None,
        incarnation="uniqueId",
        created=None,
        guards=(
            Guard(
                "ends_with(email, '@developer.gserviceaccount.com') || "
                "ends_with(email, '@appspot.gserviceaccount.com')",
                "it is a default service account of the project",
            ),
        ),
        users=(
            Users(kind=INSTANCE, of="serviceAccounts[].email", key="email"),
            Users(kind=TEMPLATE, of="properties.serviceAccounts[].email", key="email"),
            Users(kind=CLUSTER, of="nodePools[].config.serviceAccount", key="email"),
        ),
        delete=_delete,
    ),
)
