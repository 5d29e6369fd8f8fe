"""The team's own words on top of a container: a node of ScyllaDB, and how one is asked for."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import images

log = logging.getLogger(__name__)

CQL, CQL_SSL, ALTERNATOR = 9042, 9142, 8080
READY_WITHIN_S = 120
HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class NodeArgs:
    """What `@pytest.mark.docker_scylla_args` takes.

    Attributes:
        ssl: CQL is served with TLS too, by a certificate of the test's own.
        docker_network: The nodes of the test share a network. The name is for people: each test
            has its own, so that no two workers meet in one.
        scylla_docker_image: The image; it goes before `image`.
        native_entrypoint: The image's own entrypoint, and not ours, which asks for passwords.
        seeds: The addresses of nodes that it joins.
        vs_docker_image: There is a vector store too, of this image.
    """

    ssl: bool = False
    docker_network: str | None = None
    scylla_docker_image: str | None = None
    image: str | None = None
    native_entrypoint: bool = False
    seeds: str | None = None
    rack: str | None = None
    dc: str | None = None
    vs_docker_image: str | None = None

    @classmethod
    def of(cls, node: Any) -> NodeArgs:
        """Read the marks of a test; the nearest goes first. A mark is never changed."""
        asked: dict[str, Any] = {}
        for mark in reversed(list(node.iter_markers("docker_scylla_args"))):
            asked.update(mark.kwargs)
        known = [each.name for each in fields(cls)]
        wrong = sorted(set(asked) - set(known))
        if wrong:
            raise TypeError(f"docker_scylla_args takes {', '.join(known)}, not {', '.join(wrong)}")
        return cls(**asked)

    @property
    def command(self) -> list[str]:
        """What the entrypoint is told."""
        said = ["--smp", "1", "--memory", "1G", f"--alternator-port={ALTERNATOR}"]
        said += [f"--seeds={self.seeds}"] if self.seeds else []
        if self.dc or self.rack:
            said += [f"--dc={self.dc or 'datacenter1'}", f"--rack={self.rack or 'RACK0'}"]
        return said


class ScyllaNode:
    """A node that serves CQL and Alternator."""

    def __init__(self, container: Any, *, ssl: Path | None = None) -> None:
        self.container = container
        self.ssl = ssl

    @property
    def ip_address(self) -> str:
        return str(self.container.ip)

    def run(self, cmd: str, timeout: float = 60) -> Any:
        """Run a command in the node; its `code` and `output`."""
        return self.container.run(["sh", "-c", cmd], within=timeout)

    def is_port_used(self, port: int, service_name: str) -> bool:
        """Whether the service listens at its port."""
        used: bool = self.container.answers(port)
        log.debug("%s at port %d of %s: %s", service_name, port, self.container.name, used)
        return used

    @contextmanager
    def cql_connection(self, **options: Any) -> Iterator[Any]:
        """A session of the driver's, which is left in any case."""
        from cassandra.cluster import Cluster

        host, port = self.container.address(CQL)
        cluster = Cluster([host], port=port, **options)
        try:
            yield cluster.connect()
        finally:
            cluster.shutdown()


def start(
    container: Any, args: NodeArgs, tmp_path: Path, *, seeds: str | None = None
) -> ScyllaNode:
    """Start a node, and wait until it serves CQL and Alternator."""
    told = args if seeds is None else NodeArgs(**{**vars(args), "seeds": seeds})
    ssl = _certificate(tmp_path) if args.ssl else None
    ports = [CQL, ALTERNATOR, *([CQL_SSL] if ssl else [])]
    volumes = [f"{ssl}:/etc/scylla/ssl:ro"] if ssl else []
    options: dict[str, Any] = {"user": "0"}
    if not args.native_entrypoint:
        volumes.append(f"{HERE / 'entry.sh'}:/entry.sh:ro")
        options["entrypoint"] = ["sh", "/entry.sh"]
    made = container(
        image=args.scylla_docker_image or args.image or images.SCYLLA,
        command=told.command,
        ports=ports,
        network=True if args.docker_network else None,
        volumes=volumes,
        env=_environment(args),
        ready=ports,
        within=READY_WITHIN_S,
        options=options,
    )
    return ScyllaNode(made, ssl=ssl)


def _environment(args: NodeArgs) -> Mapping[str, str]:
    return {"VECTOR_SEARCH_TEST": "true"} if args.vs_docker_image else {}


def _certificate(tmp_path: Path) -> Path:
    """A certificate of the test's own, below pytest's directory, which pytest removes."""
    directory = tmp_path / "ssl"
    directory.mkdir(exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
        + ["-subj", "/CN=scylla", "-keyout", "node.key", "-out", "node.crt"],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    return directory
