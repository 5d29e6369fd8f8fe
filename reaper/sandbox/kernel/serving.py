"""A small HTTP server on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from reaper.sandbox.kernel.requests import Reply, Request

Answer = Callable[[Request], Reply | None]


def serve(answer: Answer, *, port: int, name: str, exits: ExitStack) -> str:
    """Serve on 127.0.0.1 until the stack is closed, and tell where.

    Port 0 is any free one; an answer that is None breaks the connection.
    """

    class Handler(_Handler):
        respond = staticmethod(answer)

    server = _Server(("127.0.0.1", port), Handler)
    exits.callback(server.server_close)
    thread = Thread(target=server.serve_forever, args=(0.05,), name=name, daemon=True)
    thread.start()
    exits.callback(server.hang_up)
    exits.callback(thread.join)
    exits.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}"


class _Server(ThreadingHTTPServer):
    """Knows its connections, which clients keep open, to close them in the end."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = Lock()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Break all connections."""
        with self._open_lock:
            for connection in self._open:
                _break(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet
    disable_nagle_algorithm = True
    respond: Answer

    def _handle(self) -> None:
        reply = self.respond(self._read())
        if reply is None:
            self.close_connection = True
            _break(self.connection)
            return
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def _read(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        address = urlsplit(self.path)
        query: dict[str, tuple[str, ...]] = {}
        for name, value in parse_qsl(address.query, keep_blank_values=True):
            query[name] = (*query.get(name, ()), value)
        return Request(
            method=self.command,
            path=address.path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            target=self.path,
        )

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing: requests are counted."""


def _break(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was quicker
        connection.shutdown(socket.SHUT_RDWR)
