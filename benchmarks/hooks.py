"""What the hooks add: to a session's start, to a call that creates something, and to all others.

No engine and no cloud is asked: each answers at once from within the process, so that what is left
is the SDK's own work, with the hook and without it. Times are the CPU's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import boto3
import docker
import requests
from botocore.awsrequest import AWSResponse
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1 as compute

import reaper
from reaper.fixtures.hooks.aws import account
from reaper.fixtures.hooks.aws.calling import _like
from reaper.fixtures.hooks.tagging import current, paused

ROUNDS = 400
START_BOUND_S, CREATING_BOUND_S, OTHER_BOUND_S = 0.05, 100e-6, 5e-6
START = """
import time, pytest
began = time.process_time()
import reaper
with reaper.run():
    print(time.process_time() - began)
"""


def main() -> int:
    """Measure, and print what is on top; the exit code says if the bounds hold."""
    with tempfile.TemporaryDirectory() as state:
        os.environ.update(
            REAPER_STATE=state, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", DOCKER_HOST=""
        )
        os.chdir(state)
        rows = [("a session's start", _start(), START_BOUND_S)]
        with reaper.run():
            creating, other = _docker()
            rows.append(("docker-py: a call that creates", _added(creating), CREATING_BOUND_S))
            rows.append(("docker-py: another call", _added(other), OTHER_BOUND_S))
            creating, other = _boto3()
            whole = _added(creating)
            rows.append(("boto3: a call that creates", _own(), CREATING_BOUND_S))
            rows.append(("boto3: another call", _added(other), OTHER_BOUND_S))
            creating, other = _compute()
            rows.append(("compute_v1: a call that creates", _added(creating), CREATING_BOUND_S))
            rows.append(("compute_v1: another call", _added(other), OTHER_BOUND_S))
    print(f"{'':<32} {'added':>10} {'bound':>10}")
    for what, added, bound in rows:
        print(f"{what:<32} {added * 1e6:>7.1f} µs {bound * 1e6:>7.0f} µs")
    print(
        f"(With botocore's own work on the tags, a creating call costs {whole * 1e6:.1f} µs more.)"
    )
    beyond = [what for what, added, bound in rows if added > bound]
    print(f"BEYOND: {', '.join(beyond)}" if beyond else "all within their bounds")
    return len(beyond)


def _start() -> float:
    times = [
        float(subprocess.run([sys.executable, "-c", START], capture_output=True, check=True).stdout)
        for _ in range(10)
    ]
    return min(times)


def _added(call: Callable[[], object]) -> float:
    """The best with the hook less the best without, in turns: what else is at work only adds."""
    assert current() is not None, "there is no run"
    call()
    with_hook, without = [], []
    for _ in range(ROUNDS):
        with_hook.append(_timed(call))
        with paused():
            without.append(_timed(call))
    return min(with_hook) - min(without)


def _own() -> float:
    """The best of the hook alone, around a call that costs nothing."""
    client = boto3.client("ec2", region_name="eu-west-1")
    hooked = _like(lambda *_: {"Vpc": {"VpcId": "vpc-1"}})
    return min(
        _timed(lambda: hooked(client, "CreateVpc", {"CidrBlock": "10.0.0.0/16"}))
        for _ in range(ROUNDS)
    )


def _timed(call: Callable[[], object]) -> float:
    began = time.thread_time()
    call()
    return time.thread_time() - began


def _docker() -> tuple[Callable[[], object], Callable[[], object]]:
    def send(_: Any, request: Any, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code = 201
        answer.request, answer.url = request, request.url
        answer._content = b'{"Id": "0123456789ab", "ID": "E"}'  # noqa: SLF001 - as adapters do
        return answer

    send.__module__ = "requests.adapters"  # else it were a mocking library's
    adapter = type("Adapter", (requests.adapters.BaseAdapter,), {"send": send, "close": print})()
    client = docker.APIClient(base_url="tcp://127.0.0.1:1", version="1.41")
    client.mount("http://", adapter)
    networks = f"{client.base_url}/v1.41/networks"
    body = '{"Name": "n", "Labels": {"a": "b"}}'
    return (
        lambda: client.post(f"{networks}/create", data=body),
        lambda: client.post(f"{networks}/n/connect", data=body),
    )


def _boto3() -> tuple[Callable[[], object], Callable[[], object]]:
    class Raw:
        def stream(self, **_: Any) -> Any:
            yield b"<r><vpc><vpcId>vpc-1</vpcId></vpc></r>"

    account._known["x", ""] = "123456789012"  # noqa: SLF001 - as if STS had been asked
    client = boto3.client("ec2", region_name="eu-west-1")
    client.meta.events.register(
        "before-send.ec2.*", lambda request, **_: AWSResponse(request.url, 200, {}, Raw())
    )
    return lambda: client.create_vpc(CidrBlock="10.0.0.0/16"), client.describe_vpcs


def _compute() -> tuple[Callable[[], object], Callable[[], object]]:
    """Calls of google-cloud-compute as its clients make them, answered before the connection."""
    link = "https://www.googleapis.com/compute/v1/projects/p/zones/z/disks/d"
    answer = compute.Operation(name="o", target_link=link, target_id=7)
    transport: Any = compute.DisksClient(credentials=AnonymousCredentials()).transport
    insert = transport._wrapped_methods[transport.insert]  # noqa: SLF001 - as its clients call
    get = transport._wrapped_methods[transport.get]  # noqa: SLF001 - as above
    insert._target = get._target = lambda *_, **__: answer  # noqa: SLF001 - nobody is asked
    where = {"project": "p", "zone": "z"}
    disk = compute.Disk(name="d", size_gb=1, labels={"a": "b"})
    creating = compute.InsertDiskRequest(disk_resource=disk, **where)
    reading = compute.GetDiskRequest(disk="d", **where)
    return lambda: insert(creating), lambda: get(reading)


if __name__ == "__main__":
    sys.exit(main())
