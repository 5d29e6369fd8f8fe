"""The strict mode finds what does not conform to Google's discovery documents."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")

from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.conformity import faults_of_reply, method_of
from reaper.sandbox.kernel.requests import Request, as_json
from tests.sandbox.gce.asking import ZONE, Project, refused


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ({"name": "Bad_Name"}, {}),
        ({"lables": {}}, {}),
        ({"labels": {"a": 1}}, {}),
        ({"disks": [{"boot": "yes"}]}, {}),
        ({"id": "12x"}, {}),
        ({}, {"requestID": "x"}),
    ],
)
def test_a_request_that_google_would_not_read_is_refused_and_noted(
    project: Project, running: GoogleSandbox, body: dict[str, Any], parameters: dict[str, str]
) -> None:
    sent = {"name": "vm", "machineType": f"{ZONE}/machineTypes/e2-micro", **body}

    refused(400, "invalid", lambda: project.ask("POST", f"{ZONE}/instances", sent, **parameters))

    assert running.violations
    running.violations.clear()


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "DELETING"},
        {"label": {}},
        {"id": 5},
        {"labels": {"a": 1}},
        {"kind": "compute#disk"},
        {"deletionProtection": "false"},
        {"disks": {}},
    ],
)
def test_an_answer_that_google_would_not_give_is_found(
    project: Project, wrong: dict[str, Any]
) -> None:
    shown = project.make(f"{ZONE}/instances", "vm")
    path = f"/compute/v1/projects/sandbox/{ZONE}/instances/vm"
    asked = Request(method="GET", path=path, query={}, headers={}, body=b"")
    method = method_of("compute", asked)

    assert method is not None
    assert list(faults_of_reply(method, as_json(200, shown))) == []
    assert list(faults_of_reply(method, as_json(200, shown | wrong)))
