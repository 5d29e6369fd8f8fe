"""Whose a resource is: by its own tag, by the journal, or by the parent that made it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from reaper.model import FOREVER, Basis, Claim, JournalEntry, Phase, Ref, Resource
from reaper.model.run_id import is_value
from reaper.tags.journal import Journal
from reaper.tags.profiles import Garbled, Profile, TagRules, read_expiry_by, read_keep_by
from reaper.tags.values import (
    DEFAULT_REALM,
    EXPIRES,
    IMAGE_RUN,
    KEEP,
    OWNER,
    REALM,
    RUN,
    decode_owner,
    read_epoch,
    read_keep,
)

# What a profile's identity may look like: printable, and short enough for a ledger's column.
_IDENTITY = re.compile(r"[!-~]{1,128}")


def claim(
    resource: Resource,
    rules: TagRules,
    journal: Journal,
    parent: tuple[Ref, Claim] | None = None,
    remembered: Claim | None = None,
) -> Claim:
    """Tell whose the resource is, and on what ground; nothing else ever makes it a run's.

    Args:
        resource: As an authoritative read saw it.
        rules: Whose tags are ours, and which others are read.
        journal: The entries of the resource's scope.
        parent: What made this resource, by an immutable link, and whose that is.
        remembered: The derived claim that the ledger kept from before the parent went.
    """
    tagged = _read_tags(resource, rules)
    creators = journal.creators(resource)
    if resource.indirect:
        creators = tuple(entry for entry in creators if entry.phase is Phase.CREATED)
        if not creators:
            return Claim(run=None, reason="its tags are no claim, and the journal has not its ID")
        made = None
    else:
        made = _derive(parent, remembered)
    if not creators and made is None:
        if tagged.key is None:
            return Claim(run=None, reason="it bears no run")
        if tagged.elsewhere is not None:
            return Claim(run=None, reason=tagged.elsewhere)
    problems = _problems(tagged, creators, journal.users(resource), made)
    if (renamed := _renamed(resource, creators)) is not None:
        problems.append(renamed)
    return _combine(tagged, creators, made, problems)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tagged:
    """What the tags alone say.

    Attributes:
        key: The key that names the run; None where no tag does.
        run: The run that it names; None where the value cannot be read.
        elsewhere: That they name another realm, in words; None where they do not.
        inherited: Something else bears the same value of `key`, so it need not be its own.
        problems: What of them cannot be read.
    """

    key: str | None
    run: str | None
    expires: datetime | None
    owner: str | None
    keep: datetime | str | None
    elsewhere: str | None
    inherited: bool
    profile: Profile | None
    problems: tuple[str, ...]


def _read_tags(resource: Resource, rules: TagRules) -> _Tagged:
    problems: list[str] = []
    key, profile = _key(resource, rules, problems)
    run = _read_run(resource, key, profile, problems)
    return _Tagged(
        key=key,
        run=run,
        expires=_read_expires(resource, run, profile, problems),
        owner=_read_owner(resource, profile, problems),
        keep=_read_keeps(resource, rules, problems),
        elsewhere=_read_realm(resource, rules, key, profile, problems),
        inherited=key is not None and key in resource.inherited,
        profile=profile,
        problems=tuple(problems),
    )


def _key(
    resource: Resource, rules: TagRules, problems: list[str]
) -> tuple[str | None, Profile | None]:
    """Find the key that names the run; our own comes before every profile's."""
    own = IMAGE_RUN if resource.indirect else RUN
    if own in resource.tags and not _disowned(resource, own):
        return own, None
    if resource.indirect:
        return None, None
    named = [each for each in rules.profiles if each.identity(resource.tags) is not None]
    if not named:
        return None, None
    if len({each.identity(resource.tags) for each in named}) > 1:
        problems.append(f"{' and '.join(each.run for each in named)} name different runs")
    return named[0].run, named[0]


def _disowned(resource: Resource, key: str) -> bool:
    """Whether its image bears the key without a value: so a run's container was committed.

    An engine takes over the container's labels into the image, where they can be emptied only.
    """
    return resource.tags[key] == "" and key in resource.inherited


def _read_run(
    resource: Resource, key: str | None, profile: Profile | None, problems: list[str]
) -> str | None:
    if key is None:
        return None
    value = resource.tags[key]
    if is_value(value) if profile is None else _IDENTITY.fullmatch(value) is not None:
        return value
    problems.append(f"{key}={value!r} is no run ID")
    return None


def _read_expires(
    resource: Resource, run: str | None, profile: Profile | None, problems: list[str]
) -> datetime | None:
    if profile is not None:
        if profile.expires is None:
            return None
        read = read_expiry_by(profile.expires, resource)
        if isinstance(read, Garbled):
            problems.append(read.why)
            return None
        return read
    value = resource.tags.get(EXPIRES)
    if value is None:
        return None
    expires = read_epoch(value)
    if expires is None:
        problems.append(f"{EXPIRES}={value!r} is no epoch seconds")
    if run is None or (EXPIRES in resource.inherited and resource.tags.get(IMAGE_RUN) != run):
        return None  # another run's expiry, borne by its image, says nothing about this run
    return expires


def _read_owner(resource: Resource, profile: Profile | None, problems: list[str]) -> str | None:
    value = resource.tags.get(OWNER)
    if value is not None:
        if not is_value(value):
            problems.append(f"{OWNER}={value!r} is no owner")
        return decode_owner(value) or value
    if profile is not None and profile.owner is not None:
        return resource.tags.get(profile.owner)
    return None


def _read_keeps(resource: Resource, rules: TagRules, problems: list[str]) -> datetime | str | None:
    """Read what asks to keep it: our tag, and every profile's, whoever's resource it is."""
    keeps: list[datetime | str | None] = []
    value = resource.tags.get(KEEP)
    if value is not None:
        keeps.append(read_keep(value))
        if keeps[0] is None:
            problems.append(f"{KEEP}={value!r} is neither forever nor epoch seconds")
    for profile in rules.profiles:
        if profile.keep is not None:
            read = read_keep_by(profile.keep, resource)
            if isinstance(read, Garbled):
                problems.append(read.why)
            else:
                keeps.append(read)
    return _longest(keeps)


def _longest(keeps: list[datetime | str | None]) -> datetime | str | None:
    if FOREVER in keeps:
        return FOREVER
    return max((each for each in keeps if isinstance(each, datetime)), default=None)


def _read_realm(
    resource: Resource,
    rules: TagRules,
    key: str | None,
    profile: Profile | None,
    problems: list[str],
) -> str | None:
    """Say in words that the tags name another realm; None where they do not."""
    realm = resource.tags.get(REALM)
    if realm is None:
        if key is None or profile is not None or resource.indirect:
            return None  # what bears none of our tags bears no realm either
        realm = DEFAULT_REALM
    if not is_value(realm):
        problems.append(f"{REALM}={realm!r} is no realm")
        return None
    if realm == rules.realm:
        return None
    return f"it is of the realm {realm!r}, and ours is {rules.realm!r}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """What made the resource, and whose that is, or was when it was last seen."""

    by: str
    claim: Claim
    problems: tuple[str, ...] = ()


def _derive(parent: tuple[Ref, Claim] | None, remembered: Claim | None) -> _Made | None:
    if parent is None:
        if remembered is None or remembered.foreign:
            return None
        return _Made(by="its parent, which is gone", claim=remembered)
    ref, whose = parent
    if remembered is not None and remembered.run != whose.run:
        told = f"{ref} is {_whose(whose)} now, and was {_whose(remembered)}"
        return _Made(by=str(ref), claim=remembered if whose.foreign else whose, problems=(told,))
    return None if whose.foreign else _Made(by=str(ref), claim=whose)


def _whose(whose: Claim) -> str:
    return "no run's" if whose.run is None else f"run {whose.run}'s"


def _problems(
    tagged: _Tagged,
    creators: tuple[JournalEntry, ...],
    users: tuple[JournalEntry, ...],
    made: _Made | None,
) -> list[str]:
    """Everything for which these sources cannot be trusted, in words."""
    problems = list(tagged.problems)
    if tagged.elsewhere is not None:
        problems.append(f"{tagged.elsewhere}, but it is ours by another source")
    if tagged.inherited and not any(entry.phase is Phase.CREATED for entry in creators):
        problems.append(
            f"its image bears the same label {tagged.key}, and the journal has not its ID"
        )
    runs = _runs(tagged, creators, made)
    if len(set(runs.values())) > 1:
        told = ", ".join(f"{source} says {run}" for source, run in runs.items())
        problems.append(f"the sources disagree: {told}")
    if made is not None:
        problems.extend(made.problems)
        if made.claim.garbled is not None:
            problems.append(f"of {made.by}: {made.claim.garbled}")
    problems.extend(
        f"a call of run {entry.run} relies on it, which found it there"
        for entry in users
        if entry.run not in runs.values()
    )
    return list(dict.fromkeys(problems))


def _renamed(resource: Resource, creators: tuple[JournalEntry, ...]) -> str | None:
    """Say that an image goes by a name that its run did not give it; None where it does not.

    Who tags a run's image anew wants to have it, also when the run's own tag is gone.
    """
    given = [entry.name for entry in creators if entry.name is not None]
    if not resource.indirect or resource.name is None or not given:
        return None
    if resource.name in {*given, *(f"{name}:latest" for name in given)}:
        return None
    return f"it is called {resource.name} now, and its run made it as {given[0]}"


def _runs(
    tagged: _Tagged, creators: tuple[JournalEntry, ...], made: _Made | None
) -> dict[str, str]:
    """The run that each source names, by the source; the order is that in which they count."""
    runs: dict[str, str] = {}
    if tagged.key is not None and tagged.run is not None:
        runs[f"its tag {tagged.key}"] = tagged.run
    for number, run in enumerate(dict.fromkeys(entry.run for entry in creators)):
        runs["the journal" if number == 0 else f"the journal's entry {number + 1}"] = run
    if made is not None and made.claim.run is not None:
        runs[made.by] = made.claim.run
    return runs


def _combine(
    tagged: _Tagged,
    creators: tuple[JournalEntry, ...],
    made: _Made | None,
    problems: list[str],
) -> Claim:
    basis, run, reason = _ground(tagged, creators, made)
    heirloom = Claim(run=None, reason="") if made is None else made.claim
    if basis is Basis.DERIVED:
        profile, report_only = heirloom.profile, heirloom.report_only
    else:
        profile = None if tagged.profile is None else tagged.profile.name
        # What the journal has is a run's of ours, and needs no profile's permission.
        report_only = tagged.profile is not None and tagged.profile.report_only and not creators
    expiries = (tagged.expires, heirloom.expires)
    return Claim(
        run=run,
        reason=reason,
        basis=basis,
        expires=max((each for each in expiries if each is not None), default=None),
        owner=tagged.owner or heirloom.owner,
        keep=_longest([tagged.keep, heirloom.keep]),
        garbled="; ".join(problems) or None,
        journaled=any(entry.phase is Phase.CREATED for entry in creators),
        report_only=report_only,
        profile=profile,
    )


def _ground(
    tagged: _Tagged, creators: tuple[JournalEntry, ...], made: _Made | None
) -> tuple[Basis | None, str | None, str]:
    """The first source that names a run: on what ground, which run, and why, in words."""
    if tagged.run is not None:
        return Basis.TAG, tagged.run, f"it bears {tagged.key}={tagged.run}"
    if creators:
        first = creators[0]
        did = "created it" if first.phase is Phase.CREATED else "meant to create it just then"
        return Basis.JOURNAL, first.run, f"the journal of run {first.run} says that it {did}"
    if made is not None and made.claim.run is not None:
        return Basis.DERIVED, made.claim.run, f"{made.by} made it: {made.claim.reason}"
    return None, None, "which run it is of cannot be read"
