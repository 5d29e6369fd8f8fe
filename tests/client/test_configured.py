"""What a run takes from the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reaper.client.configured import configured


def test_an_emulators_address_stands_for_the_cloud_in_every_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {
        "gce": [{"project": "sandbox", "endpoint": "http://127.0.0.1:5001"}],
        "oci": [
            {
                "tenancy": "ocid1.tenancy.oc1..t",
                "compartments": ["ocid1.tenancy.oc1..t"],
                "endpoint": "http://127.0.0.1:5003/{region}",
            }
        ],
    }
    (tmp_path / "reaper.yaml").write_text(json.dumps({"providers": places}))
    monkeypatch.chdir(tmp_path)

    assert configured().endpoints == ("http://127.0.0.1:5001", "http://127.0.0.1:5003")
