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
from dataclasses import dataclass
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
    with private_server() as private:
        yield private.url


@contextmanager
def private_server() -> Iterator[Private]:
    """Start a server that is this test's alone, and may be stopped.

    Raises:
        NoPostgresError: There is none.
    """
    binaries = _binaries()
    home = Path(tempfile.mkdtemp(prefix="reaper-pg-"))  # a socket's path must be short
    try:
        private = Private(home=home, binaries=binaries, prefix=tuple(_as_nobody_special(home)))
        private.make()
        private.start()
        try:
            yield private
        finally:
            private.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class Private:
    """A server in a directory of its own."""

    home: Path
    binaries: Path
    prefix: tuple[str, ...]

    @property
    def url(self) -> str:
        """Where to reach it."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.home}"

    def make(self) -> None:
        """Make its files."""
        options = ["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", *options)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = (
            "-c listen_addresses='' -c fsync=off -c max_connections=60 -c shared_buffers=16MB"
        )
        log = str(self.home / "log")
        self._run("pg_ctl", "-w", "-l", log, "-o", f"-k {self.home} {settings}", "start")

    def stop(self) -> None:
        """Stop it in the midst of whatever it does; one that is stopped stays so."""
        if (self.home / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        data = str(self.home / "data")
        command = [*self.prefix, str(self.binaries / program), "-D", data, *arguments]
        # pg_ctl hands its output on to the server, which would keep a pipe open for ever.
        with (self.home / "said").open("w+") as said:
            done = subprocess.run(
                command,
                check=False,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            said.seek(0)
            if done.returncode:
                raise NoPostgresError(f"{' '.join(command)} failed: {said.read().strip()}")


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
