"""Which container reaper itself runs in: it must not end itself in the middle of a sweep."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc/self")
_LONG_ID = re.compile(r"[0-9a-f]{64}")
_SHORT_ID = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}")
# A container has these files mounted out of its own directory of the engine. (Elsewhere in a
# host's mounts are other containers' IDs too.)
_FILES = frozenset({"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"})


def own_containers(ids: Iterable[str]) -> frozenset[str]:
    """Which of these containers of an engine this process runs in; usually none or one."""
    traces = traces_of(
        cgroup=_read(_PROC / "cgroup"),
        mountinfo=_read(_PROC / "mountinfo"),
        hostname=socket.gethostname(),
    )
    return frozenset(id_ for id_ in ids if any(id_.startswith(trace) for trace in traces))


def traces_of(*, cgroup: str, mountinfo: str, hostname: str) -> frozenset[str]:
    """IDs, or beginnings of IDs, of containers that this process may run in.

    >>> sorted(traces_of(cgroup="", mountinfo="", hostname="091f85a4db98"))
    ['091f85a4db98']
    """
    found = set(_LONG_ID.findall(cgroup))
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        if len(fields) > 4 and fields[4] in _FILES:  # noqa: PLR2004 - proc(5)
            found.update(_LONG_ID.findall(fields[3]))
    if _SHORT_ID.fullmatch(hostname):
        found.add(hostname)
    return frozenset(found)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # no such file but on Linux
