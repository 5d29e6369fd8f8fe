"""What the emulated OCI consists of: a tenancy, its regions, the graph of what is there, time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from random import Random
from typing import Any

from reaper.clock import Clock
from reaper.sandbox.kernel.graph import Graph, Node
from reaper.sandbox.kernel.operations import Operations
from reaper.sandbox.kernel.rules import Rule
from reaper.sandbox.kernel.timetable import Timetable

# Region, and its key as OCIDs and the home region's name have it.
REGIONS: Mapping[str, str] = {
    "us-ashburn-1": "iad",
    "eu-frankfurt-1": "fra",
    "us-phoenix-1": "phx",
    "ap-tokyo-1": "nrt",
    "uk-london-1": "lhr",
}
HOME = "us-ashburn-1"
# Things of these OCID types have no region in them.
_EVERYWHERE = frozenset(
    {
        "compartment",
        "dynamicgroup",
        "group",
        "groupmembership",
        "policy",
        "tagdefinition",
        "tagnamespace",
        "tenancy",
        "user",
    }
)


@dataclass(kw_only=True, slots=True)
class Lags:
    """How long changes take, in seconds by the sandbox's clock; settable at any time.

    With 0 a change is done when the sandbox is asked next, not in the answer itself.

    Attributes:
        create_s: From PROVISIONING to the state in which a thing is used.
        delete_s: From TERMINATING to TERMINATED.
        compartment_s: How long a compartment's deletion takes: hours, they say.
        heal_s: A pool makes an instance anew that was terminated.
        remembered_s: How long a work request that is done is known.
        token_s: How long the token of a list's next page lasts.
        ghost_s: By how much the time is multiplied for which what is over stays listed.
    """

    create_s: float = 0.0
    delete_s: float = 0.0
    compartment_s: float = 0.0
    heal_s: float = 0.0
    remembered_s: float = 86400.0
    token_s: float = 3600.0
    ghost_s: float = 1.0

    def reset(self) -> None:
        """Let everything take its usual time again."""
        for each in fields(self):
            setattr(self, each.name, each.default)


@dataclass(eq=False, kw_only=True, slots=True)
class Departed:
    """Something that is over and is shown still, until a time by `Clock.elapsed`."""

    node: Node
    until: float


@dataclass(kw_only=True)
class Estate:
    """The whole of it; used under the sandbox's lock only.

    Attributes:
        endpoint: Where the sandbox serves, once it does.
        tenancy: The OCID of the tenancy, which is the root compartment.
        user: The OCID of its administrator; every other user may do what policies allow.
        namespace: Of Object Storage.
        regions: Those that the tenancy is subscribed to.
        departed: What is over and is shown still, by OCID.
        etags: The etag of each thing, by its path in the graph.
        answered: What the same `opc-retry-token` made before.
        unindexed: Types that Resource Search does not have.
        keys: Public keys by `tenancy/user/fingerprint`, with which requests are signed.
    """

    clock: Clock
    graph: Graph
    timetable: Timetable
    operations: Operations
    lags: Lags
    random: Random
    endpoint: str = ""
    tenancy: str = "ocid1.tenancy.oc1..sandbox"
    user: str = "ocid1.user.oc1..sandbox"
    namespace: str = "sandboxspace"
    regions: tuple[str, ...] = tuple(REGIONS)
    departed: dict[str, Departed] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    answered: dict[tuple[str, str], str] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    unindexed: set[str] = field(default_factory=set)
    addresses: int = 0

    @classmethod
    def new(cls, rules: Sequence[Rule], clock: Clock) -> Estate:
        """Make an empty one."""
        timetable = Timetable(clock)
        return cls(
            clock=clock,
            graph=Graph(rules, clock=clock),
            timetable=timetable,
            operations=Operations(timetable),
            lags=Lags(),
            random=Random(0),  # noqa: S311 - not for secrets: to be repeatable
        )

    def clear(self) -> None:
        """Empty it; the keys stay known."""
        self.timetable.clear()
        self.operations.clear()
        self.graph.clear()
        self.lags.reset()
        for each in (self.departed, self.etags, self.answered, self.unindexed):
            each.clear()
        self.addresses = 0

    def digits(self, length: int) -> str:
        """Make a hexadecimal number that was never used."""
        return f"{self.random.getrandbits(length * 4):0{length}x}"

    def ocid(self, noun: str, region: str) -> str:
        """Make an OCID that was never used."""
        place = "" if noun in _EVERYWHERE else REGIONS[region]
        return f"ocid1.{noun}.oc1.{place}.{self.digits(30)}"

    def address(self, *, internal: bool) -> str:
        """Give out an IP address that nobody has."""
        self.addresses += 1
        high, low = divmod(self.addresses, 250)
        first = "10.0" if internal else "129.146"
        return f"{first}.{high % 250}.{low + 2}"

    def add(
        self, kind: str, path: str, body: dict[str, Any], *, region: str, facts: dict[str, Any]
    ) -> Node:
        """Let something come into being."""
        node = self.graph.add(
            Node(
                kind=kind,
                path=path,
                number=path,
                created=self.clock.now(),
                born=self.clock.elapsed(),
                body=body,
                facts={"region": region, **facts},
            )
        )
        self.etags[path] = self.digits(16)
        return node

    def changed(self, node: Node) -> None:
        """Take in that it was changed: it has a new etag."""
        self.etags[node.path] = self.digits(16)
        self.graph.touch(node)

    def shown(self, path: str) -> Node | None:
        """Find what can be asked for: what is there, and what is over and shown still."""
        node = self.graph.find(path)
        if node is not None:
            return node
        departed = self.departed.get(path)
        if departed is None or departed.until <= self.clock.elapsed():
            return None
        return departed.node

    def depart(self, node: Node, *, state: str | None, shown_s: float) -> None:
        """Let something be over; it is shown in its last state for so long."""
        self.graph.remove(node)
        if state is not None:
            node.body["lifecycleState"] = state
        if shown_s:
            until = self.clock.elapsed() + shown_s * self.lags.ghost_s
            self.departed[node.path] = Departed(node=node, until=until)

    def is_compartment(self, ocid: str) -> bool:
        """Whether there is such a compartment, the root one among them."""
        node = self.graph.find(ocid)
        return ocid == self.tenancy or (node is not None and node.kind == "identity.compartments")


def zulu(moment: datetime) -> str:
    """Write a time as OCI does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
