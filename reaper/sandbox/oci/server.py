"""The server: the emulator in this process, on loopback, for as long as it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.sandbox.faults import FaultInjector
from reaper.sandbox.kernel.sandbox import Sandbox
from reaper.sandbox.oci.cloud import OracleCloud
from reaper.sandbox.oci.estate import HOME, Estate
from reaper.sandbox.oci.making import make
from reaper.sandbox.oci.rules import RULES
from reaper.sandbox.oci.shapes import SHAPES
from reaper.sandbox.oci.strict import StrictCloud

_FINGERPRINT = "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key that the sandbox knows, generated for it.

    Attributes:
        pem: The private key, as a configuration's `key_content` has it.
    """

    tenancy: str
    user: str
    fingerprint: str
    region: str
    pem: str

    def config(self) -> dict[str, str]:
        """As the SDK's clients want it."""
        return {
            "tenancy": self.tenancy,
            "user": self.user,
            "fingerprint": self.fingerprint,
            "region": self.region,
            "key_content": self.pem,
        }

    def write(self, path: Path) -> None:
        """Write it as a configuration file of the SDK, with the key in a file beside it."""
        pem = path.with_suffix(".pem")
        pem.touch(mode=0o600)
        pem.write_text(self.pem)
        lines = [f"{name}={each}" for name, each in self.config().items() if name != "key_content"]
        path.touch(mode=0o600)
        path.write_text("\n".join(["[DEFAULT]", *lines, f"key_file={pem}", ""]))


class OciSandbox(Sandbox):
    """An emulated OCI tenancy; a context manager that serves it on 127.0.0.1.

    All services answer at one endpoint: their paths do not collide. As there is no host that could
    name the region, a path begins with it: `{endpoint}/eu-frankfurt-1`; without one it is the home
    region, us-ashburn-1. Requests must be signed with the sandbox's key.

    Attributes:
        endpoint: Its URL, while it runs.
        tenancy: The tenancy's OCID.
        compartments: The OCIDs of its compartments, by name.
        key: With which requests are signed.
        faults: What goes wrong: `Call.kind` is such as `core.instances.get`, `Call.scope` is
            `region/compartment`, `Call.id` the text of the request.
        requests: What was asked, counted.
        latency_s: What each call takes at least, in seconds.
        lags: How long changes take.
        violations: In strict mode, what did not conform to the SDK's models.

    Args:
        compartments: The names of the compartments that there are.
        port: Where to listen; 0: on any free port.
        clock: By which lags pass.
        strict: Hold what is asked for and answered to the SDK's models, which needs the SDK.
    """

    called = "oci-sandbox"

    def __init__(
        self,
        *,
        compartments: Sequence[str] = ("ci", "shared"),
        port: int = 0,
        latency_s: float = 0.0,
        faults: FaultInjector | None = None,
        clock: Clock = SYSTEM_CLOCK,
        strict: bool = False,
    ) -> None:
        self.estate = Estate.new(RULES, clock)
        super().__init__(
            OracleCloud(self.estate),
            check=StrictCloud if strict else None,
            port=port,
            latency_s=latency_s,
            faults=faults,
            clock=clock,
        )
        self._names = tuple(compartments)
        self.tenancy = self.estate.tenancy
        self.lags = self.estate.lags
        self.key = self.key_of(self.estate.user)
        self.compartments: dict[str, str] = {}
        self._found()

    def __enter__(self) -> Self:
        super().__enter__()
        self.estate.endpoint = self.endpoint
        return self

    def empty(self) -> None:
        """Let nothing be there but the compartments and the administrator."""
        self.estate.clear()
        self._found()

    def _found(self) -> None:
        """Found the compartments and the administrator, always with the same OCIDs."""
        self.estate.random.seed(0)
        for name in self._names:
            self.compartments[name] = self._make("compartments", name=name, description=name)
        user, group = self.estate.user, "Administrators"
        self._make("users", name="administrator", description=group, ocid=user)
        administrators = self._make("groups", name=group, description=group)
        self._make("userGroupMemberships", userId=user, groupId=administrators)
        statement = f"ALLOW GROUP {group} to manage all-resources IN TENANCY"
        named = {"name": "Tenant Admin Policy", "description": group}
        self._make("policies", **named, statements=[statement])
        self.estate.timetable.settle()

    def _make(self, collection: str, *, ocid: str | None = None, **asked: Any) -> str:
        made = make(
            self.estate,
            f"identity.{collection}",
            {"compartmentId": self.tenancy, **asked},
            region=HOME,
            shapes=SHAPES,
            ocid=ocid,
        )
        return made.path

    def key_of(self, user: str) -> Key:
        """Make a key for a user, who may do what policies allow the groups that it is in."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        self.estate.keys[f"{self.tenancy}/{user}/{_FINGERPRINT}"] = private.public_key()
        return Key(
            tenancy=self.tenancy,
            user=user,
            fingerprint=_FINGERPRINT,
            region=HOME,
            pem=pem.decode(),
        )
