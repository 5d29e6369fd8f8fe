"""Every kind of problem has a title and stands in the manual."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import reaper.errors
from reaper.errors import ReaperError
from reaper.service.problems import TITLES, problem_of

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
ERRORS = [
    error
    for _, error in inspect.getmembers(reaper.errors, inspect.isclass)
    if issubclass(error, ReaperError)
]


def test_the_manual_lists_every_problem_and_no_other() -> None:
    table = PAGE.partition("| name | status | means |")[2]

    listed = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([a-z-]+)`", row.split(" | ")[0])
    }

    assert listed == set(TITLES)


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_of_ours_is_a_problem_with_its_sentence(error: type[ReaperError]) -> None:
    problem = problem_of(error("a sentence"))

    assert problem.kind in TITLES
    assert problem.detail == "a sentence"
    assert 400 <= problem.status < 600
