"""What every test stands on: no way off this machine, nobody's environment, real services."""

from __future__ import annotations

import fcntl
import gc
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadGroupScheduling

from reaper.sandbox.guard import attempts, forbid_leaving, forget_attempts

if TYPE_CHECKING:
    import docker

    from reaper.sandbox.aws import AwsSandbox

# What is imported stays: collection takes half the time without looking through it again and again.
gc.disable()

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Services that must be there: what needs one of them fails without it instead of being skipped.
REQUIRED = frozenset(os.environ.get("REAPER_TEST_REQUIRE", "").replace(",", " ").split())

BUSYBOX = "reaper-test-busybox:1"


# Whose tests share what is costly to make, or must not run side by side: one process runs them all.
TOGETHER = frozenset(
    {
        "tests/acceptance/test_aws_in_use.py",
        "tests/acceptance/test_pytest.py",
        "tests/acceptance/test_scylla.py",
        "tests/providers/aws/test_each_kind.py",
        "tests/providers/docker/test_swarm.py",
    }
)


def pytest_collection_finish() -> None:
    """Collect garbage again, but never look at what was imported."""
    gc.enable()
    gc.freeze()


class ModulesTogether(LoadGroupScheduling):  # type: ignore[misc] # xdist bears no types
    """`--dist loadgroup` by module: the mark `xdist_group` renames tests, and pytest 9.2 does not
    let it.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return module if module in TOGETHER else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling | None:
    return ModulesTogether(config, log) if config.getvalue("dist") == "loadgroup" else None


# Who was started in the background ignores ^C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A test that could reach a real cloud fails by itself.
forbid_leaving()


@pytest.fixture(autouse=True, scope="session")
def _quick_inner_sessions() -> str:
    """Spare the sessions that tests start what only our own needs: it takes 1.5 s to load."""
    ours = ("schemathesis", "hypothesispytest", "anyio", "pytest_cov")
    os.environ["PYTEST_ADDOPTS"] = options = " ".join(f"-p no:{plugin}" for plugin in ours)
    return options


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, _quick_inner_sessions: str, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """The same, which takes the variable away otherwise."""
    monkeypatch.setenv("PYTEST_ADDOPTS", _quick_inner_sessions)
    return pytester


@pytest.fixture(autouse=True)
def _stay_on_this_machine() -> Iterator[None]:
    """Fail the test also if its code swallowed the guard's error, or met it in a thread."""
    forget_attempts()
    yield
    assert not attempts(), f"the test tried to reach {', '.join(sorted(set(attempts())))}"


@pytest.fixture(autouse=True)
def _no_ones_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what a user's shell or a surrounding run set, and keep state in a temporary place.

    Subprocesses inherit this too.
    """
    for name in os.environ:
        if name.startswith("REAPER_") and not name.startswith("REAPER_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REAPER_STATE", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[docker.DockerClient]:
    """A client of a Docker engine that answers."""
    docker_sdk = pytest.importorskip("docker")
    try:
        client = docker_sdk.from_env(timeout=60)
    except docker_sdk.errors.DockerException as error:
        do_without("docker", f"no Docker engine answers: {error}")
    try:
        client.ping()
        yield client
    finally:
        client.close()


@pytest.fixture(scope="session")
def busybox(docker_engine: docker.DockerClient) -> str:
    """The name of an image with `sh`, `sleep` and the like, made here: no registry is asked.

    It stays on the engine for the next time.
    """
    with (Path(tempfile.gettempdir()) / f"reaper-test-busybox.{os.getuid()}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of xdist would import it twice
        if not docker_engine.images.list(name=BUSYBOX):
            repository, _, tag = BUSYBOX.partition(":")
            docker_engine.api.import_image_from_data(
                _busybox_tree(), repository=repository, tag=tag, changes=['CMD ["sh"]']
            )
    return BUSYBOX


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The address of a PostgreSQL server where the tests may create databases."""
    url = os.environ.get("REAPER_TEST_POSTGRES")
    if not url:
        do_without("postgres", "no PostgreSQL server: REAPER_TEST_POSTGRES names none")
    return url


@pytest.fixture(scope="session")
def aws_running() -> Iterator[AwsSandbox]:
    """One emulated AWS for all tests of this process: there cannot be two."""
    pytest.importorskip("moto")
    from reaper.sandbox.aws import AwsSandbox  # noqa: PLC0415 - only these tests need moto

    with AwsSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def aws_sandbox(aws_running: AwsSandbox, monkeypatch: pytest.MonkeyPatch) -> AwsSandbox:
    """The emulated AWS, empty, and credentials that only it takes."""
    return _emptied(aws_running, monkeypatch)


@pytest.fixture(scope="module")
def aws_of_module(aws_running: AwsSandbox) -> Iterator[AwsSandbox]:
    """The same for a whole module, whose tests then belong into one group of xdist's."""
    with pytest.MonkeyPatch.context() as patch:
        yield _emptied(aws_running, patch)


def _emptied(sandbox: AwsSandbox, patch: pytest.MonkeyPatch) -> AwsSandbox:
    for name in os.environ:
        if name.startswith("AWS_"):
            patch.delenv(name)
    patch.setenv("AWS_ACCESS_KEY_ID", "x")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    patch.setenv("AWS_CONFIG_FILE", os.devnull)
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    sandbox.reset()
    return sandbox


def _busybox_tree() -> bytes:
    program = shutil.which("busybox")
    if program is None or "not a dynamic executable" not in _said_by("ldd", program):
        do_without("docker", "no static busybox to make an image of: install busybox-static")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tree:
        tree.add(program, "bin/busybox")
        for applet in _said_by(program, "--list").split():
            if applet != "busybox":
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tree.addfile(link)
        directory = tarfile.TarInfo("tmp")
        directory.type, directory.mode = tarfile.DIRTYPE, 0o1777
        tree.addfile(directory)
    return buffer.getvalue()


def _said_by(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr


def do_without(service: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where the service was said to be there."""
    if service in REQUIRED:
        pytest.fail(f"{reason} (REAPER_TEST_REQUIRE has {service})", pytrace=False)
    pytest.skip(reason)
