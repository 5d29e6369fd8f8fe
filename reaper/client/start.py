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
from reaper.client.registered import RegisteredRun, send_strays
from reaper.client.service import configured_service
from reaper.errors import InvalidRunId, RegistryUnreachable, RunUnknown, UsageError
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

    Where REAPER_URL names a registry (and REAPER_TOKEN has a token for it), the run is registered
    there, its beats and its journal go there, and `clean` asks its daemon.

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
        RegistryRefused: REAPER_URL's registry does not take the token or the run.
        RegistryUnreachable: It does not answer, and only it knows the run that REAPER_RUN_ID names.
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
        registration = join(handed_down, state)
    else:
        registration = mint(
            owner=owner,
            prefix=prefix,
            realm=realm or settings.realm,
            origin=origin,
            lease=lease,
            most=max,
            promise=True,
            state=state,
        )
    if isinstance(registration, RegisteredRun):
        registration.clean = clean
    active = ActiveRun(registration, beat=beat, joined=bool(handed_down))
    try:
        with _handed_down(active.id, state, settings.endpoints):
            yield active
    finally:
        active.close()
        if clean and active.minted_here and isinstance(registration, RunDirectory):
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
) -> RunDirectory | RegisteredRun:
    """Register a new run, without keeping its lease; `most` is `runs.max`.

    It is registered at the service that REAPER_URL names. Where that does not answer, and where
    there is none, its directory on this host is all that tells of it.
    `promise` says that whoever minted it stops creating once its lease has lapsed.

    Raises:
        OSError: The state directory cannot be written.
        RegistryRefused: The service does not take it.
    """

    def minted() -> Run:
        return _minted(
            owner=owner,
            prefix=prefix,
            realm=realm,
            origin=origin,
            lease=lease,
            most=most,
            promise=promise,
        )

    service = configured_service()
    if service is None:
        return RunDirectory.create(minted(), state=state)
    state = state or state_directory()
    send_strays(service, state)
    try:
        return RegisteredRun.start(service, minted(), state=state)
    except RegistryUnreachable as error:
        # Under another ID: the service may have registered the first one, and would end it.
        run = minted()
        log.warning(
            "the run %s goes on unregistered: elsewhere than on this host, what it creates "
            "stays until %s UTC, as its tags say; %s",
            run.id,
            f"{run.expires:%Y-%m-%d %H:%M}",
            error,
        )
        return RunDirectory.create(run, state=state)


def _minted(
    *,
    owner: str | None,
    prefix: str | None,
    realm: str | None,
    origin: str | None,
    lease: timedelta,
    most: timedelta,
    promise: bool,
) -> Run:
    # An ID carries its start in milliseconds; what says the same should say it alike.
    now = datetime.now(UTC)
    started = now.replace(microsecond=now.microsecond // 1000 * 1000)
    env = os.environ
    return Run(
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


def join(run_id: str, state: Path | None = None) -> RunDirectory | RegisteredRun:
    """Take part in a run that REAPER_RUN_ID hands down, where it is registered.

    Raises:
        InvalidRunId: It is malformed.
        RunUnknown: It is not registered on this host, nor at a service.
        RunEnded: It is over.
        RegistryRefused: The service does not take the token.
        RegistryUnreachable: The service does not answer, and this host does not know it.
        OSError: The state directory cannot be written.
    """
    state = state or state_directory()
    try:
        check_run_id(run_id)
    except InvalidRunId as error:
        raise InvalidRunId(f"{RUN_VARIABLE}: {error}") from error
    try:
        return RunDirectory.open(run_id, state=state)
    except RunUnknown as error:
        service = configured_service()
        if service is not None:
            return RegisteredRun.join(service, run_id, state=state)
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
