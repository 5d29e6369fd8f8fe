"""Who started a run, from where, and what its CI calls the job."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reaper.tags import safe_prefix

_LONGEST_COMMAND = 200
_GIT_TIMEOUT_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ci:
    """One CI's environment variables.

    Attributes:
        marker: It is set in each job of this CI.
        jobs: What the job is called; the first that is set.
        owners: Whom to ask; the first that is set.
        address: Where a person finds the job, with the variables it is made of.
    """

    marker: str
    jobs: tuple[str, ...]
    owners: tuple[str, ...]
    address: str


_CIS = (
    _Ci(
        marker="GITHUB_ACTIONS",
        jobs=("GITHUB_JOB", "GITHUB_WORKFLOW"),
        owners=("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
        address="{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    ),
    _Ci(
        marker="GITLAB_CI",
        jobs=("CI_JOB_NAME",),
        owners=("GITLAB_USER_EMAIL", "GITLAB_USER_LOGIN"),
        address="{CI_JOB_URL}",
    ),
    _Ci(
        marker="JENKINS_URL",
        jobs=("JOB_NAME",),
        owners=("BUILD_USER_EMAIL", "BUILD_USER_ID", "CHANGE_AUTHOR_EMAIL"),
        address="{BUILD_URL}",
    ),
    _Ci(
        marker="BUILDKITE",
        jobs=("BUILDKITE_PIPELINE_SLUG",),
        owners=("BUILDKITE_BUILD_CREATOR_EMAIL", "BUILDKITE_BUILD_CREATOR"),
        address="{BUILDKITE_BUILD_URL}",
    ),
    _Ci(
        marker="CIRCLECI",
        jobs=("CIRCLE_JOB",),
        owners=("CIRCLE_USERNAME",),
        address="{CIRCLE_BUILD_URL}",
    ),
    _Ci(
        marker="TF_BUILD",
        jobs=("SYSTEM_JOBNAME", "AGENT_JOBNAME"),
        owners=("BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR"),
        address=(
            "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}"
        ),
    ),
)


def guess_prefix(env: Mapping[str, str]) -> str:
    """Name a run's prefix: what the CI calls the job, made safe; `r` outside of CIs."""
    ci = _ci(env)
    job = None if ci is None else _first(env, ci.jobs)
    return "r" if job is None else safe_prefix(job)


def guess_owner(env: Mapping[str, str]) -> str | None:
    """Name whom to ask: who started the CI's job, else git's user, else the login name."""
    ci = _ci(env)
    named = None if ci is None else _first(env, ci.owners)
    return named or _git_email() or _login_name()


def guess_origin(env: Mapping[str, str], command: Sequence[str]) -> str:
    """Say what started the run: the address of the CI's job, else the command line, cut short."""
    ci = _ci(env)
    if ci is not None:
        try:
            return ci.address.format_map(env)
        except KeyError:
            pass  # an older release of that CI: the command line tells too
    line = shlex.join(command)
    return line if len(line) <= _LONGEST_COMMAND else line[: _LONGEST_COMMAND - 1] + "…"


def _ci(env: Mapping[str, str]) -> _Ci | None:
    return next((ci for ci in _CIS if env.get(ci.marker)), None)


def _first(env: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((value for name in names if (value := env.get(name, "").strip())), None)


def _git_email() -> str | None:
    import subprocess  # noqa: PLC0415 - only who starts a run pays for it

    command = ["git", "config", "--get", "user.email"]
    try:
        found = subprocess.run(  # noqa: S603 - a fixed command
            command, capture_output=True, timeout=_GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.decode(errors="replace").strip() or None


def _login_name() -> str | None:
    import getpass  # noqa: PLC0415 - as above

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's number without a name
        return None
