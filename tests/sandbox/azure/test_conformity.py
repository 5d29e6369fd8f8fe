"""The strict mode finds what does not conform to the models of Azure's SDKs."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.conformity import MODELS, faults, model
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world import build
from reaper.sandbox.azure.world.rest import Rest
from tests.sandbox.azure.asking import Group, refused

# What nobody knows has no model.
UNKNOWN = {"microsoft.foo/bars", "microsoft.foo/bars/parts", "microsoft.insights/metricalerts"}


@pytest.mark.parametrize("kind", MODELS)
def test_each_model_is_there(kind: str) -> None:
    assert model(kind) is not None


def test_each_type_has_a_model_or_nobody_knows_it() -> None:
    without = {kind for kind in TYPES if kind not in MODELS}

    assert without == UNKNOWN | {"microsoft.keyvault/locations/deletedvaults"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"lables": {}},
        {"tags": {"a": 1}},
        {"properties": {"storageProfile": {"osDisk": {"createOption": "Sometimes"}}}},
        {"properties": {"storageProfile": {"osDisk": {"createOption": "FromImage", "name": 1}}}},
        {"properties": {"networkProfile": {"networkInterfaces": {"id": "x"}}}},
        {"properties": {"state": "x"}},
    ],
)
def test_a_request_that_azure_would_not_read_is_refused_and_noted(
    sandbox: AzureSandbox, group: Group, wrong: Mapping[str, Any]
) -> None:
    path = group.id("Microsoft.Compute/virtualMachines", "vm")

    refused(
        400,
        "InvalidRequestContent",
        lambda: group.rest.put(path, {"location": "westeurope", **wrong}),
    )

    assert sandbox.violations
    sandbox.violations.clear()


def test_all_that_a_world_has_conforms_and_its_mutants_do_not(sandbox: AzureSandbox) -> None:
    build(sandbox.endpoint, {"a": "b"}, name="ours")

    checked = set()
    with Rest(sandbox.endpoint) as rest:
        for each in rest.listed(f"/subscriptions/{SUBSCRIPTION}/resources"):
            kind = each["type"].lower()
            body = rest.ask("GET", each["id"])
            assert list(faults(kind, body)) == []
            if kind not in UNKNOWN:
                assert list(faults(kind, {**body, "colour": "red"}))
                assert list(faults(kind, {**body, "location": 1}))
                inner = deepcopy(body)
                inner["properties"]["colour"] = "red"
                assert list(faults(kind, inner)), kind
                checked.add(kind)

    assert len(checked) > 18


def test_older_models_are_held_to_their_maps() -> None:
    lock = {"name": "x", "properties": {"level": "CanNotDelete", "notes": "y"}}

    assert list(faults("microsoft.authorization/locks", lock)) == []
    assert list(faults("microsoft.authorization/locks", {"name": 1}))
    assert list(faults("microsoft.authorization/locks", {"properties": {"colour": "red"}}))
    assert list(faults("microsoft.resourcegraph/resources", {"count": "many"}))
