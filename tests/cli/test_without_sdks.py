"""The command line where the SDKs are not installed: it says what to install, and goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Each SDK, with what else comes with it, by the provider that needs it.
SDKS = {
    "docker": ["docker"],
    "aws": ["boto3", "botocore", "jmespath"],
    "gce": ["google", "jmespath", "requests"],
    "azure": ["azure", "jmespath", "requests"],
    "oci": ["jmespath", "oci"],
}
PROGRAM = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
from reaper.cli.main import main
sys.argv[1:] = {arguments!r}
main()
"""
PLACES = {
    "docker": "docker: [{}]",
    "aws": "aws: [{account: '111111111111'}]",
    "gce": "gce: [{project: some-project}]",
    "azure": "azure: [{subscription: 00000000-0000-0000-0000-000000000001}]",
    "oci": "oci: [{tenancy: ocid1.tenancy.oc1..x, compartments: [ocid1.tenancy.oc1..x]}]",
}


def reaper(absent: list[str], *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(absent=set(absent), arguments=list(arguments))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=cwd,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DOCKER_HOST": "unix:///nobody.sock",
        },
    )


def test_a_first_configuration_is_written_without_any(tmp_path: Path) -> None:
    absent = [name for names in SDKS.values() for name in names]

    told = reaper(absent, "init", cwd=tmp_path)

    assert told.returncode == 0, told.stderr
    for provider in ("docker", "aws", "gce"):  # Azure's credentials are looked for first
        assert f"{provider} was not looked at: pip install 'leak-reaper[{provider}]'" in told.stderr
    assert (tmp_path / "reaper.yaml").exists()


@pytest.mark.parametrize("provider", SDKS)
@pytest.mark.parametrize("command", [["plan"], ["sweep", "--yes"], ["doctor"]])
def test_a_place_without_its_sdk_is_named(
    tmp_path: Path, provider: str, command: list[str]
) -> None:
    (tmp_path / "reaper.yaml").write_text(f"providers: {{{PLACES[provider]}}}\n")

    told = reaper(SDKS[provider], *command, "--config", "reaper.yaml", cwd=tmp_path)

    assert told.returncode == 2, told.stderr
    assert "Traceback" not in told.stderr
    assert f"pip install 'leak-reaper[{provider}]'" in told.stderr


@pytest.mark.parametrize("provider", ["aws", "gce", "azure", "oci"])
def test_permissions_need_the_sdk_or_say_so(tmp_path: Path, provider: str) -> None:
    told = reaper(SDKS[provider], "iam", provider, cwd=tmp_path)

    assert "Traceback" not in told.stderr
    assert told.returncode in {0, 2}
