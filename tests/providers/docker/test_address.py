"""Which engine is meant where the configuration says little."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from reaper.errors import ConfigurationError
from reaper.providers.docker.address import TlsFiles, known_addresses, local_sockets, resolve
from tests.providers.docker.conftest import Engine


@dataclass(frozen=True, kw_only=True)
class Files:
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    verify: bool = True


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}


def make_context(home: Path, name: str, *, current: bool = True, **endpoint: object) -> Path:
    """A context's files; its TLS directory."""
    docker = home / ".docker"
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = docker / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoints = {"docker": endpoint} if endpoint else {}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": endpoints}))
    if current:
        (docker / "config.json").write_text(json.dumps({"currentContext": name}))
    return docker / "contexts" / "tls" / digest / "docker"


def test_the_configured_host_comes_first(env: dict[str, str]) -> None:
    env["DOCKER_HOST"] = "unix:///theirs.sock"

    address = resolve(Engine(host="unix:///ours.sock"), env)

    assert address.url == "unix:///ours.sock"


def test_docker_host_comes_before_the_current_context(env: dict[str, str], tmp_path: Path) -> None:
    make_context(tmp_path, "remote", Host="tcp://10.0.0.1:2375")
    env["DOCKER_HOST"] = "unix:///env.sock"

    assert resolve(Engine(), env).url == "unix:///env.sock"


def test_the_current_context_leads_to_its_engine(env: dict[str, str], tmp_path: Path) -> None:
    make_context(tmp_path, "remote", Host="ssh://ci@build-1")

    address = resolve(Engine(), env)

    assert address.url == "ssh://ci@build-1"
    assert "'remote'" in address.found


def test_the_environment_may_name_another_context(env: dict[str, str], tmp_path: Path) -> None:
    make_context(tmp_path, "remote", Host="tcp://10.0.0.1:2375")
    make_context(tmp_path, "other", current=False, Host="tcp://10.0.0.2:2375")
    env["DOCKER_CONTEXT"] = "other"

    assert resolve(Engine(), env).url == "tcp://10.0.0.2:2375"
    assert resolve(Engine(context="remote"), env).url == "tcp://10.0.0.1:2375"


def test_a_contexts_certificates_are_used(env: dict[str, str], tmp_path: Path) -> None:
    files = make_context(tmp_path, "remote", Host="tcp://10.0.0.1:2376", SkipTLSVerify=False)
    files.mkdir(parents=True)
    (files / "ca.pem").touch()

    address = resolve(Engine(), env)

    assert address.tls == TlsFiles(ca=str(files / "ca.pem"), cert=None, verify=True)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_docker_configuration_is_named(
    env: dict[str, str], tmp_path: Path, content: str
) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(content)

    with pytest.raises(ConfigurationError, match=r"config\.json"):
        resolve(Engine(), env)
    assert all(address.found == "a local socket" for address in known_addresses(env))


def test_a_context_that_is_not_there_is_named(env: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="'gone'"):
        resolve(Engine(context="gone"), env)


def test_a_context_without_an_engine_is_named(env: dict[str, str], tmp_path: Path) -> None:
    make_context(tmp_path, "kube")

    with pytest.raises(ConfigurationError, match="no Docker engine"):
        resolve(Engine(context="kube"), env)


def test_without_anything_a_local_socket_is_taken(env: dict[str, str], tmp_path: Path) -> None:
    rootless = tmp_path / "run" / "docker.sock"
    rootless.parent.mkdir()
    rootless.touch()

    sockets = [path for path in local_sockets(env) if path.exists()]
    address = resolve(Engine(), env)

    assert address.url == f"unix://{sockets[0]}"
    assert rootless in sockets


def test_the_environments_tls_is_used(env: dict[str, str], tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    env |= {
        "DOCKER_HOST": "tcp://10.0.0.1:2376",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(tmp_path),
    }

    tls = resolve(Engine(), env).tls

    assert tls is not None
    assert tls.verify
    assert tls.cert == (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))


def test_certificates_that_are_not_there_are_named(env: dict[str, str], tmp_path: Path) -> None:
    place = Engine(host="tcp://10.0.0.1:2376", tls=Files(ca=tmp_path / "ca.pem"))

    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        resolve(place, env)


def test_a_certificate_without_its_key_is_refused(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "cert.pem").touch()
    place = Engine(host="tcp://10.0.0.1:2376", tls=Files(cert=tmp_path / "cert.pem"))

    with pytest.raises(ConfigurationError, match="both cert and key"):
        resolve(place, env)


@pytest.mark.parametrize("host", ["docker.sock", "ftp://x", "unix://", "fd://", "tcp://u:p@h:1"])
def test_what_is_no_address_is_refused(env: dict[str, str], host: str) -> None:
    with pytest.raises(ConfigurationError, match="address"):
        resolve(Engine(host=host), env)
