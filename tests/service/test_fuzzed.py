"""Requests made up from the API's own description: none breaks it, and each answer fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from reaper.ledger import Role
from tests.service.conftest import Api

PAGE = Path(__file__).parents[2] / "docs" / "openapi.json"
DESCRIPTION = json.loads(PAGE.read_text())
OPERATIONS = [
    (mode, method.upper(), path)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if path != "/metrics"  # its text is no JSON
    # Where nothing is sent, nothing can be wrong.
    if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & operation.keys()
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 40


@pytest.mark.parametrize(("mode", "method", "path"), OPERATIONS)
def test_no_request_breaks_it(api: Api, mode: GenerationMode, method: str, path: str) -> None:
    api.start("r-1")
    headers = {"Authorization": f"Bearer {api.tokens[Role.OPERATOR]}"}
    schema: Any = schemathesis.openapi.from_dict(DESCRIPTION)
    cases = schema[path][method].as_strategy(generation_mode=mode)

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Any) -> None:
        case.call_and_validate(base_url=api.url, headers=headers, checks=CHECKS)

    send()
