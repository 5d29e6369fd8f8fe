"""Which engine it is: by its own ID, and Podman by its machine and store."""

from __future__ import annotations

from reaper.model.engines import engine_id, is_podman

PODMAN = {"Components": [{"Name": "Podman Engine"}, {"Name": "Conmon"}]}


def test_an_engine_is_known_by_its_own_id() -> None:
    assert engine_id({}, {"ID": "ABCD:EFGH"}) == "ABCD:EFGH"
    assert engine_id({}, {"ID": "a/b"}) == "a_b"
    assert engine_id({}, {}) == ""


def test_podman_is_known_by_its_machine_and_its_store() -> None:
    here = {"ID": "made up", "Name": "host", "DockerRootDir": "/a"}

    assert engine_id(PODMAN, here) == engine_id(PODMAN, {**here, "ID": "made up anew"})
    assert engine_id(PODMAN, here) != engine_id(PODMAN, {**here, "DockerRootDir": "/b"})
    assert is_podman(PODMAN)
    assert not is_podman({"Components": [{"Name": "Engine"}]})
