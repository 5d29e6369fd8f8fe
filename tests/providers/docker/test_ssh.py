"""An engine over ssh, with a stand-in for ssh that stays on this machine."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from reaper.errors import PlaceUnreachable
from reaper.providers.docker import client as client_module
from reaper.providers.docker import open_docker
from reaper.providers.docker.ssh import ssh_command
from reaper.providers.protocol import Query
from tests.providers.docker.conftest import Engine
from tests.providers.docker.fake_engine import ID, FakeEngine, fake_engine

RELAY = """\
    import os, select, socket, sys
    open({log!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
    engine = socket.socket(socket.AF_UNIX)
    engine.connect({socket!r})
    while True:
        for ready in select.select([0, engine], [], [])[0]:
            data = os.read(0, 65536) if ready == 0 else engine.recv(65536)
            if not data:
                sys.exit()
            engine.sendall(data) if ready == 0 else os.write(1, data)
"""


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeEngine]:
    with fake_engine(tmp_path) as engine:
        yield engine


def install_ssh(directory: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    path = directory / "bin" / "ssh"
    path.parent.mkdir()
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(program)}")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")


def test_an_engine_is_reached_through_ssh(
    fake: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    program = RELAY.format(log=str(log), socket=fake.url.removeprefix("unix://"))
    install_ssh(tmp_path, monkeypatch, program)
    provider = open_docker(Engine(host="ssh://ci@build-1:2222"), read_only=True)

    identity = provider.identity()
    index = provider.index(provider.cells()[0], Query(keys=("k",)))
    provider.close()

    assert identity.id == ID
    assert index.gaps == ()
    assert "BatchMode=yes" in log.read_text()
    assert "-l ci -p 2222 -- build-1 docker system dial-stdio" in log.read_text()


def test_an_ssh_that_fails_leaves_the_place_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_ssh(tmp_path, monkeypatch, "raise SystemExit(255)\n")

    with pytest.raises(PlaceUnreachable, match="ssh://build-1"):
        open_docker(Engine(host="ssh://build-1"), read_only=True).identity()


def test_an_ssh_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_ssh(tmp_path, monkeypatch, "import time; time.sleep(60)\n")
    monkeypatch.setattr(client_module, "READ_S", 0.3)

    with pytest.raises(PlaceUnreachable):
        open_docker(Engine(host="ssh://build-1"), read_only=True).identity()


def test_a_path_names_the_socket_over_there() -> None:
    command = ssh_command("ssh://build-1/run/user/1000/docker.sock")

    assert command[-3:] == (
        "--",
        "build-1",
        "docker --host unix:///run/user/1000/docker.sock system dial-stdio",
    )
