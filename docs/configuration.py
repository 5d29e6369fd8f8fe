"""Prints docs/configuration.md from the configuration's model; `make docs` runs it."""

from __future__ import annotations

import sys
import textwrap
from datetime import timedelta
from enum import StrEnum

import yaml
from pydantic_core import PydanticUndefined

from reaper.config import Key, known_keys
from reaper.durations import format_duration

HEAD = """\
<!-- Made by `make docs` from the docstrings in reaper/config: edit them there. -->

# Configuration

reaper reads the first of these that is there:

1. the file that `--config` names,
2. the file that `REAPER_CONFIG` names,
3. `./reaper.yaml`,
4. `./config.yaml`, passed over with a notice if none of its keys is reaper's,
5. `/etc/reaper/config.yaml`.

Without any of them, the defaults below hold and the local Docker engine (what `DOCKER_HOST` or the
current Docker context names, else the local socket) is the one place. A file that names no
provider means none. `config.yaml` at the top of the repository is an example with every key.

Durations are a whole number and a unit: `0s`, `90s`, `15m`, `6h`, `7d`. A key that does not exist,
or that stands twice, is an error. `reaper config check` tells everything that is wrong at once;
`reaper config schema` prints a JSON schema for your editor.

**Environment.** Each key can be overridden by the variable that stands beside it, written as it
would stand in the file; a text needs no quotes (`REAPER_POLICY__GRACE=0s`,
`REAPER_POLICY__PROTECT='[docker:image, "name:prod-*"]'`). A list is given as a whole. A variable
with `__` that names no key is an error, as an unknown key in the file is. `REAPER_CONFIG`,
`REAPER_STATE` (the directory of runs and of the default ledger), `REAPER_RUN_ID`, `REAPER_URL` and
`REAPER_TOKEN` are no keys.

**Secrets** never stand here: credentials come from each SDK's own places. A PostgreSQL password
belongs into `~/.pgpass` or `PGPASSWORD`.

## Keys
"""


def page() -> str:
    """Write the whole page."""
    return HEAD + "".join(_entry(key) for key in known_keys())


def _entry(key: Key) -> str:
    level = "##" if key.section and "." not in key.path else "###"
    paragraphs = [f"{level} `{key.path}`", _filled(key.field.description or "")]
    if facts := [*_default(key), *_variable(key)]:
        paragraphs.append(" ".join(facts))
    return "".join(f"\n{paragraph}\n" for paragraph in paragraphs)


def _filled(text: str) -> str:
    return textwrap.fill(
        " ".join(text.split()), 100, break_long_words=False, break_on_hyphens=False
    )


def _default(key: Key) -> list[str]:
    if key.field.is_required():
        return ["Required."]
    if key.field.default is PydanticUndefined or (key.section and not key.many):
        return []  # the text says it, or the keys below it do
    return [f"Default: `{_written(key.field.default)}`."]


def _written(value: object) -> str:
    """Write a value as it would stand in the file."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, StrEnum):
        return value.value
    return yaml.safe_dump(
        list(value) if isinstance(value, tuple) else value, default_flow_style=True, width=1000
    ).removesuffix("...\n")[:-1]


def _variable(key: Key) -> list[str]:
    if "[]" in key.path or (key.section and not key.many):
        return []
    return [f"Variable: `REAPER_{key.path.replace('.', '__').upper()}`."]


if __name__ == "__main__":
    sys.stdout.write(page())
