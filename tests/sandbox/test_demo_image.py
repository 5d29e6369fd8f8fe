"""The demo's program, run here: whatever an engine does with it, it must wait, or end."""

from __future__ import annotations

import io
import platform
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

pytest.importorskip("docker")

from reaper.sandbox.demo_docker.image import MACHINES, PROGRAM, executable, image_tree


@pytest.fixture
def program(tmp_path: Path) -> Path:
    machine = MACHINES.get(platform.machine())
    if machine is None or platform.system() != "Linux":
        pytest.skip(f"there is no such program for {platform.system()} on {platform.machine()}")
    path = tmp_path / "pause"
    path.write_bytes(executable(machine))
    path.chmod(0o755)
    return path


def test_without_arguments_it_waits(program: Path) -> None:
    with subprocess.Popen([program]) as process:
        time.sleep(0.2)

        code = process.poll()

        process.kill()
    assert code is None


@pytest.mark.parametrize("count", [1, 3])
def test_with_arguments_it_ends_and_its_code_counts_them(program: Path, count: int) -> None:
    done = subprocess.run([program, *["argument"] * count], timeout=10, check=False)

    assert done.returncode == count


@pytest.mark.parametrize(("name", "number"), [("amd64", 62), ("arm64", 183)])
def test_the_image_holds_one_program_for_the_engines_processor(name: str, number: int) -> None:
    with tarfile.open(fileobj=io.BytesIO(image_tree(MACHINES[name]))) as tree:
        (entry,) = tree.getmembers()
        content = tree.extractfile(entry)
        assert content is not None
        header = content.read()

    assert f"/{entry.name}" == PROGRAM
    assert entry.mode == 0o755
    assert header[:6] == b"\x7fELF\x02\x01"
    assert int.from_bytes(header[18:20], "little") == number
