"""How a run begins in this process, by minting or joining, and how it ends."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reaper.client.active import ActiveRun
from reaper.client.configured import LEASE, MAX, Settings, configured
from reaper.client.directory import RunDirectory, state_directory
from reaper.client.moment import host_here
from reaper.client.origin import guess_origin, guess_owner, guess_prefix
from reaper.errors import InvalidRunId, RunUnknown, UsageError
from reaper.model import Lease, Run
from reaper.model.run_id import is_value
from reaper.tags import check_run_id, new_run_id, safe_prefix

RUN_VARIABLE = "REAPER_RUN_ID"
STATE_VARIABLE = "REAPER_STATE"
REALM_VARIABLE = "REAPER_REALM"
# Addresses of emulators that are to be treated as real clouds, parted by commas.
ENDPOINTS_VARIABLE = "REAPER_ENDPOINTS"

log = logging.getLogger("reaper")


@contextmanager
def run(
    *,
    owner: str | None = None,
    prefix: str | None = None,
    realm: str | None = None,
    origin: str | None = None,
    lease: timedelta | None = None,
    beat: timedelta | None = None,
    max: timedelta | None = None,  # noqa: A002 - as the configuration calls it: `runs.max`
    clean: bool = False,
    state: Path | None = None,
) -> Iterator[ActiveRun]:
    """Start a run, keep its lease while the body runs, and finish it.

    Where REAPER_RUN_ID names a run, that one is joined instead: its lease is kept, but it is not
    finished here. Child processes find the run by REAPER_RUN_ID and REAPER_STATE, which are set
    meanwhile. With `clean`, what the run left is removed after its end, as by `reaper clean`.

    `owner` and `prefix` are guessed from the CI's variables (and git) where they are None; `realm`
    and the durations are the configuration's, which is looked for where the commands look for it
    (REAPER_REALM goes before it; without any: `default`, 10 m, 30 s and 24 h). `max` is how long
    after its start the run's resources may be removed if nobody knows the run any more.

    Raises:
        InvalidRunId: REAPER_RUN_ID is malformed.
        RunUnknown: REAPER_RUN_ID names a run that is not registered here.
        RunEnded: It names one that is over.
        UsageError: A duration or the realm makes no sense.
        ConfigurationError: There is a configuration, and it has errors.
        OSError: The state directory cannot be written.
    """
    handed_down = os.environ.get(RUN_VARIABLE)
    # A run that is joined has a realm and a lease, and who started it read them.
    is_open = not handed_down and None in {realm, lease, beat, max}
    settings = configured() if is_open else Settings()
    lease = settings.lease if lease is None else lease
    beat = settings.beat if beat is None else beat
    max = settings.max if max is None else max  # noqa: A001 - as above
    check_pace(lease=lease, beat=beat, most=max)
    state = state or state_directory()
    if handed_down:
        directory = _join(handed_down, state)
    else:
        directory = mint(
            owner=owner,
            prefix=prefix,
            realm=realm or settings.realm,
            origin=origin,
            lease=lease,
            most=max,
            promise=True,
            state=state,
        )
    active = ActiveRun(directory, beat=beat, joined=bool(handed_down))
    try:
        with _handed_down(active.id, state, settings.endpoints):
            yield active
    finally:
        active.close()
        if clean and active.minted_here:
            _clean(active.id, state)


def mint(
    *,
    owner: str | None = None,
    prefix: str | None = None,
    realm: str | None = None,
    origin: str | None = None,
    lease: timedelta = LEASE,
    most: timedelta = MAX,
    promise: bool,
    state: Path | None = None,
) -> RunDirectory:
    """Register a new run, without keeping its lease; `most` is `runs.max`.

    `promise` says that whoever minted it stops creating once its lease has lapsed.

    Raises:
        OSError: The state directory cannot be written.
    """
    # An ID carries its start in milliseconds; what says the same should say it alike.
    now = datetime.now(UTC)
    started = now.replace(microsecond=now.microsecond // 1000 * 1000)
    env = os.environ
    minted = Run(
        id=new_run_id(guess_prefix(env) if prefix is None else safe_prefix(prefix), at=started),
        realm=_check_realm(realm or env.get(REALM_VARIABLE) or "default"),
        started=started,
        expires=started + most,
        lease=Lease(length=lease, until=started + lease),
        promised=promise,
        owner=guess_owner(env) if owner is None else owner,
        origin=guess_origin(env, sys.argv) if origin is None else origin,
        host=host_here().name,
    )
    return RunDirectory.create(minted, state=state)


def check_pace(*, lease: timedelta, beat: timedelta, most: timedelta) -> None:
    """Refuse durations that would let a healthy run lapse.

    Raises:
        UsageError: The message says which, and what was wanted.
    """
    if beat <= timedelta(0) or lease < 2 * beat:
        raise UsageError(
            f"a lease of {lease} with a beat each {beat} would lapse by one late beat: make the "
            "lease at least two beats long"
        )
    if most < lease:
        raise UsageError(
            f"a run that may last {most} at most cannot have a lease of {lease}: make `max` the "
            "longer one"
        )


def _join(run_id: str, state: Path) -> RunDirectory:
    try:
        check_run_id(run_id)
    except InvalidRunId as error:
        raise InvalidRunId(f"{RUN_VARIABLE}: {error}") from error
    try:
        return RunDirectory.open(run_id, state=state)
    except RunUnknown as error:
        raise RunUnknown(
            f"{RUN_VARIABLE} asks to join a run, but {error}; or unset {RUN_VARIABLE} to start a "
            "run of its own"
        ) from error


def _check_realm(realm: str) -> str:
    if not is_value(realm):
        raise UsageError(
            f"{realm!r} is no realm's name: write up to 63 of a-z, 0-9, - and _, with a letter or "
            "digit at both ends"
        )
    return realm


@contextmanager
def _handed_down(run_id: str, state: Path, endpoints: Iterable[str]) -> Iterator[None]:
    """Let child processes find the run, and put the environment back afterwards."""
    told = {RUN_VARIABLE: run_id, STATE_VARIABLE: str(state)}
    known = filter(None, (os.environ.get(ENDPOINTS_VARIABLE), *endpoints))
    if joined := ",".join(known):
        told[ENDPOINTS_VARIABLE] = joined
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _clean(run_id: str, state: Path) -> None:
    """Remove what the run left, by the command: it needs SDKs, which do not belong in here."""
    import subprocess  # noqa: PLC0415 - only who cleans pays for it

    start = "import sys; from reaper.cli.main import main; sys.exit(main())"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", start, "clean", run_id, "--yes"],
        env={**os.environ, STATE_VARIABLE: str(state)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        log.error(
            "`reaper clean %s` returned %d, so not all that the run left was removed:\n%s",
            run_id,
            done.returncode,
            (done.stderr or done.stdout).strip(),
        )
