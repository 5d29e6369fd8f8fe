"""As whom reaper comes: a key's file, workload identity, another account, or nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.auth")

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import aws, identity_pool, pluggable
from google.oauth2 import service_account

from reaper.config.places import GcePlace
from reaper.providers.gce.session import Connection, load_credentials

PROJECT = "my-project"
AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"


@pytest.fixture(scope="module")
def key() -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "client_email": "reaper@my-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": text.decode(),
        "private_key_id": "1",
    }


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(content))
    return path


def federated(**more: Any) -> dict[str, Any]:
    return {
        "type": "external_account",
        "audience": AUDIENCE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": "/var/run/token"},
        **more,
    }


def test_a_key_of_a_service_account_is_loaded(tmp_path: Path, key: dict[str, str]) -> None:
    found = load_credentials(written(tmp_path, key))

    assert isinstance(found, service_account.Credentials)
    assert found.service_account_email == key["client_email"]


@pytest.mark.parametrize(
    ("more", "sort"),
    [
        ({}, identity_pool.Credentials),
        (
            {
                "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
                "credential_source": {
                    "environment_id": "aws1",
                    "regional_cred_verification_url": "https://sts.{region}.amazonaws.com",
                },
            },
            aws.Credentials,
        ),
        ({"credential_source": {"executable": {"command": "/bin/token"}}}, pluggable.Credentials),
    ],
)
def test_workload_identity_is_loaded(tmp_path: Path, more: dict[str, Any], sort: type[Any]) -> None:
    assert type(load_credentials(written(tmp_path, federated(**more)))) is sort


@pytest.mark.parametrize("content", [{"type": "authorized_user"}, {}, []])
def test_credentials_of_another_sort_are_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ValueError, match="workload identity federation"):
        load_credentials(written(tmp_path, content))


def test_who_is_named_for_a_sentence() -> None:
    file = Path("/k.json")
    robot = "r@my-project.iam.gserviceaccount.com"
    for more, who in (
        ({}, "Application Default Credentials"),
        ({"credentials": file}, "the credentials of /k.json"),
        ({"credentials": file, "impersonate": robot}, robot),
        ({"endpoint": "http://127.0.0.1:1"}, "no credentials"),
    ):
        place = GcePlace.model_validate({"project": PROJECT, **more})
        assert Connection(place, read_only=True).who == who


def test_credentials_are_never_sent_by_plain_http(tmp_path: Path, key: dict[str, str]) -> None:
    for endpoint, anonymous, emulated in (
        ("http://127.0.0.1:1", True, True),
        ("http://emulator.example", True, False),
        ("https://localhost:1", False, True),
        ("https://restricted.example", False, False),
        (None, False, False),
    ):
        place = GcePlace(project=PROJECT, endpoint=endpoint, credentials=written(tmp_path, key))
        connection = Connection(place, read_only=True)
        assert (connection.anonymous, connection.emulated) == (anonymous, emulated)
