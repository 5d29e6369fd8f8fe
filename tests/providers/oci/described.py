"""The SDK's own description of its operations and models, as a test needs it."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from reaper.providers.oci.services import SERVICES


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of a client.

    Attributes:
        arguments: What it takes.
        answers: The model of its answer, or of one item of it; empty: none.
        listed: It answers with a list.
    """

    arguments: frozenset[str]
    answers: str
    listed: bool


@cache
def operation(service: str, name: str) -> Operation:
    """Describe a client's method; it fails where there is none."""
    declared = SERVICES[service]
    client = getattr(importlib.import_module(declared.module), declared.name)
    method = getattr(client, name, None)
    assert method is not None, f"{declared.name} has no {name}"
    source = inspect.getsource(method)
    expected = re.search(r"expected_kwargs = \[(.*?)\]", source, re.DOTALL)
    optional = re.findall(r'"(\w+)"', expected[1]) if expected else []
    required = [each for each in inspect.signature(method).parameters if each != "kwargs"]
    told = re.search(r'response_type="([^"]*)"', source)
    answers = told[1] if told else ""
    return Operation(
        arguments=frozenset((*required, *optional)),
        answers=answers.removeprefix("list[").removesuffix("]"),
        listed=answers.startswith("list[") or answers.endswith("Collection"),
    )


@cache
def properties(service: str, model: str) -> Mapping[str, str]:
    """The properties of a model as JSON has them, with their types."""
    module = importlib.import_module(f"{SERVICES[service].module}.models")
    empty: Any = getattr(module, model)()
    return {empty.attribute_map[name]: kind for name, kind in empty.swagger_types.items()}


@cache
def states(service: str, model: str) -> frozenset[str]:
    """The lifecycle states that a model knows."""
    module = importlib.import_module(f"{SERVICES[service].module}.models")
    cls = getattr(module, model)
    return frozenset(
        str(getattr(cls, name)) for name in dir(cls) if name.startswith("LIFECYCLE_STATE_")
    )
