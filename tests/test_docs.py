"""What the documentation says is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from reaper.config import known_keys

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize(
    ("script", "page"),
    [("configuration.py", "configuration.md"), ("aws_kinds.py", "aws-kinds.md")],
)
def test_a_page_that_is_made_from_the_code_is_up_to_date(script: str, page: str) -> None:
    made = subprocess.run(
        [sys.executable, f"docs/{script}"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert made.stdout == (ROOT / "docs" / page).read_text(), "run `make docs`"


def test_every_key_is_documented() -> None:
    undocumented = [key.path for key in known_keys() if not key.field.description]

    assert undocumented == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_documentation_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_keys_in_the_documentation_exist(page: Path) -> None:
    known = {key.path for key in known_keys()}

    named = set(re.findall(r"`((?:policy|runs|tags|providers)(?:\.[a-z_]+)+)`", page.read_text()))

    assert named - known == set()


def test_the_readme_lists_every_command_and_no_other() -> None:
    main = pytest.importorskip("reaper.cli.main", reason="the command line is not there yet")
    table = (ROOT / "README.md").read_text().partition("| command | does |")[2].partition("\n\n")[0]
    first_columns = [line.split(" | ")[0] for line in table.splitlines()]

    listed = {
        (command, *filter(None, subcommands.replace("\\", "").split("|")))
        for column in first_columns
        for command, subcommands in re.findall(
            r"`reaper ([a-z]+)(?: ([a-z]+(?:\\\|[a-z]+)+))?", column
        )
    }

    assert {command[0]: set(command[1:]) for command in listed} == _commands(main.app)


def _commands(app: Any) -> dict[str, set[str]]:
    """The commands that are not hidden, with their subcommands."""
    return {
        name: {sub for sub, inner in getattr(command, "commands", {}).items() if not inner.hidden}
        for name, command in get_command(app).commands.items()  # type: ignore[attr-defined]  # typed as any command, but it is a group
        if not command.hidden
    }
