"""Where the configuration is found, and how file and environment become one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from reaper.config.keys import Key, known_keys, nearest_key
from reaper.config.problems import Sources, sentences
from reaper.config.settings import Config
from reaper.config.values import default_ledger
from reaper.errors import ConfigurationError

SYSTEM_FILE: Final = Path("/etc/reaper/config.yaml")

PREFIX: Final = "REAPER_"
_ALONE: Final = ("REALM", "LEDGER")  # top-level keys whose variables have no `__`


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Which file is read, and what was passed over on the way to it.

    Attributes:
        path: None where there is no configuration file.
        notices: Sentences for a person.
    """

    path: Path | None
    notices: tuple[str, ...] = ()


def load(
    path: Path | None,
    env: Mapping[str, str],
    *,
    directory: Path | None = None,
    system: Path = SYSTEM_FILE,
) -> Config:
    """Read the configuration: the file that `find` names, overridden by the environment.

    Without any file the local Docker engine is the one place; a file that names no providers
    means none.

    Raises:
        ConfigurationError: All that is wrong with it, a sentence each.
    """
    found = find(path, env, directory=directory, system=system)
    if found.path is None:
        written: dict[str, Any] = {"providers": {"docker": [{}]}}
    else:
        written = _read_file(found.path)
    variables = _variables(env)
    overridden, problems = _override(written, variables, env)
    if "ledger" not in overridden:
        overridden["ledger"] = default_ledger(env.get("REAPER_STATE"))
    sources = Sources(file=found.path, variables=variables)
    try:
        config = Config.model_validate(overridden)
    except ValidationError as error:
        problems += sentences(error, sources)
    if problems:
        raise ConfigurationError(*problems)
    config._source, config._notices = found.path, found.notices  # noqa: SLF001 - our own model
    return config


def find(
    path: Path | None,
    env: Mapping[str, str],
    *,
    directory: Path | None = None,
    system: Path = SYSTEM_FILE,
) -> Found:
    """Choose the file: `path`, REAPER_CONFIG, reaper.yaml, config.yaml, then `system`.

    A `config.yaml` in which no key at the top is ours belongs to another program: it is passed
    over with a notice.

    Raises:
        ConfigurationError: A file that was named is not there, or one cannot be looked at.
    """
    named = env.get("REAPER_CONFIG")
    for given, origin in ((path, "--config"), (Path(named) if named else None, "REAPER_CONFIG")):
        if given is not None:
            if _there(given.expanduser()):
                return Found(path=given.expanduser())
            wrong = (
                "it is a directory; name the file in it"
                if given.expanduser().is_dir()
                else "there is no such file"
            )
            raise ConfigurationError(f"{given}: {wrong} ({origin} names it)")
    directory = directory or Path()
    if _there(own := directory / "reaper.yaml"):
        return Found(path=own)
    notices: list[str] = []
    if _there(shared := directory / "config.yaml"):
        if _is_ours(shared):
            return Found(path=shared)
        notices.append(
            f"{shared} was passed over: none of its keys is reaper's (name it with --config if "
            "it is)"
        )
    return Found(path=system if _there(system) else None, notices=tuple(notices))


def _there(path: Path) -> bool:
    """Whether there is such a file. One that cannot be looked at may protect what is to stay."""
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigurationError(f"{path}: it cannot be read ({error.strerror})") from error


def _is_ours(path: Path) -> bool:
    ours = {key.path for key in known_keys() if "." not in key.path}
    text = _read_text(path)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        # A template of another program, or ours with a slip: a line that begins with our key says.
        return any(re.search(rf"^{key}\s*:", text, re.MULTILINE) for key in ours)
    if not isinstance(node, yaml.MappingNode):
        return False
    return any(key.value in ours for key, _ in node.value if isinstance(key, yaml.ScalarNode))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: it is no UTF-8 text ({error.reason})") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: it cannot be read ({error.strerror})") from error


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(_read_text(path), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: it is no valid YAML: {_yaml_problem(error)}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: it holds no keys: write them as `realm: default`")
    return content


class _StrictLoader(yaml.SafeLoader):
    """Refuse a key that stands twice: YAML would silently drop the first, protections and all."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return str(error).replace("\n", " ")


def _variables(env: Mapping[str, str]) -> dict[str, str]:
    """Name the variables that are meant for the configuration, by the key that each names.

    Only those with `__`, and REAPER_REALM and REAPER_LEDGER: REAPER_URL, REAPER_TOKEN,
    REAPER_STATE, REAPER_RUN_ID and REAPER_CONFIG are no keys.
    """
    return {
        name.removeprefix(PREFIX).lower().replace("__", "."): name
        for name in sorted(env)
        if name.startswith(PREFIX)
        and ("__" in name.removeprefix(PREFIX) or name.removeprefix(PREFIX) in _ALONE)
    }


def _override(
    written: dict[str, Any], variables: Mapping[str, str], env: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    known = {key.path: key for key in known_keys()}
    result, problems = dict(written), list[str]()
    for path, name in variables.items():
        if path not in known:
            problems.append(_unknown_variable(name, path, known))
            continue
        try:
            value = _read_value(known[path], env[name])
        except yaml.YAMLError as error:
            problems.append(f"{name}: it is no valid YAML: {_yaml_problem(error)}")
            continue
        result = _with(result, path.split("."), value)
    return result, problems


def _unknown_variable(name: str, path: str, known: Mapping[str, Key]) -> str:
    parts = path.split(".")
    for length in range(1, len(parts)):
        parent = ".".join(parts[:length])
        if parent in known and known[parent].many:
            return f"{name}: a list is given as a whole, in {_variable_of(parent)}"
    near = nearest_key(path)
    meant = f"; did you mean {_variable_of(near)}?" if near and "[]" not in near else ""
    return f"{name}: there is no key {path}{meant}"


def _variable_of(path: str) -> str:
    return PREFIX + path.replace(".", "__").upper()


def _read_value(key: Key, text: str) -> Any:
    """Read a variable as YAML would stand in the file; a text needs no quotes."""
    if key.text and not (key.optional and text.strip() in {"null", "~"}):
        return text
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader


def _with(tree: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """Give the tree with one value set; what is no mapping on the way is left to the validation."""
    name, *rest = path
    old = tree.get(name)
    if rest:
        if old is not None and not isinstance(old, dict):
            return tree
        value = _with(old or {}, rest, value)
    elif isinstance(old, dict) and isinstance(value, dict):
        for inner, inner_value in value.items():
            old = _with(old, [inner], inner_value)
        value = old
    return {**tree, name: value}
