"""A PostgreSQL server for the tests: the one that `REAPER_TEST_POSTGRES` names, else a private one.

The private one lives in a directory of its own and listens on a Unix socket only. Run by root, it
is given to the user `postgres`, since PostgreSQL refuses to be root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADDRESS = "REAPER_TEST_POSTGRES"


class NoPostgresError(Exception):
    """There is no server, and none can be started; the text says why."""


@contextmanager
def server() -> Iterator[str]:
    """Give the URL of a server on which databases may be made.

    Raises:
        NoPostgresError: There is none.
    """
    if given := os.environ.get(ADDRESS):
        yield given
        return
    binaries = _binaries()
    home = Path(tempfile.mkdtemp(prefix="reaper-pg-"))  # a socket's path must be short
    try:
        prefix = _as_nobody_special(home)
        _start(binaries, home, prefix)
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={home}"
        finally:
            stop = [*prefix, str(binaries / "pg_ctl"), "-D", str(home / "data"), "stop"]
            subprocess.run([*stop, "-m", "immediate"], check=True, capture_output=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _binaries() -> Path:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        raise NoPostgresError(
            f"initdb is neither in PATH nor in /usr/lib/postgresql: install PostgreSQL, or name a "
            f"server in {ADDRESS}"
        )
    return versions[-1].parent


def _as_nobody_special(home: Path) -> list[str]:
    """Give the directory to whom the server will be, and the words that make a command theirs."""
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgresError(
            "root cannot start PostgreSQL, and there is no user postgres"
        ) from None
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoPostgresError("root cannot start PostgreSQL without setpriv (util-linux)")
    os.chown(home, user.pw_uid, user.pw_gid)
    return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _start(binaries: Path, home: Path, prefix: list[str]) -> None:
    data = str(home / "data")
    initdb = [str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "trust"]
    settings = "-c listen_addresses='' -c fsync=off -c max_connections=60 -c shared_buffers=16MB"
    start = [str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(home / "log")]
    _run([*prefix, *initdb, "-N", "-E", "UTF8", "--locale=C.UTF-8"], home)
    _run([*prefix, *start, "-o", f"-k {home} {settings}", "start"], home)


def _run(command: list[str], home: Path) -> None:
    # pg_ctl hands its output on to the server, which would keep a pipe open for ever.
    with (home / "said").open("w+") as said:
        done = subprocess.run(
            command, check=False, cwd=home, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        said.seek(0)
        if done.returncode:
            raise NoPostgresError(f"{' '.join(command)} failed: {said.read().strip()}")
