"""How reaper knows the container that it runs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from reaper.providers.docker.address import Address
from reaper.providers.docker.client import connect
from reaper.providers.docker.containers import VERBS, describe
from reaper.providers.docker.own import traces_of
from reaper.providers.docker.surroundings import Surroundings, Swarm
from tests.providers.docker.fake_engine import ID, fake_engine

OURS = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4


@pytest.mark.parametrize(
    "cgroup",
    [
        f"12:memory:/docker/{OURS}\n1:name=systemd:/docker/{OURS}\n",
        f"4:cpu:/system.slice/docker-{OURS}.scope\n",
        f"4:cpu:/kubepods/burstable/pod1/{OURS}\n",
    ],
)
def test_version_one_of_cgroups_tells_it(cgroup: str) -> None:
    assert traces_of(cgroup=cgroup, mountinfo="", hostname="web") == {OURS}


@pytest.mark.parametrize(
    "root",
    [
        f"/var/lib/docker/containers/{OURS}/hostname",
        f"/home/u/.local/share/containers/storage/overlay-containers/{OURS}/userdata/hostname",
    ],
)
def test_the_mounted_files_tell_it_with_version_two(root: str) -> None:
    mountinfo = f"595 581 254:1 {root} /etc/hostname rw,relatime - ext4 /dev/vda1 rw\n"

    assert traces_of(cgroup="0::/\n", mountinfo=mountinfo, hostname="web") == {OURS}


def test_other_containers_in_a_hosts_mounts_are_not_it() -> None:
    mountinfo = (
        f"70 30 0:50 / /var/lib/docker/containers/{OTHER}/mounts/shm rw - tmpfs shm rw\n"
        f"71 30 0:51 / /var/lib/docker/overlay2/{OTHER}/merged rw - overlay overlay rw\n"
    )

    assert traces_of(cgroup="0::/init.scope\n", mountinfo=mountinfo, hostname="host") == set()


@pytest.mark.parametrize(
    ("hostname", "traces"), [(OURS[:12], {OURS[:12]}), ("build-1", set()), ("abc", set())]
)
def test_a_hostname_counts_if_it_looks_like_an_id(hostname: str, traces: set[str]) -> None:
    assert traces_of(cgroup="", mountinfo="", hostname=hostname) == traces


@pytest.mark.parametrize(("id_", "protected"), [(OURS, True), (OTHER, False)])
def test_the_container_that_reaper_runs_in_is_protected(
    tmp_path: Path, id_: str, *, protected: bool
) -> None:
    with fake_engine(tmp_path) as engine:
        engine.routes["GET /containers/json"] = (200, [{"Id": OURS}, {"Id": OTHER}])
        client, _ = connect(Address(url=engine.url, found="a test"), read_only=True)
        around = Surroundings(
            client,
            scope=ID,
            swarm=Swarm.OUTSIDE,
            needs=VERBS.needs,
            own=lambda ids: frozenset(ids) & {OURS},
            joins={OURS: (), OTHER: ()},
        )
        resource = describe({"Id": id_, "Created": "2026-01-01T00:00:00Z", "Image": "x"}, around)
        client.close()

    assert (resource.protection is not None) is protected
