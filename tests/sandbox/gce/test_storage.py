"""Cloud Storage: a bucket goes when no generation is left, and some of these are kept."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.faults import Effect, Operation, once
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world.rest import Rest
from tests.sandbox.gce.asking import refused

B = "/storage/v1/b"


def _bucket(rest: Rest, name: str = "bucket", **body: Any) -> dict[str, Any]:
    return rest.ask("POST", B, {"name": name, **body}, project="sandbox")


def _put(rest: Rest, name: str, content: bytes = b"x", bucket: str = "bucket") -> dict[str, Any]:
    path, headers = f"/upload{B}/{bucket}/o", {"Content-Type": "text/plain"}
    return rest.send("POST", path, content, headers, uploadType="media", name=name)


def _objects(rest: Rest, **parameters: object) -> list[tuple[str, bool]]:
    listed = rest.ask("GET", f"{B}/bucket/o", **parameters)
    return [(each["name"], "timeDeleted" in each) for each in listed.get("items", ())]


def test_a_bucket_is_made_listed_changed_and_deleted(rest: Rest) -> None:
    made = _bucket(rest, labels={"reaper-run": "r-1"}, location="eu")

    patched = rest.ask("PATCH", f"{B}/bucket", {"labels": {"a": "b"}})

    assert made["location"] == "EU"
    assert patched["labels"] == {"reaper-run": "r-1", "a": "b"}
    assert rest.ask("GET", B, project="sandbox")["items"] == [patched]
    assert "items" not in rest.ask("GET", B, project="other")
    assert rest.ask("PATCH", f"{B}/bucket", {"labels": None}).get("labels") is None
    rest.ask("DELETE", f"{B}/bucket")
    refused(404, "notFound", lambda: rest.ask("GET", f"{B}/bucket"))


def test_the_names_of_buckets_are_the_world_s(rest: Rest) -> None:
    _bucket(rest)

    refused(409, "conflict", lambda: rest.ask("POST", B, {"name": "bucket"}, project="other"))


def test_a_bucket_that_is_not_empty_stays(rest: Rest) -> None:
    _bucket(rest)
    _put(rest, "a/b")

    words = refused(409, "conflict", lambda: rest.ask("DELETE", f"{B}/bucket"))

    assert words == "The bucket you tried to delete is not empty."
    rest.ask("DELETE", f"{B}/bucket/o/{quote('a/b', safe='')}")
    rest.ask("DELETE", f"{B}/bucket")


def test_a_versioned_bucket_keeps_older_generations(rest: Rest) -> None:
    _bucket(rest, versioning={"enabled": True})
    _put(rest, "o", b"1")
    _put(rest, "o", b"2")
    rest.ask("DELETE", f"{B}/bucket/o/o")
    assert _objects(rest) == []
    assert _objects(rest, versions="True") == [("o", True), ("o", True)]
    refused(409, "conflict", lambda: rest.ask("DELETE", f"{B}/bucket"))

    for each in rest.ask("GET", f"{B}/bucket/o", versions=True)["items"]:
        rest.ask("DELETE", f"{B}/bucket/o/o", generation=each["generation"])

    rest.ask("DELETE", f"{B}/bucket")


def test_another_generation_than_the_one_that_was_meant_stays(rest: Rest) -> None:
    _bucket(rest)
    made = _put(rest, "o")

    path = f"{B}/bucket/o/o"
    refused(412, "conditionNotMet", lambda: rest.ask("DELETE", path, ifGenerationMatch="1"))

    rest.ask("DELETE", path, ifGenerationMatch=made["generation"])


def test_another_bucket_than_the_one_that_was_meant_stays(rest: Rest) -> None:
    _bucket(rest)
    rest.ask("PATCH", f"{B}/bucket", {"labels": {"a": "b"}})

    refused(
        412, "conditionNotMet", lambda: rest.ask("DELETE", f"{B}/bucket", ifMetagenerationMatch=1)
    )


@pytest.mark.parametrize("hold", ["temporaryHold", "eventBasedHold"])
def test_an_object_under_a_hold_stays(rest: Rest, hold: str) -> None:
    _bucket(rest)
    _put(rest, "o")
    rest.ask("PATCH", f"{B}/bucket/o/o", {hold: True})

    refused(403, "objectUnderActiveHold", lambda: rest.ask("DELETE", f"{B}/bucket/o/o"))

    assert rest.ask("GET", f"{B}/bucket/o/o")[hold]
    rest.ask("PATCH", f"{B}/bucket/o/o", {hold: False})
    rest.ask("DELETE", f"{B}/bucket/o/o")


def test_an_object_stays_as_long_as_its_bucket_retains_it() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock, strict=True) as sandbox, Rest(sandbox.endpoint) as rest:
        _bucket(rest, retentionPolicy={"retentionPeriod": "100"})
        made = _put(rest, "o")

        refused(403, "retentionPolicyNotMet", lambda: rest.ask("DELETE", f"{B}/bucket/o/o"))
        refused(403, "retentionPolicyNotMet", lambda: _put(rest, "o"))

        assert made["retentionExpirationTime"] == "2026-01-01T00:01:40.000Z"
        clock.sleep(101)
        rest.ask("DELETE", f"{B}/bucket/o/o")
        assert sandbox.violations == []


def test_a_locked_retention_stays_as_it_is(rest: Rest) -> None:
    _bucket(rest, retentionPolicy={"retentionPeriod": "100"})
    rest.ask("POST", f"{B}/bucket/lockRetentionPolicy", ifMetagenerationMatch=1)

    refused(403, "forbidden", lambda: rest.ask("PATCH", f"{B}/bucket", {"retentionPolicy": None}))


def test_an_upload_may_describe_its_object(rest: Rest) -> None:
    _bucket(rest)
    described = json.dumps({"name": "o", "metadata": {"a": "b"}}).encode()
    body = b"\r\n".join(
        (b"--x", b"Content-Type: application/json", b"", described, b"--x", b"", b"hello", b"--x--")
    )

    headers = {"Content-Type": "multipart/related; boundary=x"}
    path = f"/upload{B}/bucket/o"
    made = rest.send("POST", path, body, headers, uploadType="multipart")

    assert (made["name"], made["size"], made["metadata"]) == ("o", "5", {"a": "b"})


def test_objects_are_listed_in_pages(rest: Rest) -> None:
    _bucket(rest)
    for number in range(3):
        _put(rest, f"o{number}")

    pages = list(rest.pages(f"{B}/bucket/o", maxResults=2, prefix="o"))

    assert [[each["name"] for each in page["items"]] for page in pages] == [["o0", "o1"], ["o2"]]


def test_a_list_of_buckets_that_is_not_whole_is_no_list_unless_it_was_asked_for(
    sandbox: GoogleSandbox, rest: Rest
) -> None:
    _bucket(rest)
    sandbox.faults.add(once(Effect.PARTIAL, Operation.INDEX))
    refused(503, "backendError", lambda: rest.ask("GET", B, project="sandbox"))

    sandbox.faults.add(once(Effect.PARTIAL, Operation.INDEX))
    listed = rest.ask("GET", B, project="sandbox", returnPartialSuccess=True)

    assert listed["unreachable"] == ["projects/_/buckets/bucket"]


def test_storage_throttles_with_429(sandbox: GoogleSandbox, rest: Rest) -> None:
    sandbox.faults.add(once(Effect.THROTTLE, Operation.INDEX))

    refused(429, "rateLimitExceeded", lambda: rest.ask("GET", B, project="sandbox"))
