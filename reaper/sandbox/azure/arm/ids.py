"""ARM's IDs, taken apart. They are compared without regard to case."""

from __future__ import annotations

from dataclasses import dataclass

GROUP = "microsoft.resources/resourcegroups"
SUBSCRIPTION = "microsoft.resources/subscriptions"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a path leads to.

    Attributes:
        id: The path as it was written, without what follows the last name.
        scope: What an extension (a lock, a role assignment) is about, or what the resource is in.
        types: The parts of its type below the namespace.
        names: One for each part.
        rest: A collection or an action that follows the last name, as it was written.
    """

    id: str
    subscription: str | None = None
    group: str | None = None
    scope: str = ""
    namespace: str | None = None
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    rest: str = ""

    @property
    def path(self) -> str:
        """Its ID, as the graph has it."""
        return self.id.lower()

    @property
    def kind(self) -> str:
        """Its type in lower case, or that of what a collection or an action is of."""
        if self.namespace is None:
            return GROUP if self.group else SUBSCRIPTION
        return "/".join([self.namespace, *self.types]).lower()

    @property
    def collection(self) -> str:
        """The type of a collection's members."""
        return f"{self.kind}/{self.rest.lower()}"

    @property
    def name(self) -> str:
        """Its own name, as it was written."""
        return self.id.rpartition("/")[2]


def target(path: str) -> Target:
    """Take a path apart; one that is not ARM's leads to nothing but its `rest`."""
    parts = path.strip("/").split("/")
    below = _last_providers(parts)
    inside = parts if below is None else parts[:below]
    after = [] if below is None else parts[below + 1 :]
    subscription, group, rest = _container(inside)
    if not after:
        named = inside[: len(inside) - len(rest)]
        left = [*rest, *(["providers"] if below is not None else [])]
        return Target(
            id="/" + "/".join(named), subscription=subscription, group=group, rest="/".join(left)
        )
    namespace, pairs = after[0], after[1:]
    odd = len(pairs) % 2
    pairs_whole = pairs[: len(pairs) - odd]
    return Target(
        id="/" + "/".join(parts[: len(parts) - odd]),
        subscription=subscription,
        group=group,
        scope="/" + "/".join(inside) if inside else "",
        namespace=namespace,
        types=tuple(pairs_whole[::2]),
        names=tuple(pairs_whole[1::2]),
        rest=pairs[-1] if odd else "",
    )


def group_of(path: str) -> str | None:
    """The path of the group that something is in."""
    parts = path.split("/")
    return "/".join(parts[:5]) if len(parts) > 4 and parts[3] == "resourcegroups" else None  # noqa: PLR2004 - /subscriptions/S/resourcegroups/G


# What has an ID of its own below another's and is no resource of its own: it stands for that.
_PARTS = frozenset(
    {
        "backendaddresspools",
        "frontendipconfigurations",
        "inboundnatpools",
        "inboundnatrules",
        "ipconfigurations",
        "loadbalancingrules",
        "networkinterfaces/ipconfigurations",
        "outboundrules",
        "privateendpointconnections",
        "probes",
        "routes",
        "securityrules",
        "subnets",
        "virtualnetworkpeerings",
    }
)


def owner(link: str) -> str:
    """The path of the resource that an ID is of, or is a part of."""
    parts = link.lower().rstrip("/").split("/")
    if "providers" not in parts:
        return "/".join(parts)
    at = _last_providers(parts) or 0
    first = at + 4  # /providers/NAMESPACE/TYPE/NAME
    scale_set = "/".join(parts[at + 1 : at + 3]) == "microsoft.compute/virtualmachinescalesets"
    if scale_set:
        return "/".join(parts[:first])
    end = len(parts)
    while end > first and parts[end - 2] in _PARTS:
        end -= 2
    return "/".join(parts[:end])


def _container(parts: list[str]) -> tuple[str | None, str | None, list[str]]:
    """The subscription, the group, and what is left."""
    lower = [each.lower() for each in parts]
    if len(parts) < 2 or lower[0] != "subscriptions":  # noqa: PLR2004 - /subscriptions/ID
        return None, None, parts
    if len(parts) > 3 and lower[2] == "resourcegroups":  # noqa: PLR2004 - …/resourceGroups/NAME
        return lower[1], parts[3], parts[4:]
    return lower[1], None, parts[2:]


def _last_providers(parts: list[str]) -> int | None:
    places = [at for at, each in enumerate(parts) if each.lower() == "providers"]
    return places[-1] if places else None
