"""Requests made up from the API's own description: none breaks it, and each answer fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from reaper.ledger import Role
from tests.service.conftest import Api

PAGE = Path(__file__).parents[2] / "docs" / "openapi.json"
DESCRIPTION = json.loads(PAGE.read_text())
OPERATIONS = [
    (mode, method.upper(), path)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
    for mode in ("positive", "negative")
    if path != "/metrics"  # its text is no JSON
    # Where nothing is sent, nothing can be wrong.
    if mode == "positive" or {"parameters", "requestBody"} & operation.keys()
]
EXAMPLES = 40


@pytest.mark.parametrize(("mode", "method", "path"), OPERATIONS)
def test_no_request_breaks_it(api: Api, mode: str, method: str, path: str) -> None:
    import schemathesis  # noqa: PLC0415 - who only collects this would wait seconds for it
    from schemathesis.checks import not_a_server_error  # noqa: PLC0415 - as above
    from schemathesis.generation import GenerationMode  # noqa: PLC0415 - as above
    from schemathesis.specs.openapi import checks  # noqa: PLC0415 - as above

    api.start("r-1")
    headers = {"Authorization": f"Bearer {api.tokens[Role.OPERATOR]}"}
    schema: Any = schemathesis.openapi.from_dict(DESCRIPTION)
    cases = schema[path][method].as_strategy(generation_mode=GenerationMode(mode))

    kept = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]

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
        case.call_and_validate(base_url=api.url, headers=headers, checks=kept)

    send()
