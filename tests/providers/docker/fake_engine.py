"""An engine of our own on a UNIX socket, for the answers that a real one gives rarely."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

ID = "FAKE:ENGINE"


@dataclass
class FakeEngine:
    """What it answers, and what it was asked.

    Attributes:
        routes: A status and a JSON body for `METHOD /path` without the version; a function writes
            whatever it wants to the connection, or nothing.
    """

    url: str
    routes: dict[str, tuple[int, Any] | Callable[[BaseHTTPRequestHandler], None]] = field(
        default_factory=dict
    )
    asked: list[str] = field(default_factory=list)

    def requests(self, method: str) -> list[str]:
        return [line for line in self.asked if line.startswith(f"{method} ")]


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Read the request, and die without an answer."""
    handler.close_connection = True


@contextmanager
def fake_engine(directory: Path) -> Iterator[FakeEngine]:
    path = directory / "engine.sock"
    engine = FakeEngine(url=f"unix://{path}")
    engine.routes = {
        "GET /version": (200, {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10"}),
        "GET /info": (200, {"ID": ID, "Name": "fake", "SystemTime": "2026-01-01T00:00:00Z"}),
        "GET /_ping": (200, "OK"),
        "GET /containers/json": (200, []),
        "GET /networks": (200, []),
        "GET /volumes": (200, {"Volumes": None, "Warnings": None}),
        "GET /images/json": (200, []),
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            return

        def answer(self) -> None:
            route = re.sub(r"^/v[0-9.]+", "", self.path.partition("?")[0])
            engine.asked.append(f"{self.command} {self.path}")
            found = engine.routes.get(
                f"{self.command} {route}", (404, {"message": "page not found"})
            )
            if callable(found):
                found(self)
                return
            status, body = found
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the library's

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        request_queue_size = 50

    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield engine
        server.shutdown()
        thread.join()
