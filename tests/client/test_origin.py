"""Who started a run, from where, is guessed from the CI, git and the login."""

import subprocess
from pathlib import Path

import pytest

from reaper.client.origin import guess_origin, guess_owner, guess_prefix

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_JOB": "Integration Tests",
    "GITHUB_ACTOR": "alice",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "42",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_JOB_NAME": "it: [3.12]",
    "GITLAB_USER_EMAIL": "alice@example.com",
    "CI_JOB_URL": "https://gitlab.example.com/acme/shop/-/jobs/7",
}


@pytest.mark.parametrize(
    ("env", "owner", "origin"),
    [
        (GITHUB, "alice", "https://github.com/acme/shop/actions/runs/42"),
        (GITLAB, "alice@example.com", "https://gitlab.example.com/acme/shop/-/jobs/7"),
        (
            {"JENKINS_URL": "https://j", "BUILD_USER_ID": "bob", "BUILD_URL": "https://j/1"},
            "bob",
            "https://j/1",
        ),
    ],
)
def test_a_ci_tells_the_owner_and_the_origin(env: dict[str, str], owner: str, origin: str) -> None:
    assert guess_owner(env) == owner
    assert guess_origin(env, ["pytest"]) == origin


def test_a_ci_job_s_name_is_the_prefix_made_safe() -> None:
    assert guess_prefix(GITHUB) == "integration-tests"


def test_outside_of_a_ci_the_prefix_is_short() -> None:
    assert guess_prefix({}) == "r"
    assert guess_prefix({"GITHUB_ACTIONS": "true"}) == "r"


def test_outside_of_a_ci_the_origin_is_the_command_line() -> None:
    assert guess_origin({}, ["pytest", "-k", "a b"]) == "pytest -k 'a b'"


def test_a_ci_that_does_not_tell_its_address_leaves_the_command_line() -> None:
    assert guess_origin({"GITLAB_CI": "true"}, ["pytest"]) == "pytest"


def test_a_long_command_line_is_cut() -> None:
    line = guess_origin({}, ["x" * 1000])

    assert len(line) == 200
    assert line.endswith("…")


def test_outside_of_a_ci_git_tells_the_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "config", "user.email", "carol@example.com"], check=True)

    assert guess_owner({}) == "carol@example.com"


def test_without_git_the_login_name_is_the_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "dave")

    assert guess_owner({}) == "dave"
