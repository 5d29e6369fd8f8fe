"""Runs a command under a run: keeps its lease meanwhile, hands signals on, cleans up after it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reaper.cli.failures import say
from reaper.cli.registry import cannot_start
from reaper.client import ActiveRun, run
from reaper.config import load
from reaper.errors import ReaperError, RegistryUnreachable, RunError, UsageError

NOT_FOUND = 127  # as shells, env and timeout say it
NOT_EXECUTABLE = 126
BY_SIGNAL = 128

_FORWARDED = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_TICK_S = 1.0  # how soon after the run's end the command is stopped
_STOP_WITHIN_S = 10.0
_FROM_KERNEL = 0x80  # SI_KERNEL: a terminal's ^C, which the whole foreground group gets
_PR_SET_PDEATHSIG = 1


def execute(
    command: Sequence[str],
    *,
    owner: str | None,
    prefix: str | None,
    clean: bool,
    compose: bool,
    config: Path | None,
) -> int:
    """Run the command to its end under a run of its own, or the one handed down; its exit code.

    With `compose`, Docker Compose is told what to label.

    Raises:
        UsageError: No run could be started or joined, or there is no Compose project that could
            be labelled, so the command was not started.
    """
    settings = load(config, os.environ)
    watched = _FORWARDED | {signal.SIGCHLD, signal.SIGALRM}
    # Before the thread that beats begins, for it inherits the mask.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    try:
        with contextlib.ExitStack() as stack:
            try:
                active = stack.enter_context(
                    run(
                        owner=owner,
                        prefix=prefix,
                        realm=settings.realm,
                        origin=None,
                        lease=settings.runs.lease,
                        beat=settings.runs.beat,
                        max=settings.runs.max,
                    )
                )
            except OSError as error:
                raise UsageError(cannot_start(error)) from error
            except (RunError, RegistryUnreachable) as error:
                raise UsageError(f"{error} (COMMAND was not started)") from error
            told = for_other_tools(active)
            if compose:
                told |= _for_compose(active)
            code, started = _carry_out(command, active, told, watched, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if active.joined:
        say(f"the run {active.id} was joined, so it is neither finished nor cleaned up here")
    elif clean and started:
        _clean(active, config)
    return code


def _carry_out(
    command: Sequence[str],
    active: ActiveRun,
    told: Mapping[str, str],
    watched: frozenset[signal.Signals],
    mask: set[signal.Signals | int],
) -> tuple[int, bool]:
    """Run the command to its end; its exit code, and whether it was started at all."""
    try:
        child = subprocess.Popen(  # noqa: S603 - what the user asked for
            list(command),
            env={**os.environ, **told},
            preexec_fn=_birth(mask),  # noqa: PLW1509 - calls nothing that a thread could hold
        )
    except OSError as error:
        say(f"{command[0]} cannot be run: {error.strerror}; the run {active.id} is over")
        return (NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE), False
    told_to_stop: float | None = None
    while child.poll() is None:
        caught = _next_signal(watched)
        if caught is not None:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(caught)
        if active.over is None:
            continue
        if told_to_stop is None:
            say(f"{command[0]} is being stopped, because {active.over}")
            told_to_stop = time.monotonic()
            child.terminate()
        elif time.monotonic() > told_to_stop + _STOP_WITHIN_S:
            child.kill()
    code = child.returncode
    return (BY_SIGNAL - code if code < 0 else code), True


def for_other_tools(run: ActiveRun) -> dict[str, str]:
    """What tools other than Python's SDKs understand, or scripts can hand to them.

    Terraform's AWS provider (from 5.62) puts TF_AWS_DEFAULT_TAGS_… on what it creates. The Docker
    command knows no such variable: give it $REAPER_LABELS, or to `build` $REAPER_IMAGE_LABELS.
    """
    return {
        **{f"TF_AWS_DEFAULT_TAGS_{key}": value for key, value in run.tags.items()},
        "REAPER_LABELS": _as_options(run.tags),
        "REAPER_IMAGE_LABELS": _as_options(run.image_tags),
    }


def _for_compose(active: ActiveRun) -> dict[str, str]:
    from reaper.cli.composing import for_compose  # noqa: PLC0415 - only here is YAML written

    try:
        return for_compose(active, os.environ)
    except OSError as error:
        raise UsageError(f"the override for Compose cannot be written: {error}") from error


def _as_options(labels: Mapping[str, str]) -> str:
    return " ".join(f"--label {key}={value}" for key, value in labels.items())


def _birth(mask: set[signal.Signals | int]) -> Callable[[], None]:
    """Prepare a child: it takes signals again, and is told to stop when this process dies.

    Otherwise it would go on to create under a run that lapses, for nobody beats any more.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    parent = os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return prepare


def _next_signal(watched: frozenset[signal.Signals]) -> signal.Signals | None:
    """Wait a moment for a signal that the child should get and did not.

    A terminal sends ^C to the child as well, and to many programs a second one means «at once».
    """
    if hasattr(signal, "sigtimedwait"):
        caught = signal.sigtimedwait(watched, _TICK_S)
        if caught is None or caught.si_code == _FROM_KERNEL:
            return None
        number = signal.Signals(caught.si_signo)
    else:  # macOS does not tell who sent it
        signal.setitimer(signal.ITIMER_REAL, _TICK_S)
        number = signal.Signals(signal.sigwait(watched))
        if number == signal.SIGINT and os.isatty(0):
            return None
    return number if number in _FORWARDED else None


def _clean(active: ActiveRun, config: Path | None) -> None:
    """Remove what is left of the run in the places that are configured here."""
    # Only who cleans needs the SDKs.
    from reaper.cli.clean import clean_run  # noqa: PLC0415
    from reaper.cli.registered import end  # noqa: PLC0415

    run_id = active.id
    try:
        if active.registered:
            end(active.run, clean=True)
        code = clean_run(run_id, config=config)
    except (ReaperError, OSError) as error:
        say(f"cleaning up failed: {error}; `reaper clean {run_id}` tries again")
    except KeyboardInterrupt:
        say(f"cleaning up was interrupted; `reaper clean {run_id}` goes on with it")
    else:
        if code != 0:
            say(f"not all is gone (code {code}); `reaper clean {run_id}` goes on with it")
