"""How an engine's sentences and broken connections are read."""

from __future__ import annotations

from http.client import RemoteDisconnected

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError

from reaper.providers.docker.answers import classify, classify_status, explain, users_named
from reaper.providers.protocol import Reply

LONG = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("status", "message", "reply", "blockers"),
    [
        (
            409,
            f"remove v: volume is in use - [{LONG}, {LONG[::-1]}]",
            Reply.IN_USE,
            (f"container {LONG[:12]}", f"container {LONG[::-1][:12]}"),
        ),
        (
            409,
            (
                "conflict: unable to delete 434de8af5337 (must be forced) - "
                "image is being used by stopped container 091f85a4db98"
            ),
            Reply.IN_USE,
            ("container 091f85a4db98",),
        ),
        (
            409,
            (
                "conflict: unable to delete 434de8af5337 (cannot be forced) - image has dependent "
                "child images"
            ),
            Reply.IN_USE,
            (),
        ),
        (
            403,
            f"error while removing network: network n id {LONG} has active endpoints",
            Reply.IN_USE,
            (),
        ),
        (
            400,
            "rpc error: code = FailedPrecondition desc = network n is in use by service 6ct56pey",
            Reply.IN_USE,
            ("service 6ct56pey",),
        ),
        (
            400,
            (
                "rpc error: code = InvalidArgument desc = secret 's' is in use by the following "
                "services: web, db"
            ),
            Reply.IN_USE,
            ("service web", "service db"),
        ),
        (409, f"removal of container {LONG} is already in progress", Reply.STARTED, ()),
        (500, "network 0ukvdb2ri35vvqo8alsyhvr5n not found", Reply.STARTED, ()),
        (503, "This node is not a swarm manager. Use ...", Reply.FAILED, ()),
        (403, "bridge is a pre-defined network and cannot be removed", Reply.DENIED, ()),
        (500, "unlinkat /var/lib/docker/x: permission denied", Reply.DENIED, ()),
        (500, "unlinkat /var/lib/docker/x: device or resource busy", Reply.FAILED, ()),
    ],
)
def test_engines_sentences_are_understood(
    status: int, message: str, reply: Reply, blockers: tuple[str, ...]
) -> None:
    answer = classify_status(status, message, absent=False)

    assert (answer.reply, answer.blockers) == (reply, blockers)
    assert message in answer.detail


@given(st.integers(400, 599), st.text())
def test_no_refusal_reads_as_done_or_absent(status: int, message: str) -> None:
    answer = classify_status(status, message, absent=False)

    assert answer.reply not in {Reply.DONE, Reply.ABSENT, Reply.SCHEDULED}
    assert answer.detail


@given(st.text())
def test_users_are_named_once_each(message: str) -> None:
    users = users_named(message)

    assert len(users) == len(set(users))


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (requests.exceptions.ConnectTimeout("slow"), Reply.FAILED),
        (
            requests.exceptions.ConnectionError(
                ProtocolError("Connection aborted.", FileNotFoundError(2, "no such socket"))
            ),
            Reply.FAILED,
        ),
        (
            requests.exceptions.ConnectionError(
                ProtocolError("Connection aborted.", RemoteDisconnected("closed"))
            ),
            Reply.UNCERTAIN,
        ),
        (requests.exceptions.ConnectionError(ConnectionRefusedError(111, "refused")), Reply.FAILED),
        (requests.exceptions.ConnectionError(PermissionError(13, "denied")), Reply.DENIED),
        (requests.exceptions.ConnectionError(ConnectionResetError(104, "reset")), Reply.UNCERTAIN),
        (requests.exceptions.ConnectionError(BrokenPipeError(32, "pipe")), Reply.UNCERTAIN),
        (requests.exceptions.ReadTimeout("slow"), Reply.UNCERTAIN),
        (requests.exceptions.ChunkedEncodingError("cut"), Reply.UNCERTAIN),
        (ValueError("no JSON"), Reply.UNCERTAIN),
    ],
)
def test_a_call_that_may_have_been_carried_out_is_uncertain(error: Exception, reply: Reply) -> None:
    answer = classify(error)

    assert answer.reply is reply
    assert answer.detail
    assert ("nothing was sent" in answer.detail) == (reply is not Reply.UNCERTAIN)


def test_a_lost_connection_is_told_in_the_systems_words() -> None:
    with pytest.raises(requests.exceptions.ConnectionError) as refused:
        requests.get("http://127.0.0.1:1/version", timeout=5)

    assert explain(refused.value) == "Connection refused"
    assert explain(FileNotFoundError(2, "No such file", "/x")) == "No such file: /x"
    assert explain(requests.exceptions.ReadTimeout("a pool's address")) == "it timed out"
    assert explain(FileNotFoundError("there is no socket /x")) == "there is no socket /x"
