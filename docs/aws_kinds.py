"""Prints docs/aws-kinds.md from the declarations of AWS's kinds; `make docs` runs it."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from reaper.durations import format_duration
from reaper.model import Kind, Relation
from reaper.providers.aws.kind import AwsKind
from reaper.providers.aws.kinds import KINDS

HEAD = """\
<!-- Made by `make docs` from reaper/providers/aws/kinds: edit the declarations there. -->

# AWS kinds

What reaper finds and removes at AWS, and what is special about each. What is of another kind and
bears a run's tags is shown (as its ARN calls it), and never touched.

A resource goes only if its tags, read from itself, name a run that is over, and if nothing stands
against it that this page lists: **a user** (anything that needs it and is not to go as well, named
in the report), what it would **take along** or **alter** and is not the run's, and whatever
**protects** it. A member of a CloudFormation stack goes with its stack, and not by itself.
"""
_USERS = {Relation.USED_BY: "used by", Relation.CONTROLLED_BY: "controlled by"}
_MOST = 8  # kinds that a reader wants to see in a row
_DEFAULT = Kind(name="any")


def page() -> str:
    """Write the whole page."""
    return HEAD + "".join(_entry(KINDS[name]) for name in sorted(KINDS))


def _entry(kind: AwsKind) -> str:
    lines = "".join(f"{_filled(fact)}\n" for fact in _facts(kind))
    return f"\n## `{kind.name_of_kind}`\n\n{lines}"


def _filled(text: str) -> str:
    return textwrap.fill(
        f"- {text}",
        100,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _facts(kind: AwsKind) -> Iterator[str]:
    yield f"Found by {_found_by(kind)}."
    if kind.kind.report_only:
        yield f"Only reported, unless `policy.enable` names `{kind.name_of_kind}`."
    if users := _users(kind):
        yield f"Stays while it is {users}."
    if kind.held is not None:
        yield (
            f"Its users elsewhere: {_said(kind.held)}"
            if kind.held.__doc__
            else ("Stays while the CloudFormation stack is there that made it.")
        )
    for relation, words in ((Relation.TAKES, "Takes along"), (Relation.ALTERS, "Alters")):
        if others := _others(kind, relation):
            yield f"{words} {_some(others)}: each must be to go as well."
    if made := _others(kind, Relation.MADE):
        yield f"What it made is its run's also without tags: {_some(made)}."
    for guard in kind.guards:
        yield f"Protected where {guard.why}."
    for step in kind.before:
        yield f"Before it goes: {_said(step)}"
    yield from _times(kind)
    if kind.kind.after:
        yield f"Goes after {_listed(kind.kind.after)}."


def _times(kind: AwsKind) -> Iterator[str]:
    if kind.created is None:
        yield "AWS keeps no lasting creation time of it: its age counts from its run's end."
    if kind.incarnation is not None:
        yield "Told from another that had its name before."
    if kind.used is not None:
        yield "Left alone where it was used or written to after its run's end."
    if kind.purge is not None:
        yield "Where its purge is scheduled, that counts as done, with the date."
    if kind.kind.deadline != _DEFAULT.deadline:
        yield f"May take up to {format_duration(kind.kind.deadline)} before that counts as failed."


def _found_by(kind: AwsKind) -> str:
    if kind.candidates is not None:
        return f"IAM's own lists: {_said(kind.candidates)[:-1]}"
    if not kind.indexed:
        return "its own list, asked for what bears the tag"
    if kind.service == "ec2":
        return "the Resource Groups Tagging API and EC2's tags"
    return "the Resource Groups Tagging API"


def _users(kind: AwsKind) -> str:
    words = [
        f"{how} {others}"
        for relation, how in _USERS.items()
        if (others := _listed(_others(kind, relation)))
    ]
    return ", or ".join(words)


def _others(kind: AwsKind, relation: Relation) -> list[str]:
    linked = [link.kind for link in kind.links if link.relation is relation]
    told = (*kind.users, *kind.blockers)
    users = [users.kind for users in told if relation in users.relations]
    pointing = [
        other.name_of_kind
        for other in KINDS.values()
        for link in other.links
        if relation is Relation.USED_BY
        and link.relation is Relation.USES
        and link.kind == kind.name_of_kind
    ]
    stack = "aws:cloudformation:stack"  # said at the top, of all
    return sorted({*linked, *users, *pointing} - {stack})


def _some(kinds: Sequence[str]) -> str:
    return _listed(kinds) if len(kinds) <= _MOST else f"any of {len(kinds)} kinds on this page"


def _listed(kinds: Iterable[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


def _said(function: object) -> str:
    """Write a function's first sentence, as it goes on after a colon."""
    sentence = " ".join((function.__doc__ or "").split("\n\n")[0].split())
    return sentence[:1].lower() + sentence[1:]


if __name__ == "__main__":
    sys.stdout.write(page())
