"""An engine over TCP with TLS."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reaper.errors import PlaceUnreachable
from reaper.providers.docker import open_docker
from tests.providers.docker.conftest import Engine


@dataclass(frozen=True, kw_only=True)
class Files:
    ca: Path | None
    cert: Path | None
    key: Path | None
    verify: bool = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        told = b'{"ID": "TLS", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        return  # refused handshakes are what some tests are about


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with one certificate, which is its own authority."""
    directory = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(directory / "key.pem"), "-out", str(directory / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return directory


@pytest.fixture
def engine(certificate: Path) -> Iterator[str]:
    """The address of an engine that wants our certificate too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    context.load_verify_locations(certificate / "cert.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_both_ends_prove_who_they_are_whatever_bundle_the_environment_names(
    engine: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    pem, key = certificate / "cert.pem", certificate / "key.pem"
    provider = open_docker(
        Engine(host=engine, tls=Files(ca=pem, cert=pem, key=key)), read_only=True
    )

    identity = provider.identity()
    provider.close()

    assert identity.id == "TLS"


def test_an_engine_that_nobody_vouches_for_is_not_talked_to(engine: str, certificate: Path) -> None:
    pem, key = certificate / "cert.pem", certificate / "key.pem"
    place = Engine(host=engine, tls=Files(ca=None, cert=pem, key=key))

    with pytest.raises(PlaceUnreachable, match="certificate verify failed"):
        open_docker(place, read_only=True).identity()


def test_without_our_certificate_the_engine_does_not_talk(engine: str, certificate: Path) -> None:
    place = Engine(host=engine, tls=Files(ca=certificate / "cert.pem", cert=None, key=None))

    with pytest.raises(PlaceUnreachable):
        open_docker(place, read_only=True).identity()
