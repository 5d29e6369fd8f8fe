"""Lets Docker Compose label what it creates: a project of the run's own, with an override."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from reaper.cli.failures import say
from reaper.client import ActiveRun
from reaper.errors import UsageError

# As Compose looks for them, from the working directory upwards; the specification's order.
_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_IN_ENV_FILE = re.compile(r"^\s*(export\s+)?COMPOSE_FILE\s*=", re.MULTILINE)

Section = Mapping[str, Any]


def for_compose(run: ActiveRun, environment: Mapping[str, str]) -> dict[str, str]:
    """Write the override for the project of the working directory; the variables that name it.

    The project's name is the run's, so that nothing is touched that was there before: Compose would
    make it anew for the sake of its labels.

    Raises:
        UsageError: There is no project here, or its files cannot be read.
        OSError: The override cannot be written.
    """
    separator = environment.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
    files = list(_files(environment, separator))
    override = run.journals / "compose.yaml"
    override.write_text(yaml.safe_dump(_override(run, [_read(file) for file in files])))
    paths = [*map(str, files), str(override)]
    if any(separator in path for path in paths):
        raise UsageError(
            f"COMPOSE_FILE parts its files by {separator!r}, which is in the name of one of these: "
            f"{', '.join(paths)}; set COMPOSE_PATH_SEPARATOR to something else"
        )
    return {"COMPOSE_FILE": separator.join(paths), "COMPOSE_PROJECT_NAME": run.id}


def _files(environment: Mapping[str, str], separator: str) -> Iterator[Path]:
    """The files of the project, as Compose finds them."""
    here = Path.cwd()
    if named := environment.get("COMPOSE_FILE"):
        yield from (here / each for each in named.split(separator))
        return
    env_file = here / ".env"
    if env_file.is_file() and _IN_ENV_FILE.search(env_file.read_text(errors="replace")):
        raise UsageError(
            f"{env_file} sets COMPOSE_FILE, which reaper does not read there: export it instead"
        )
    for folder in (here, *here.parents):
        found = [folder / name for name in _NAMES if (folder / name).is_file()]
        if found:
            yield found[0]
            yield from [folder / name for name in _OVERRIDES if (folder / name).is_file()][:1]
            return
    raise UsageError(
        f"--compose: no Compose file is in {here} or above it ({', '.join(_NAMES)}); start reaper "
        "where it is, or name it in COMPOSE_FILE"
    )


class _Loader(yaml.SafeLoader):
    """Reads also what bears Compose's own tags, such as `!reset`."""


def _untagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return None


_Loader.add_multi_constructor("!", _untagged)


def _read(file: Path) -> Section:
    try:
        content = yaml.load(file.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is no YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("services", {}), dict):
        raise UsageError(f"{file} is no Compose file: it has no mapping `services`")
    return content


def _override(run: ActiveRun, contents: Sequence[Section]) -> dict[str, Any]:
    """Name each service, network and volume once more, with the run's labels."""
    services: dict[str, dict[str, Any]] = {}
    alone: set[str] = set()  # whose networks are named, so that the default is not theirs
    for name, service in _parts(contents, "services"):
        labelled = services.setdefault(name, {"labels": run.tags})
        if service.get("build"):
            labelled["build"] = {"labels": run.image_tags}
        if service.get("networks") or service.get("network_mode"):
            alone.add(name)
    networks = _labelled(run, contents, "networks")
    if set(services) - alone and "default" not in dict(_parts(contents, "networks")):
        networks["default"] = {"labels": run.tags}
    version = {key: each[key] for each in contents[:1] for key in ("version",) if key in each}
    return {
        **version,
        "services": services,
        "networks": networks,
        "volumes": _labelled(run, contents, "volumes"),
    }


def _labelled(run: ActiveRun, contents: Sequence[Section], section: str) -> dict[str, Any]:
    """Label what the project makes; what has a name of its own may be somebody's."""
    parts: dict[str, dict[str, Any]] = {}
    for name, part in _parts(contents, section):
        parts[name] = {**parts.get(name, {}), **part}
    for name, part in parts.items():
        if part.get("name") and not part.get("external"):
            say(
                f"{section[:-1]} {name} of the Compose project bears no run: its name is fixed, so "
                "it may have been there before"
            )
    return {
        name: {"labels": run.tags}
        for name, part in parts.items()
        if not part.get("external") and not part.get("name")
    }


def _parts(contents: Sequence[Section], section: str) -> Iterator[tuple[str, Section]]:
    for content in contents:
        found = content.get(section)
        if isinstance(found, dict):
            for name, part in found.items():
                yield str(name), part if isinstance(part, dict) else {}
