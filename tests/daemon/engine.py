"""An engine of our own that has volumes and nothing else, and counts who deletes what."""

from __future__ import annotations

import json
import re
import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_VOLUME = re.compile(r"/volumes/([^/]+)")


def _go_on(_pid: int, _name: str) -> None:
    pass


@dataclass
class Engine:
    """What it holds and what was asked of it.

    Attributes:
        reads: How often each volume was inspected, by the process that asked.
        deleted: How often each volume was deleted.
        deleters: The processes that sent deletions.
        at_read: Called before an inspection is answered: the caller's PID and the volume's name.
    """

    path: Path
    id: str = "VOLUMES:ENGINE"
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    reads: Counter[tuple[int, str]] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    deleters: set[int] = field(default_factory=set)
    at_read: Callable[[int, str], None] = _go_on
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def add(self, name: str, tags: Mapping[str, str], *, ago: timedelta = timedelta(0)) -> None:
        """Make a volume that bears these labels."""
        created = datetime.now(UTC) - ago
        self.volumes[name] = {
            "Name": name,
            "Driver": "local",
            "CreatedAt": created.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "Labels": dict(tags),
            "Mountpoint": f"/var/lib/docker/volumes/{name}/_data",
            "Scope": "local",
            "Options": None,
        }

    def answer(self, method: str, target: str, pid: int) -> tuple[int, Any]:
        """Answer one request."""
        url = urlsplit(re.sub(r"^/v[0-9.]+", "", target))
        self.asked.append(f"{method} {url.path}")
        volume = _VOLUME.fullmatch(url.path)
        if volume is not None:
            return self._volume(method, unquote(volume[1]), pid)
        if (method, url.path) == ("GET", "/volumes"):
            return 200, {"Volumes": self._labelled(url.query), "Warnings": None}
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        versions = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10"}
        fixed: dict[str, Any] = {
            "/version": versions,
            "/info": {"ID": self.id, "Name": "volumes", "SystemTime": now},
            "/_ping": "OK",
            "/containers/json": [],
            "/networks": [],
            "/images/json": [],
        }
        if method in {"GET", "HEAD"} and url.path in fixed:
            return 200, fixed[url.path]
        return 404, {"message": "page not found"}

    def _labelled(self, query: str) -> list[dict[str, Any]]:
        filters = json.loads(parse_qs(query).get("filters", ["{}"])[0])
        keys = filters.get("label", [])
        return [
            each
            for each in list(self.volumes.values())
            if all(key in each["Labels"] for key in keys)
        ]

    def _volume(self, method: str, name: str, pid: int) -> tuple[int, Any]:
        if method == "GET":
            self.reads[pid, name] += 1
            self.at_read(pid, name)
        if method == "DELETE":
            self.deleters.add(pid)
        found = self.volumes.get(name)
        if found is None:
            return 404, {"message": f"get {name}: no such volume"}
        if method == "DELETE":
            self.deleted[name] += 1
            del self.volumes[name]
            return 204, None
        return 200, found


@contextmanager
def serving(directory: Path) -> Iterator[Engine]:
    """Serve an engine on a socket in a directory."""
    engine = Engine(path=directory / "volumes.sock")
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            return

        def respond(self) -> None:
            if engine.silent:
                over.wait(60)
                self.close_connection = True
                return
            credentials = self.connection.getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
            )
            pid, _, _ = struct.unpack("3i", credentials)
            status, body = engine.answer(self.command, self.path, pid)
            text = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            if body is not None:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_GET = do_HEAD = do_POST = do_DELETE = respond  # noqa: N815 - the library's

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        request_queue_size = 50

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was killed is no error here."""

    with Server(str(engine.path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield engine
        over.set()
        server.shutdown()
        thread.join()
