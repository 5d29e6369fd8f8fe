"""Opens the configured places, each provider's SDK loaded only where it is used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reaper.errors import ConfigurationError
from reaper.providers.discovery import Discovery

if TYPE_CHECKING:
    from reaper.config import Config
    from reaper.providers.protocol import Provider

# Provider -> the module and function that open one of its places.
OPENERS: Mapping[str, tuple[str, str]] = {
    "docker": ("reaper.providers.docker", "open_docker"),
    "aws": ("reaper.providers.aws", "open_aws"),
}


def open_places(
    config: Config, *, read_only: bool, only: frozenset[str] | None = None
) -> Sequence[Provider]:
    """Open each configured place of these providers (None: of all); nothing is asked of them yet.

    Raises:
        ConfigurationError: A provider's SDK is not installed; the message says how to install it.
    """
    opened: list[Provider] = []
    for name, (module, function) in OPENERS.items():
        places: Sequence[object] = getattr(config.providers, name) or ()
        if places and (only is None or name in only):
            opener = _function(name, module, function)
            opened.extend(opener(place, read_only=read_only) for place in places)
    return opened


def discover() -> dict[str, Discovery]:
    """Find the places that answer from here, by provider; one without its SDK finds none."""
    found: dict[str, Discovery] = {}
    for name, (module, _) in OPENERS.items():
        try:
            found[name] = _function(name, module, "discover")()
        except ConfigurationError:
            told = f"{name} was not looked at: pip install 'leak-reaper[{name}]'"
            found[name] = Discovery(notes=(told,))
    return found


def known_kinds() -> dict[str, list[str]]:
    """Name the kinds of each provider, for a shell's completion: no SDK is loaded."""
    kinds: dict[str, list[str]] = {}
    for name, (module, _) in OPENERS.items():
        words = vars(importlib.import_module(f"{module}.names")).values()
        kinds[name] = sorted(
            word for word in words if isinstance(word, str) and word.startswith(f"{name}:")
        )
    return kinds


def _function(name: str, module: str, function: str) -> Callable[..., Any]:
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("reaper"):
            raise
        raise ConfigurationError(
            f"providers.{name} is configured, but its SDK is not installed ({error.name}): "
            f"pip install 'leak-reaper[{name}]'"
        ) from error
    return found
