"""No way off this machine: what could reach a real cloud by mistake fails loudly instead."""

from __future__ import annotations

import ipaddress
import socket
import sys
from functools import cache
from threading import Lock
from typing import Any


class LeftTheMachine(AssertionError):
    """Something tried to reach another machine."""


_attempts: list[str] = []
_lock = Lock()


@cache
def forbid_leaving() -> None:
    """Refuse every connection of this process to another machine from now on, for good.

    An audit hook sees all of them, whichever library opens them, in all threads; Python offers no
    way to take one off again. Looking up another machine's name is refused too; loopback and Unix
    sockets are not.
    """
    sys.addaudithook(_refuse)


def attempts() -> tuple[str, ...]:
    """Name the hosts that were tried since the last `forget_attempts`.

    Code that swallows `LeftTheMachine`, or meets it in a thread, is found out so.
    """
    with _lock:
        return tuple(_attempts)


def forget_attempts() -> None:
    """Begin anew with `attempts`."""
    with _lock:
        _attempts.clear()


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        connection, address = arguments
        if connection.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        host = address[0]
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        with _lock:
            _attempts.append(str(host))
        raise LeftTheMachine(f"{host} is another machine: nothing here may leave this one")


def _is_here(host: str | bytes | None) -> bool:
    text = host.decode() if isinstance(host, bytes) else host or ""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text in {"", "localhost", socket.gethostname()}
    return address.is_loopback or address.is_unspecified
