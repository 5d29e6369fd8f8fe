"""`reaper demo`, as a process: in the sandbox, on an engine, without one, and stopped half-way."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from reaper.cli.demo import stages

if TYPE_CHECKING:
    import docker

DEMO = (sys.executable, "-m", "reaper", "demo")
ON_DOCKER = (*DEMO, "--only", "docker")


@pytest.mark.docker
def test_the_demo_proves_itself_in_under_a_minute_and_leaves_nothing(
    docker_engine: docker.DockerClient,
) -> None:
    began = time.monotonic()

    done = subprocess.run(ON_DOCKER, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 60
    assert len(re.findall(r"^ok  ", done.stdout, re.MULTILINE)) == 7
    assert "FAILED" not in done.stdout
    assert _left_of(docker_engine, done.stdout) == []


@pytest.mark.docker
@pytest.mark.parametrize(
    ("act", "later_s"),
    [
        pytest.param("1.", 2.0, id="while things are made"),
        pytest.param("4.", 0.1, id="during the sweep"),
    ],
)
def test_a_demo_that_is_stopped_half_way_still_leaves_nothing(
    docker_engine: docker.DockerClient, act: str, later_s: float
) -> None:
    with subprocess.Popen(
        ON_DOCKER, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        read: list[str] = []
        for line in process.stdout:
            read.append(line)
            if line.startswith(act):
                break
        time.sleep(later_s)

        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)

    assert process.returncode == 128 + signal.SIGTERM
    assert _left_of(docker_engine, "".join(read) + rest) == []


def test_without_an_engine_the_demo_is_played_in_the_sandboxes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("moto")
    pytest.importorskip("google.auth")
    pytest.importorskip("azure.identity")
    pytest.importorskip("oci")
    from reaper.sandbox.demo_aws.stage import aws_stage  # noqa: PLC0415 - as just proven
    from reaper.sandbox.demo_azure.stage import azure_stage  # noqa: PLC0415 - as above
    from reaper.sandbox.demo_gce.stage import google_stage  # noqa: PLC0415 - as above
    from reaper.sandbox.demo_oci.stage import oci_stage  # noqa: PLC0415 - as above

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{closed.getsockname()[1]}")

        chapters = list(stages(None))

    assert chapters == [aws_stage, google_stage, azure_stage, oci_stage]
    assert "Docker is left out, for no engine answers" in capsys.readouterr().err


def test_the_chapter_of_aws_uses_nobodys_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("moto")
    from reaper.sandbox.demo_aws.stage import only_its_credentials  # noqa: PLC0415 - as just proven

    monkeypatch.setenv("AWS_PROFILE", "of-somebody")

    with only_its_credentials():
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_ACCESS_KEY_ID"] == "sandbox"

    assert os.environ["AWS_PROFILE"] == "of-somebody"
    assert "AWS_ACCESS_KEY_ID" not in os.environ


@pytest.mark.parametrize(
    ("chapter", "needs", "checks"),
    [  # AWS takes as long as these together: `make demo` plays it
        ("gce", "google.auth", 9),
        ("azure", "azure.identity", 10),
        ("oci", "oci", 9),
    ],
)
def test_a_chapter_in_a_sandbox_proves_itself(chapter: str, needs: str, checks: int) -> None:
    pytest.importorskip(needs)

    done = subprocess.run(
        (*DEMO, "--only", chapter), capture_output=True, text=True, timeout=200, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^ok  ", done.stdout, re.MULTILINE)) == checks
    assert "FAILED" not in done.stdout
    assert "Traceback" not in done.stderr


def test_without_an_engine_the_docker_chapter_says_how_to_get_one() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"

        done = subprocess.run(
            ON_DOCKER,
            env={**os.environ, "DOCKER_HOST": address},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 1
    assert done.stdout == ""
    assert f"DOCKER_HOST says that it is at {address}" in done.stderr
    assert "sudo apt-get install docker.io" in done.stderr
    assert "brew install" in done.stderr
    assert "sudo systemctl start docker" in done.stderr
    assert "sudo usermod -aG docker" in done.stderr


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
