"""Filter expressions are read as Google's manual has them."""

from __future__ import annotations

from typing import Any

import pytest

from reaper.sandbox.gce.filters import BadFilter, read

VM: dict[str, Any] = {
    "name": "vm-1",
    "status": "RUNNING",
    "labels": {"reaper-run": "r-1", "env": "ci"},
    "scheduling": {"automaticRestart": False},
    "networkInterfaces": [{"network": "net-a"}, {"network": "net-b"}],
    "creationTimestamp": "2026-01-01T00:00:00.000-07:00",
    "sizeGb": "9",
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name=vm-1",
        'name = "vm-1"',
        "labels.reaper-run:*",
        "labels.reaper-run=r-1",
        "labels.reaper-run=(r-0 OR r-1)",
        "labels:env",
        "labels.none:* OR labels.env=ci",
        "labels.env=ci AND name!=vm-2",
        "(labels.env=ci) (status=RUNNING)",
        "labels.env=ci status=STOPPED OR status=RUNNING",
        "NOT name=vm-2",
        "-name=vm-2",
        "name=vm-*",
        "name eq vm-.*",
        "name ne vm",
        "scheduling.automaticRestart=false",
        "networkInterfaces.network=net-b",
        'creationTimestamp<"2026-01-01T08:00:00Z"',
        "sizeGb<10",
    ],
)
def test_it_passes(text: str) -> None:
    assert read(text)(VM)


@pytest.mark.parametrize(
    "text",
    [
        "name=vm",
        "labels.none:*",
        "labels.env=c",
        "labels.env=ci AND name=vm-2",
        "labels.env=ci name=vm-2",
        "name eq vm",
        "sizeGb>10",
        "labels:ci",
        "none<5",
    ],
)
def test_it_does_not_pass(text: str) -> None:
    assert not read(text)(VM)


@pytest.mark.parametrize("text", ["name", "name=", "(name=a", "name=a)", "=a", "name eq ["])
def test_it_cannot_be_read(text: str) -> None:
    with pytest.raises(BadFilter):
        read(text)(VM)


def test_asset_inventory_looks_at_values_and_everywhere() -> None:
    assert read("labels:ci", values_too=True)(VM)
    assert read("net-b", anywhere=True)(VM)
    assert not read("net-c", anywhere=True)(VM)
