"""What goes along with what outside Compute: the table of these dependency rules."""

from __future__ import annotations

from reaper.sandbox.kernel.rules import Bond, Rule


def _along(name: str, kind: str, fact: str, held: str, source: str = "") -> Rule:
    return Rule(
        name=name,
        kind=kind,
        field=f"~{fact}",
        held=frozenset({held}),
        bond=Bond.FOLLOWS,
        source=source,
    )


RULES = (
    *(
        _along(
            f"a cluster s {noun} go with it",
            f"compute.{noun}",
            "cluster",
            "container.clusters",
            "https://cloud.google.com/kubernetes-engine/docs/how-to/deleting-a-cluster",
        )
        for noun in ("firewalls", "instanceTemplates", "instanceGroupManagers")
    ),
    _along(
        "an account s keys go with it",
        "iam.keys",
        "account",
        "iam.serviceAccounts",
        "https://cloud.google.com/iam/docs/service-accounts-delete-undelete",
    ),
    _along(
        "a secret s versions go with it",
        "secretmanager.versions",
        "secret",
        "secretmanager.secrets",
        "discovery document of secretmanager.v1",
    ),
)
