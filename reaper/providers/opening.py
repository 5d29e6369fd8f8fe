"""Opens the configured places, each provider's SDK loaded only where it is used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from reaper.errors import ConfigurationError, UsageError
from reaper.providers.discovery import Discovery

if TYPE_CHECKING:
    from reaper.config import Config
    from reaper.providers.protocol import Permissions, Provider

# Provider -> the module and function that open one of its places.
OPENERS: Mapping[str, tuple[str, str]] = {
    "docker": ("reaper.providers.docker", "open_docker"),
    "aws": ("reaper.providers.aws", "open_aws"),
    "gce": ("reaper.providers.gce", "open_gce"),
    "azure": ("reaper.providers.azure", "open_azure"),
    "oci": ("reaper.providers.oci", "open_oci"),
}
# Provider -> the module that loads all that works there, with the SDK.
ENGINES: Mapping[str, str] = {
    "docker": "reaper.providers.docker.engine",
    "aws": "reaper.providers.aws.account",
    "gce": "reaper.providers.gce.project",
    "azure": "reaper.providers.azure.subscription",
    "oci": "reaper.providers.oci.tenancy",
}
# Provider -> the module and function that write down what it must be allowed.
PERMITTERS: Mapping[str, tuple[str, str]] = {
    "aws": ("reaper.providers.aws", "permitted"),
    "gce": ("reaper.providers.gce", "permitted"),
    "azure": ("reaper.providers.azure", "permitted"),
    "oci": ("reaper.providers.oci", "permitted"),
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
            opened.extend(
                _call(name, module, function, place, read_only=read_only) for place in places
            )
    return opened


def modules(config: Config) -> list[str]:
    """Name what is loaded to work at the configured places."""
    return [module for name, module in ENGINES.items() if getattr(config.providers, name)]


def discover() -> dict[str, Discovery]:
    """Find the places that answer from here, by provider; one without its SDK finds none."""
    found: dict[str, Discovery] = {}
    for name, (module, _) in OPENERS.items():
        try:
            found[name] = _call(name, module, "discover")
        except ConfigurationError:
            told = f"{name} was not looked at: pip install 'leak-reaper[{name}]'"
            found[name] = Discovery(notes=(told,))
    return found


def permissions(
    provider: str, config: Config, *, kinds: frozenset[str], read_only: bool, simulate: bool
) -> Permissions:
    """Write down what a provider must be allowed for these kinds (empty: for all enabled ones).

    Raises:
        ConfigurationError: The provider's SDK is not installed.
        UsageError: It grants no permissions, or has no such kind.
    """
    if provider not in PERMITTERS:
        known = ", ".join(PERMITTERS)
        if provider in OPENERS:
            raise UsageError(
                f"{provider} knows no policies: whoever reaches it may do everything; a policy can "
                f"be written for {known}"
            )
        raise UsageError(f"reaper knows no provider {provider!r}; a policy can be for {known}")
    every = known_kinds()[provider]
    for kind in sorted(kinds - set(every)):
        near = get_close_matches(kind, every, n=1)
        meant = f": did you mean {near[0]}?" if near else f"; it has {', '.join(every)}"
        raise UsageError(f"{provider} has no kind {kind!r}{meant}")
    module, function = PERMITTERS[provider]
    written: Permissions = _call(
        provider,
        module,
        function,
        config,
        kinds=kinds or frozenset(every),
        read_only=read_only,
        simulate=simulate,
    )
    return written


def known_kinds() -> dict[str, list[str]]:
    """Name the kinds of each provider, for a shell's completion: no SDK is loaded."""
    kinds: dict[str, list[str]] = {}
    for name, (module, _) in OPENERS.items():
        words = vars(importlib.import_module(f"{module}.names")).values()
        kinds[name] = sorted(
            word for word in words if isinstance(word, str) and word.startswith(f"{name}:")
        )
    return kinds


def _call(name: str, module: str, function: str, *arguments: Any, **named: Any) -> Any:
    """Call a provider's function, which imports its SDK."""
    try:
        return getattr(importlib.import_module(module), function)(*arguments, **named)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("reaper"):
            raise
        raise ConfigurationError(
            f"providers.{name} is configured, but its SDK is not installed ({error.name}): "
            f"pip install 'leak-reaper[{name}]'"
        ) from error
