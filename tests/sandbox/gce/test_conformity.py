"""The strict mode finds what does not conform to Google's discovery documents."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")

from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.compute.kinds import COLLECTIONS, Collection
from reaper.sandbox.gce.conformity import DOCUMENTS, faults_of_reply, method_of, methods
from reaper.sandbox.gce.services import METHODS, Method
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


DOCUMENTED = [each for each in METHODS if each.service in DOCUMENTS]


@pytest.mark.parametrize("method", DOCUMENTED, ids=lambda method: method.id)
def test_each_method_is_one_of_google_s(method: Method) -> None:
    assert (method.id, method.http) in {(each.id, each.http) for each in methods(method.service)}


@pytest.mark.parametrize("collection", COLLECTIONS.values(), ids=lambda each: each.name)
def test_each_collection_is_one_of_compute_s(collection: Collection) -> None:
    known = {each.id for each in methods("compute")}

    for scope in collection.scopes:
        assert f"compute.{collection.resource(scope)}.get" in known
    assert (f"compute.{collection.name}.aggregatedList" in known) is collection.aggregated
    labelled = f"compute.{collection.resource(collection.scopes[0])}.setLabels" in known
    assert labelled is collection.labelled


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
