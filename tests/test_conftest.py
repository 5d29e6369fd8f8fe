"""The network guard and the services that other tests stand on."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    import docker

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("address", ["192.0.2.1", "169.254.169.254"])
def test_a_connection_to_another_machine_fails_the_test(
    pytester: pytest.Pytester, address: str
) -> None:
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text())
    pytester.makepyfile(
        f"""
        import socket

        def test_that_swallows_the_error():
            try:
                socket.create_connection(({address!r}, 80), timeout=0.1)
            except Exception:
                pass

        def test_that_looks_up_a_name():
            socket.getaddrinfo("ec2.amazonaws.com", 443)

        def test_that_stays():
            assert True
        """
    )

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=2, failed=1, errors=2)
    result.stdout.fnmatch_lines([f"*tried to reach {address}*"])


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as connection:
            connected = connection.getpeername()

        assert connected == server.getsockname()


def test_nobodys_settings_reach_a_test() -> None:
    names = {name for name in os.environ if name.startswith("REAPER_")}

    assert {name for name in names if not name.startswith("REAPER_TEST_")} == {"REAPER_STATE"}


@given(st.integers())
def test_property_tests_stand_on_the_same_ground(number: int) -> None:
    assert "REAPER_STATE" in os.environ, number


def test_a_service_that_is_required_fails_the_test_that_needs_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text())
    pytester.makepyfile("def test_it(postgres_url): pass")
    monkeypatch.delenv("REAPER_TEST_POSTGRES", raising=False)

    monkeypatch.setenv("REAPER_TEST_REQUIRE", "")
    without = pytester.runpytest_subprocess()
    monkeypatch.setenv("REAPER_TEST_REQUIRE", "docker postgres")
    required = pytester.runpytest_subprocess()

    without.assert_outcomes(skipped=1)
    required.assert_outcomes(errors=1)


@pytest.mark.docker
def test_the_busybox_image_runs(docker_engine: docker.DockerClient, busybox: str) -> None:
    said = docker_engine.containers.run(busybox, ["sh", "-c", "echo alive"], remove=True)

    assert said == b"alive\n"
