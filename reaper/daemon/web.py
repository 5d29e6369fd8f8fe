"""Serves the HTTP API in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading

import uvicorn
from fastapi import FastAPI

from reaper.config.daemon import split_address
from reaper.errors import UsageError

_BACKLOG = 2048
_LAST_ANSWERS_S = 2


class Web:
    """A server on one address, bound before it begins: what is in use is told at the start."""

    def __init__(self, app: FastAPI, listen: str) -> None:
        """Bind.

        Raises:
            UsageError: The address cannot be listened on.
        """
        host, port = split_address(listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise UsageError(
                f"daemon.listen: {listen} cannot be listened on: {error.strerror}"
            ) from error
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=_LAST_ANSWERS_S,
                # Clients that beat each half a minute keep their connections.
                timeout_keep_alive=75,
                server_header=False,
                lifespan="on",
                ws="none",
            )
        )
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    @property
    def address(self) -> str:
        """Where it listens; the port is the one that was taken, also where 0 was asked for."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def begin(self) -> None:
        """Serve."""
        self._thread.start()

    def end(self) -> None:
        """Answer what was asked, and serve no more."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_LAST_ANSWERS_S + 1)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))
