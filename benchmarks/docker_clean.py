"""How long `reaper clean RUN` takes beside `docker rm -f` of the same: what looking costs.

Needs a Docker engine that answers, and the `docker` command. Everything made here bears a label of
its own, by which it is removed at the end, whatever happens.
"""

from __future__ import annotations

import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from docker import APIClient
from docker.errors import APIError

import reaper.client
from reaper.config import DockerPlace
from reaper.providers.docker.address import resolve
from reaper.providers.docker.client import connect
from reaper.sandbox.demo_docker.image import import_image

PAIRS = 5
CONTAINERS, NETWORKS, VOLUMES = 100, 10, 20
MAKERS = 4
LABEL = "reaper-benchmark"
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftovers:
    """What one round is to remove: IDs, and a volume's name."""

    containers: Sequence[str]
    networks: Sequence[str]
    volumes: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """What all rounds share.

    Attributes:
        mark: The value of the label on everything.
        docker: The arguments that point the `docker` command at the same engine.
    """

    client: APIClient
    mark: str
    image: str
    directory: Path
    docker: Sequence[str]

    @property
    def state(self) -> Path:
        """Where the runs beat."""
        return self.directory / "state"

    @property
    def config(self) -> Path:
        """The configuration of `reaper clean`."""
        return self.directory / "reaper.yaml"


def main() -> int:
    """Measure the pairs, each the other way round than the one before, and print the ratio."""
    address = resolve(DockerPlace())
    client, _ = connect(address, read_only=False)
    mark = secrets.token_hex(4)
    with tempfile.TemporaryDirectory(prefix="reaper-benchmark-") as directory:
        try:
            bench = Bench(
                client=client,
                mark=mark,
                image=import_image(client, f"reaper-benchmark-{mark}:base", {LABEL: mark}),
                directory=Path(directory),
                docker=("docker", "--host", address.url),
            )
            _configure(bench)
            ratios = [_pair(bench, number) for number in range(PAIRS)]
        finally:
            _remove_all(client, mark)
    print(
        f"reaper clean takes {statistics.median(ratios):.2f} times as long as docker rm -f "
        f"(median of {PAIRS} pairs; {min(ratios):.2f} to {max(ratios):.2f})"
    )
    return 0


def _configure(bench: Bench) -> None:
    """Write the configuration, and make the ledger: every user but the first has one."""
    bench.config.write_text(
        f"realm: bench-{bench.mark}\n"
        f"ledger: sqlite:///{bench.directory / 'ledger.db'}\n"
        "providers: {docker: [{}]}\n",
        encoding="utf-8",
    )
    _reaper(bench, "plan")


def _pair(bench: Bench, number: int) -> float:
    """Let both remove the same sort of leftovers, in turns; reaper's time by docker's."""
    ways: list[tuple[str, Callable[[Bench], float]]] = [
        ("reaper", _by_reaper),
        ("docker", _by_docker),
    ]
    if number % 2:
        ways.reverse()
    taken = {name: way(bench) for name, way in ways}
    ratio = taken["reaper"] / taken["docker"]
    print(
        f"pair {number + 1}: reaper clean {taken['reaper']:.2f} s, "
        f"docker rm -f {taken['docker']:.2f} s, ratio {ratio:.2f}",
        flush=True,
    )
    return ratio


def _by_reaper(bench: Bench) -> float:
    with reaper.client.run(
        prefix="bench",
        realm=f"bench-{bench.mark}",
        lease=timedelta(minutes=10),
        beat=timedelta(seconds=30),
        state=bench.state,
    ) as run:
        made = _make(bench, run.tags)
    # A process that only starts, scans and plans tells what of the time is not deleting.
    start = _timed(lambda: _reaper(bench, "plan"))
    seconds = _timed(lambda: _reaper(bench, "clean", run.id, "--yes"))
    _assert_gone(bench, made)
    print(f"  reaper: {start:.2f} s for starting, scanning and planning alone")
    return seconds


def _by_docker(bench: Bench) -> float:
    made = _make(bench, {})
    commands = {
        "containers": (*bench.docker, "rm", "-f", *made.containers),
        "networks": (*bench.docker, "network", "rm", *made.networks),
        "volumes": (*bench.docker, "volume", "rm", *made.volumes),
    }
    stages = {name: _timed(partial(_run, command)) for name, command in commands.items()}
    _assert_gone(bench, made)
    print("  docker: " + ", ".join(f"{taken:.2f} s for {name}" for name, taken in stages.items()))
    return sum(stages.values())


def _make(bench: Bench, tags: dict[str, str]) -> Leftovers:
    client, labels = bench.client, {LABEL: bench.mark, **tags}
    name = f"bench-{secrets.token_hex(4)}"
    volumes = [
        str(client.create_volume(f"{name}-{number}", labels=labels)["Name"])
        for number in range(VOLUMES)
    ]
    networks = [
        str(client.create_network(f"{name}-{number}", driver="bridge", labels=labels)["Id"])
        for number in range(NETWORKS)
    ]

    def container(number: int) -> str:
        host = client.create_host_config(
            network_mode=networks[number % NETWORKS],
            binds={volumes[number % VOLUMES]: {"bind": "/data"}},
        )
        made = client.create_container(bench.image, labels=labels, host_config=host)
        client.start(made["Id"])
        return str(made["Id"])

    with ThreadPoolExecutor(max_workers=MAKERS) as pool:
        containers = list(pool.map(container, range(CONTAINERS)))
    return Leftovers(containers=containers, networks=networks, volumes=volumes)


def _reaper(bench: Bench, *arguments: str) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("REAPER_")}
    env["REAPER_STATE"] = str(bench.state)
    command = (sys.executable, "-m", "reaper", *arguments, "--config", str(bench.config))
    _run(command, env)


def _run(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[:4])} … returned {done.returncode}:\n{done.stderr}")


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _assert_gone(bench: Bench, made: Leftovers) -> None:
    """A tool that left something behind was not faster."""
    left = set(_left(bench.client, bench.mark)) & {
        *made.containers,
        *made.networks,
        *made.volumes,
    }
    if left:
        sys.exit(f"{len(left)} things were left behind: {', '.join(sorted(left)[:5])}")


def _left(client: APIClient, mark: str) -> Iterable[str]:
    wanted = {"label": f"{LABEL}={mark}"}
    yield from (str(item["Id"]) for item in client.containers(all=True, filters=wanted))
    yield from (str(item["Id"]) for item in client.networks(filters=wanted))
    yield from (str(item["Name"]) for item in client.volumes(filters=wanted)["Volumes"] or ())


def _remove_all(client: APIClient, mark: str) -> None:
    """Remove whatever bears the mark; one that the engine does not let go of stops no other."""
    wanted = {"label": f"{LABEL}={mark}"}
    remaining: list[Callable[[], object]] = [
        *(
            partial(client.remove_container, item["Id"], force=True, v=True)
            for item in client.containers(all=True, filters=wanted)
        ),
        *(partial(client.remove_network, n["Id"]) for n in client.networks(filters=wanted)),
        *(
            partial(client.remove_volume, item["Name"])
            for item in client.volumes(filters=wanted)["Volumes"] or ()
        ),
        *(partial(client.remove_image, item["Id"]) for item in client.images(filters=wanted)),
    ]
    for remove in remaining:
        try:
            remove()
        except APIError as error:
            print(f"{LABEL}={mark}: something is left behind: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
