"""`reaper demo`, as a process: with an engine, without one, and stopped half-way."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import docker

DEMO = (sys.executable, "-m", "reaper", "demo")
PATIENCE_S = 240

# As if the extra were not installed.
WITHOUT_MOTO = (
    sys.executable,
    "-c",
    "import sys; sys.modules['moto'] = None; from reaper.cli.main import main; main()",
    "demo",
)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address at which no Docker engine answers."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("DOCKER_HOST", address)
        yield address


@pytest.mark.docker
def test_the_demo_proves_itself_in_under_a_minute_and_leaves_nothing(
    docker_engine: docker.DockerClient,
) -> None:
    pytest.importorskip("moto")
    began = time.monotonic()

    done = _play(DEMO)

    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 60
    assert len(re.findall(r"^ok  ", done.stdout, re.MULTILINE)) == 7 + 9 + 1
    assert "FAILED" not in done.stdout
    assert done.stderr == ""
    assert _left_of(docker_engine, done.stdout) == []
    assert not _answers(done.stdout)


def test_without_an_engine_it_is_played_in_the_aws_sandbox_alone(
    no_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("moto")
    monkeypatch.setenv("AWS_PROFILE", "of-somebody")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    done = _play(DEMO)

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^ok  ", done.stdout, re.MULTILINE)) == 9 + 1
    assert "FAILED" not in done.stdout
    (said,) = done.stderr.splitlines()
    assert said.startswith("reaper: the demo goes on without a Docker engine: none answers")
    assert no_engine in said
    for shown in (
        r"scheduled +aws:kms:key +nightly-key +AWS deletes the key",
        r"blocked +aws:ec2:volume +nightly-data +used by colleague-debugging",
        r"keep, kept: its tag keeps it until",
    ):
        assert re.search(shown, done.stdout), shown
    assert not _answers(done.stdout)


def test_without_the_sandbox_it_is_said_how_to_install_it(no_engine: str) -> None:
    done = _play(WITHOUT_MOTO)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "pip install 'leak-reaper[sandbox]'" in done.stderr
    assert no_engine in done.stderr


@pytest.mark.docker
def test_without_the_sandbox_it_is_played_on_the_engine_alone(
    docker_engine: docker.DockerClient,
) -> None:
    done = _play(WITHOUT_MOTO)

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^ok  ", done.stdout, re.MULTILINE)) == 7 + 1
    assert "the demo goes on without the AWS sandbox" in done.stderr
    assert "pip install 'leak-reaper[sandbox]'" in done.stderr
    assert _left_of(docker_engine, done.stdout) == []


@pytest.mark.docker
@pytest.mark.parametrize(
    ("act", "later_s", "number"),
    [
        pytest.param("1.", 2.0, signal.SIGTERM, id="while things are made"),
        pytest.param("4.", 0.1, signal.SIGINT, id="during the sweep"),
    ],
)
def test_a_demo_that_is_stopped_half_way_still_leaves_nothing(
    docker_engine: docker.DockerClient, act: str, later_s: float, number: signal.Signals
) -> None:
    with subprocess.Popen(
        DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        read: list[str] = []
        for line in process.stdout:
            read.append(line)
            if line.startswith(act):
                break
        time.sleep(later_s)

        process.send_signal(number)
        rest, said = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 128 + number
    assert said == "reaper: stopped; everything that the demo had made has been removed again\n"
    assert _left_of(docker_engine, "".join(read) + rest) == []
    assert not _answers("".join(read))


def test_without_the_wanted_engine_the_demo_says_how_to_get_one(no_engine: str) -> None:
    done = _play((*DEMO, "--only", "docker"))

    assert done.returncode == 1
    assert done.stdout == ""
    assert f"DOCKER_HOST says that it is at {no_engine}" in done.stderr
    assert "sudo apt-get install docker.io" in done.stderr
    assert "brew install" in done.stderr
    assert "sudo systemctl start docker" in done.stderr
    assert "sudo usermod -aG docker" in done.stderr


def _play(demo: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(demo, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def _answers(output: str) -> bool:
    """Whether the AWS sandbox of the demo that wrote this is still there."""
    found = re.search(r"an AWS sandbox at http://127\.0\.0\.1:(\d+)", output)
    if found is None:
        return False
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", int(found[1]))) == 0


def _left_of(engine: docker.DockerClient, output: str) -> Sequence[str]:
    """What the engine still has of the demo that wrote this: by mark, or by a volume's ID."""
    found = re.search(r"the label (reaper-demo=\w+)", output)
    assert found is not None, output
    mark = {"label": found[1]}
    unnamed = tuple(re.findall(r"([0-9a-f]{12})…", output))
    return [
        *(str(container.name) for container in engine.containers.list(all=True, filters=mark)),
        *(str(network.name) for network in engine.networks.list(filters=mark)),
        *(volume.name for volume in engine.volumes.list(filters=mark)),
        *(str(image) for image in engine.images.list(filters=mark)),
        *(v.name for v in engine.volumes.list() if unnamed and v.name.startswith(unnamed)),
    ]
