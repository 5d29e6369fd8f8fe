"""How Compute's resources name each other: by whole links, which requests may leave partial."""

from __future__ import annotations

import re
from typing import Any

from reaper.sandbox.gce.estate import COMPUTE, path_of

_PARTIAL = re.compile(
    r"(?:projects/[^/]+/)?(?:(?:zones|regions)/[^/]+|global)(?:/[A-Za-z]+/[^/]+)?"
)
_TEXTS = frozenset({"description", "labels", "metadata", "name", "certificate", "privateKey"})


def link(path: str) -> str:
    """Write the link to a path."""
    return COMPUTE + path


def whole(value: str, project: str) -> str:
    """Complete a link; what is none stays as it is."""
    path = path_of(value)
    if path == value and not _PARTIAL.fullmatch(value):
        return value
    return link(path if path.startswith("projects/") else f"projects/{project}/{path}")


def with_whole_links(value: Any, project: str) -> Any:
    """Complete all links in a body."""
    match value:
        case dict():
            return {
                key: each if key in _TEXTS else with_whole_links(each, project)
                for key, each in value.items()
            }
        case list():
            return [with_whole_links(each, project) for each in value]
        case str():
            return whole(value, project)
        case _:
            return value
