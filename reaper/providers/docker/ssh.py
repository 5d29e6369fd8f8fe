"""An engine over ssh://: the system's own ssh client carries the connection.

docker-py's way needs paramiko even where it starts the system's client, and cannot time out.
"""

from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

_CONNECTIONS = 10
_END_S = 5
# Nobody is there to type a password, and a network that went away must be noticed.
_OPTIONS = (
    *("-o", "BatchMode=yes"),
    *("-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=10"),
    *("-o", "ServerAliveCountMax=3"),
    "-T",
)


def ssh_command(url: str) -> tuple[str, ...]:
    """The command that connects its standard input and output to the engine at ssh://.

    >>> " ".join(ssh_command("ssh://ci@build-1:2222")[-7:])
    '-l ci -p 2222 -- build-1 docker system dial-stdio'
    """
    parts = urlsplit(url)
    user = ("-l", unquote(parts.username)) if parts.username else ()
    port = ("-p", str(parts.port)) if parts.port else ()
    socket_ = parts.path if parts.path not in {"", "/"} else None
    host = f"--host {shlex.quote(f'unix://{socket_}')} " if socket_ else ""
    remote = f"docker {host}system dial-stdio"
    return ("ssh", *_OPTIONS, *user, *port, "--", parts.hostname or "", remote)


class SshConnection(HTTPConnection):
    """One HTTP connection, whose other end is an ssh process."""

    def __init__(self, *args: Any, command: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        """Start ssh on one end of a pair of sockets; ours has time-outs like any other."""
        ours, theirs = socket.socketpair()
        with theirs:
            # A session of its own: an interrupt from the terminal must not cut a deletion off.
            self._process = subprocess.Popen(  # noqa: S603 - no shell, and the address is configured
                self._command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                start_new_session=True,
            )
        timeout = self.timeout
        ours.settimeout(timeout if isinstance(timeout, int | float) else None)
        self.sock = ours

    def close(self) -> None:
        """Hang up, and wait for ssh to end."""
        super().close()
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Pool(HTTPConnectionPool):
    ConnectionCls = SshConnection


class SshAdapter(HTTPAdapter):
    """Sends every request through ssh, whatever its URL's host."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._pool = _Pool("localhost", maxsize=_CONNECTIONS, command=ssh_command(url))

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        """The one pool there is."""
        return self._pool

    def get_connection(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        """The same, for requests before 2.32."""
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: object) -> str:  # noqa: ARG002 - requests passes it
        """Only the path: a proxy has no part in this."""
        return str(request.path_url)

    def close(self) -> None:
        """Hang up."""
        self._pool.close()
        super().close()
