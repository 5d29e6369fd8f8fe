"""What forbids to leave the machine also holds outside the tests, in any process."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import socket, sys, threading
from reaper.sandbox.guard import LeftTheMachine, attempts, forbid_leaving, forget_attempts

forbid_leaving()
forbid_leaving()

def reach():
    try:
        {attempt}
    except LeftTheMachine as error:
        print(error)

thread = threading.Thread(target=reach)
thread.start()
thread.join()
print(attempts())
forget_attempts()
print(attempts())
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
print(socket.getaddrinfo("localhost", 80) != [])
"""


@pytest.mark.parametrize(
    ("attempt", "host"),
    [
        ("socket.create_connection(('192.0.2.1', 80), timeout=0.1)", "192.0.2.1"),
        ("socket.getaddrinfo('ec2.amazonaws.com', 443)", "ec2.amazonaws.com"),
        ("socket.gethostbyname('ec2.amazonaws.com')", "ec2.amazonaws.com"),
    ],
)
def test_leaving_fails_loudly_and_is_remembered(attempt: str, host: str) -> None:
    script = SCRIPT.format(attempt=attempt)

    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert said.stdout.splitlines() == [
        f"{host} is another machine: nothing here may leave this one",
        f"('{host}',)",
        "()",
        "True",
    ]
