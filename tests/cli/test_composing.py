"""`reaper exec --compose`: Docker Compose makes a project of the run's own, and labels it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import reaper
from reaper.cli.composing import for_compose
from reaper.errors import UsageError
from tests.conftest import do_without

PROJECT = """
services:
  db: {image: IMAGE, command: sleep 600, volumes: [data:/data, /cache], labels: [team=orders]}
  web: {image: IMAGE, command: sleep 600, networks: [front], depends_on: [db]}
networks: {front: {}}
volumes: {data: null}
"""
SHOW = "import os; print(os.environ['COMPOSE_PROJECT_NAME'], os.environ['COMPOSE_FILE'])"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "reaper.yaml").write_text("providers: {docker: [{}]}\npolicy: {grace: 0s}\n")
    monkeypatch.setenv("REAPER_CONFIG", str(tmp_path / "reaper.yaml"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.delenv("COMPOSE_FILE", raising=False)
    monkeypatch.chdir(project)
    return project


def override(files: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Any:
    """What is written for the project of these files, with the run's own labels shown by name."""
    for name, text in files.items():
        Path(name).write_text(text)
    with reaper.run() as run:
        told = for_compose(run, environment or {})
        *_, path = told["COMPOSE_FILE"].split(os.pathsep)
        written = yaml.safe_load(Path(path).read_text())
        assert told["COMPOSE_PROJECT_NAME"] == run.id
        names = {json.dumps(run.tags): "tags", json.dumps(run.image_tags): "image tags"}
    return _named(written, names)


def _named(written: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(written, dict):
        return written
    order = [json.loads(text) for text in names]
    for known, name in zip(order, names.values(), strict=True):
        if written == known:
            return name
    return {key: _named(each, names) for key, each in written.items()}


def test_each_service_network_and_volume_is_labelled() -> None:
    assert override({"compose.yaml": PROJECT}) == {
        "services": {"db": {"labels": "tags"}, "web": {"labels": "tags"}},
        "networks": {"front": {"labels": "tags"}, "default": {"labels": "tags"}},
        "volumes": {"data": {"labels": "tags"}},
    }


def test_what_is_built_bears_an_images_labels() -> None:
    (service,) = override({"compose.yml": "services: {a: {build: .}}"})["services"].values()

    assert service == {"labels": "tags", "build": {"labels": "image tags"}}


def test_the_default_network_is_only_named_where_it_is_made() -> None:
    files = {"compose.yaml": "services: {a: {network_mode: host}, b: {networks: {x: null}}}"}

    assert override(files)["networks"] == {}


def test_what_may_be_somebodys_is_not_labelled(capsys: pytest.CaptureFixture[str]) -> None:
    told = override(
        {
            "compose.yaml": "services: {}\n"
            "networks: {theirs: {external: true}, default: {external: {name: lan}}}\n"
            "volumes: {fixed: {name: data}}\n"
        }
    )

    assert (told["networks"], told["volumes"]) == ({}, {})
    assert "volume fixed of the Compose project bears no run: its name is fixed" in (
        capsys.readouterr().err
    )


def test_overrides_and_their_own_tags_are_read_too(here: Path) -> None:
    below = here / "tests"
    below.mkdir()
    os.chdir(below)
    (here / "compose.yaml").write_text("version: '3.8'\nservices: {a: {image: x}}\n")
    (here / "compose.override.yml").write_text(
        "services: {a: {ports: !reset []}, b: !override {image: y}, c: {user: !reset null}}\n"
    )

    told = override({})

    assert told["version"] == "3.8"
    assert set(told["services"]) == {"a", "b", "c"}


def test_the_files_that_are_named_are_used(here: Path) -> None:
    (here / "one.yaml").write_text("services: {one: {}}")
    (here / "two.yaml").write_text("services: {two: {}}")
    named = os.pathsep.join(["one.yaml", str(here / "two.yaml")])

    assert set(override({}, {"COMPOSE_FILE": named})["services"]) == {"one", "two"}


@pytest.mark.parametrize(
    ("files", "environment", "said"),
    [
        ({}, {}, "no Compose file is in .*; start reaper where it is, or name it in COMPOSE_FILE"),
        ({".env": "COMPOSE_FILE=a.yaml\n"}, {}, r"\.env sets COMPOSE_FILE.*export it instead"),
        ({}, {"COMPOSE_FILE": "gone.yaml"}, r"gone\.yaml cannot be read: No such file"),
        ({"compose.yaml": "services: ["}, {}, r"compose\.yaml is no YAML"),
        ({"compose.yaml": "- a"}, {}, r"compose\.yaml is no Compose file"),
        ({"compose.yaml": "services: [a]"}, {}, "has no mapping `services`"),
        ({"compose.yaml": "services: {}"}, {"COMPOSE_PATH_SEPARATOR": "/"}, "parts its files by"),
    ],
)
def test_what_cannot_be_labelled_is_an_error(
    files: dict[str, str], environment: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        override(files, environment)


def reaper_exec(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reaper", "exec", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_without_a_project_the_command_is_not_started() -> None:
    told = reaper_exec("--compose", "--", "touch", "started")

    assert told.returncode == 2
    assert "no Compose file" in told.stderr
    assert not Path("started").exists()


def test_without_the_option_compose_is_left_alone(here: Path) -> None:
    (here / "compose.yaml").write_text(PROJECT)

    told = reaper_exec("--no-clean", "--", sys.executable, "-c", SHOW)

    assert "KeyError" in told.stderr


@pytest.mark.docker
def test_all_that_a_real_compose_made_is_labelled_and_goes(
    here: Path, docker_engine: Any, busybox: str
) -> None:
    if shutil.which("docker-compose") is None:
        do_without("docker-compose", "docker-compose is not installed")
    (here / "compose.yaml").write_text(PROJECT.replace("IMAGE", busybox))
    compose = "env -u PYTHONPATH docker-compose --no-ansi"  # it is a Python program itself
    script = f"{compose} up -d && echo $COMPOSE_PROJECT_NAME && {compose} ps -q"
    told = reaper_exec("--compose", "--no-clean", "--", "sh", "-c", script)
    assert told.returncode == 0, told.stderr
    run, *made = told.stdout.split()
    mine = {"label": f"reaper-run={run}"}
    api = docker_engine.api
    try:
        containers = api.containers(all=True, filters=mine)
        networks = {each["Name"] for each in api.networks(filters=mine)}
        volumes = {each["Name"] for each in api.volumes(filters=mine)["Volumes"] or ()}
        mounted = [
            mount["Name"]
            for each in made
            for mount in api.inspect_container(each)["Mounts"]
            if mount["Type"] == "volume"
        ]
    finally:
        cleaned = subprocess.run(
            [sys.executable, "-m", "reaper", "clean", run, "--yes"],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    assert sorted(each["Id"] for each in containers) == sorted(made)
    assert len(made) == 2
    assert all(each["Labels"]["com.docker.compose.project"] == run for each in containers)
    assert {each["Labels"].get("team") for each in containers} == {"orders", None}
    assert networks == {f"{run}_default", f"{run}_front"}
    assert volumes == {f"{run}_data"}
    assert cleaned.returncode == 0, cleaned.stderr
    assert not api.containers(all=True, filters=mine)
    assert not api.networks(filters=mine)
    assert len(mounted) == 2, "one of them without a name"
    there = {each["Name"] for each in api.volumes()["Volumes"] or ()}
    assert there.isdisjoint(mounted)
