"""A resource's address."""

from __future__ import annotations

from dataclasses import dataclass

from reaper.errors import InvalidRef

# How many parts, divided by `/`, a scope has: what follows is the ID, which may have slashes too.
SCOPE_PARTS = {"docker": 1, "aws": 2, "gce": 1, "azure": 1, "oci": 3, "kubernetes": 1, "memory": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """A resource's address: `<kind>@<scope>/<id>`.

    Attributes:
        incarnation: What tells it from another resource that uses the same ID later (a creation
            time, a RoleId); None where an ID is never used again, or where it is not known.
    """

    kind: str
    scope: str
    id: str
    incarnation: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}@{self.scope}/{self.id}"

    @property
    def key(self) -> str:
        """The address without its incarnation: what mappings of one scan are keyed by."""
        return str(self)

    @property
    def provider(self) -> str:
        """The provider's name, such as `docker`."""
        return self.kind.partition(":")[0]

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read an address as `str()` writes it.

        Raises:
            InvalidRef: The text is none; the message shows an example.
        """
        kind, at, rest = text.partition("@")
        provider = kind.partition(":")[0]
        parts = rest.split("/", SCOPE_PARTS.get(provider, 1))
        if not at or ":" not in kind or provider not in SCOPE_PARTS or not all(parts):
            raise InvalidRef(_no_ref(text))
        if len(parts) != SCOPE_PARTS[provider] + 1:
            raise InvalidRef(_no_ref(text))
        return cls(kind=kind, scope="/".join(parts[:-1]), id=parts[-1])


def _no_ref(text: str) -> str:
    return (
        f"{text!r} is no reference to a resource: write <kind>@<scope>/<id>, as `reaper ls --json` "
        "shows them, such as docker:volume@ENGINE-ID/my-volume"
    )
