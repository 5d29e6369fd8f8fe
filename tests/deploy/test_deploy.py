"""What is delivered beside the program is well formed, by what can be had to tell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reaper.config import load
from reaper.service.metrics import Metrics
from tests.conftest import do_without

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"


def tool(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        do_without(name, f"{name} is not installed")
    return found


def run(*command: str | Path, input_: str | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command], input=input_, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("compose.yaml", "vendor.compose-spec"),
        ("ci/github-actions.yml", "vendor.github-workflows"),
        ("ci/gitlab-ci.yml", "vendor.gitlab-ci"),
    ],
)
def test_files_fit_their_schema(file: str, schema: str) -> None:
    run(tool("check-jsonschema"), "--builtin-schema", schema, DEPLOY / file)


def compose_config(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("docker-compose"), "-f", str(DEPLOY / "compose.yaml"), "config"],
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_compose_understands_its_file() -> None:
    done = compose_config(DOCKER_GID="998")

    assert done.returncode == 0, done.stderr
    service = yaml.safe_load(done.stdout)["services"]["reaper"]
    assert service["group_add"] == ["998"]
    assert service["read_only"] is True
    assert Path(service["build"]["context"]) == ROOT


def test_compose_starts_nothing_without_the_sockets_group() -> None:
    done = compose_config()

    assert done.returncode != 0
    assert "stat -c %g /var/run/docker.sock" in done.stderr


def test_units_are_understood_by_systemd(tmp_path: Path) -> None:
    systemd = tool("systemd-analyze")
    program = tmp_path / "reaper"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in sorted((DEPLOY / "systemd").iterdir()):
        text = unit.read_text().replace("/opt/reaper/bin/reaper", str(program))
        (tmp_path / unit.name).write_text(text)
    units = [path for path in tmp_path.iterdir() if path.suffix in {".service", ".timer"}]

    said = run(systemd, "verify", "--recursive-errors=no", *units)

    assert [line for line in said.splitlines() if "reaper" in line] == []


@pytest.fixture(scope="session")
def rendered() -> str:
    """What the Kustomize base makes."""
    return run(tool("kubectl"), "kustomize", DEPLOY / "kubernetes")


def test_the_base_renders_what_it_names(rendered: str) -> None:
    kinds = sorted(each["kind"] for each in yaml.safe_load_all(rendered))

    assert kinds == [
        "ConfigMap",
        "Deployment",
        "Namespace",
        "Service",
        "ServiceAccount",
        "ServiceMonitor",
    ]


def test_what_the_base_renders_fits_kubernetes(rendered: str, tmp_path: Path) -> None:
    for number, each in enumerate(yaml.safe_load_all(rendered)):
        if each["kind"] != "ServiceMonitor":  # the operator's, of which there is no schema
            file = tmp_path / f"{number}.yaml"
            file.write_text(yaml.safe_dump(each))
            run(tool("kubernetes-validate"), "--strict", file)


def test_the_configuration_on_kubernetes_is_one() -> None:
    config = load(DEPLOY / "kubernetes" / "config.yaml", {})

    assert config.daemon.mode == "observe"


def test_alerts_are_understood_by_prometheus() -> None:
    run(tool("promtool"), "check", "rules", ALERTS)


def test_alerts_ask_only_for_metrics_that_there_are() -> None:
    known = {
        sample
        for collector in Metrics().registry._collector_to_names.values()
        for sample in collector
    }
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]

    asked = {name for rule in rules for name in re.findall(r"reaper_\w+", rule["expr"])}

    assert asked - known == set()


def test_the_image_takes_no_more_than_it_needs() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )

    wanted = {name for line in copied for name in line.split()}
    assert {f"!{name}" for name in wanted} <= set(ignored)
    assert ignored[0] == "*"
