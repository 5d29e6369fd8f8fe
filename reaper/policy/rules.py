"""The rules of judging, one function each, in the order in which they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from reaper.durations import describe_duration
from reaper.model import Basis, Decision, Ending, Resource, Run, Unavailable, Unknown
from reaper.policy.case import (
    Case,
    Policy,
    Protection,
    created_at,
    expiry_at,
    later,
    over_at,
    show,
    started_at,
    used_at,
)

# Tags hold whole seconds, rounded up.
_TICK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Met:
    """A rule is met: what follows (None: it is not ours to decide), and why, in words."""

    decision: Decision | None
    reason: str


# What a rule answers: that it is met, or why it is not.
Answer = Met | str

# What follows where no rule has decided.
WAITING = Met(Decision.KEEP, "its run is not over for long enough yet")


def foreign(case: Case, _policy: Policy) -> Answer:
    """Leave alone what nothing makes a run's of our realm."""
    claim = case.claim
    if claim.foreign or (claim.run is None and claim.garbled is None):
        return Met(None, claim.reason)
    return claim.reason


def unsure(case: Case, policy: Policy) -> Answer:
    """Quarantine what this look did not tell enough about."""
    doubt = _doubt_of_sources(case) or _doubt_of_clocks(case, policy)
    if doubt is not None:
        return Met(Decision.QUARANTINE, doubt)
    return "the ledger answered, the resource was read whole, and the clocks agree"


def _doubt_of_sources(case: Case) -> str | None:
    run, claimed = case.run, case.claim.run
    if isinstance(run, Unavailable):
        return f"the ledger could not say whether its run is over: {run.reason}"
    if claimed is not None and (run is None or run.id != claimed):
        return f"the ledger was not asked about run {claimed}"
    if case.resource.unread is not None:
        return f"it could not be read whole: {case.resource.unread}"
    return None


def _doubt_of_clocks(case: Case, policy: Policy) -> str | None:
    times = _times(case)
    for what, moment in times.items():
        if moment is not None and moment.tzinfo is None:
            return f"{what}, {moment}, has no time zone"
    if abs(case.skew) > policy.max_skew:
        apart, most = describe_duration(abs(case.skew)), describe_duration(policy.max_skew)
        return f"the provider's clock and ours are {apart} apart, and {most} is the most allowed"
    past = {
        "its creation": created_at(case),
        "its last use": used_at(case),
        "its first sighting": case.first_seen,
        "its run's start": started_at(case),
        "its run's end": times.get("its run's end"),
    }
    for what, moment in past.items():
        if moment is not None and moment - case.now > policy.max_skew:
            ahead = describe_duration(moment - case.now)
            return f"{what}, {show(moment)}, is {ahead} in the future"
    return None


def _times(case: Case) -> dict[str, datetime | None]:
    """Every moment that judging compares, by what it is, as it came in."""
    keeps = (case.claim.keep, None if case.mark is None else case.mark.keep_until)
    tag, mark = (keep if isinstance(keep, datetime) else None for keep in keeps)
    times = {
        "its creation": case.resource.created,
        "its last use": case.resource.used,
        "its first sighting": case.first_seen,
        "its expiry": case.claim.expires,
        "its keep tag": tag,
        "its mark": mark,
    }
    if isinstance(case.run, Run):
        times["its run's start"] = case.run.started
        times["its run's end"] = case.run.ended
        times["its run's lease"] = case.run.lease.until
        times["its run's expiry"] = case.run.expires
    return times


def garbled(case: Case, policy: Policy) -> Answer:
    """Quarantine what bears tags that cannot be trusted."""
    claim = case.claim
    if claim.garbled is not None:
        return Met(Decision.QUARANTINE, claim.garbled)
    started, expires = started_at(case), claim.expires
    # A profile's expiry is counted from the resource's creation, ours from the run's start.
    if started is None or expires is None or claim.profile is not None:
        return "its tags parse, and no two sources disagree"
    if expires - started > policy.max_run + policy.max_skew + _TICK:
        longest = describe_duration(policy.max_run)
        return Met(
            Decision.QUARANTINE,
            f"its expiry, {show(expires)}, is more than the {longest} that a run can last after "
            f"its run's start, {show(started)}",
        )
    if expires < started:
        return Met(
            Decision.QUARANTINE,
            f"its expiry, {show(expires)}, is before its run's start, {show(started)}",
        )
    return "its tags parse, no two sources disagree, and its expiry is within a run's reach"


def protected(case: Case, policy: Policy) -> Answer:
    """Keep what the configuration protects."""
    for each in policy.protect:
        if _protects(each, case.resource):
            globs = {"kind": each.kind, "scope": each.scope, "name": each.name}
            told = ", ".join(f"{what} {glob}" for what, glob in globs.items() if glob is not None)
            return Met(Decision.KEEP, f"the configuration protects {told or 'everything'}")
    return "no protection of the configuration matches it"


def _protects(protection: Protection, resource: Resource) -> bool:
    ref = resource.ref
    asked = (
        (protection.kind, (ref.kind,)),
        (protection.scope, (ref.scope,)),
        (protection.name, (ref.id, resource.name or ref.id)),
    )
    return all(
        glob is None or any(fnmatchcase(text.casefold(), glob.casefold()) for text in texts)
        for glob, texts in asked
    )


def kept(case: Case, policy: Policy) -> Answer:
    """Keep what a person asked to keep, by a mark in the ledger or by a tag."""
    return _kept_by_mark(case) or _kept_by_tag(case, policy)


def _kept_by_mark(case: Case) -> Met | None:
    mark = case.mark
    if mark is None or mark.keep_until is None:
        return None
    if not isinstance(mark.keep_until, datetime):
        return Met(Decision.KEEP, f"{mark.by} asked to keep it for ever")
    if case.now <= mark.keep_until:
        return Met(Decision.KEEP, f"{mark.by} asked to keep it until {show(mark.keep_until)}")
    return None


def _kept_by_tag(case: Case, policy: Policy) -> Answer:
    keep = case.claim.keep
    if keep is None:
        return "nobody asks to keep it"
    if not isinstance(keep, datetime):
        if policy.allow_forever:
            return Met(Decision.KEEP, "its tag asks to keep it for ever")
        return Met(
            Decision.QUARANTINE,
            "its tag asks to keep it for ever, which policy.allow_forever does not allow",
        )
    since = created_at(case) or case.first_seen
    until = keep if since is None else min(keep, later(since, policy.max_keep))
    if case.now <= until:
        return Met(Decision.KEEP, f"its tag keeps it until {show(until)}")
    bound = "" if until == keep else ", the longest that policy.max_keep allows"
    return f"its tag kept it until {show(until)}{bound}"


def alive(case: Case, _policy: Policy) -> Answer:
    """Keep everything of a live run, whatever its age."""
    run = case.run
    if not isinstance(run, Run):
        return "the ledger does not know its run"
    if not run.alive(case.now):
        return f"its run {run.id} is over, or its lease has lapsed"
    if run.lease.away is not None:
        return Met(
            Decision.KEEP, f"its run {run.id} is unfinished and cannot lapse: {run.lease.away}"
        )
    return Met(Decision.KEEP, f"its run {run.id} is alive until {show(run.lease.until)} at least")


def elder(case: Case, _policy: Policy) -> Answer:
    """Quarantine what was there before its run began: its tags were put on it later."""
    started, created = started_at(case), created_at(case)
    if started is None:
        return "when its run began is not known"
    # Kinds keep whole seconds: what was made within the second of the start may look older.
    if created is not None and created < started.replace(microsecond=0):
        return Met(
            Decision.QUARANTINE,
            f"it was created at {show(created)}, before its run began at {show(started)}",
        )
    if case.first_seen is not None and case.first_seen < started:
        return Met(
            Decision.QUARANTINE,
            f"it was there at {show(case.first_seen)}, before its run began at {show(started)}",
        )
    return f"it is not known to be older than its run, which began at {show(started)}"


def copy(case: Case, policy: Policy) -> Answer:
    """Quarantine what appeared after its run's end: a copy bears the tags of the original."""
    created, over = created_at(case), over_at(case)
    if created is None or over is None:
        return "when it was created, or when its run ended, is not known"
    if created - over <= policy.grace:
        return f"it was created at {show(created)}, its run's end is {show(over)}"
    late = f"it was created at {show(created)}, after its run's end at {show(over)}"
    if case.controller_reaped:
        return f"{late}, by what is reaped in this plan"
    return Met(Decision.QUARANTINE, f"{late}: somebody may have copied it with its tags")


def used(case: Case, policy: Policy) -> Answer:
    """Quarantine what somebody used or wrote to after its run's end: it serves another now."""
    at, over = used_at(case), over_at(case)
    if at is None or over is None:
        return "whether it was used after its run's end is not known"
    if at - over <= policy.grace:
        return f"it was last used at {show(at)}, its run's end is {show(over)}"
    return Met(
        Decision.QUARANTINE,
        f"it was used or written to at {show(at)}, after its run's end at {show(over)}: somebody "
        "else may rely on it",
    )


def young(case: Case, policy: Policy) -> Answer:
    """Keep what is younger than the grace, unless its run was asked for by name."""
    since = created_at(case) or over_at(case)
    if since is None:
        return "its age is not known"
    age = case.now - since
    if case.named:
        return "its run was asked for by name"
    if age < policy.grace:
        what = "it is" if case.resource.created else "its run is over for"
        return Met(
            Decision.KEEP,
            f"{what} {describe_duration(age)}, less than the grace of "
            f"{describe_duration(policy.grace)}",
        )
    return f"its age is {describe_duration(age)}"


def report_only(case: Case, policy: Policy) -> str | None:
    """Say in words why this may only be reported; None where it may be reaped."""
    if case.claim.report_only:
        return f"the profile {case.claim.profile or 'of its parent'} only reports"
    kind, journal = case.kind, case.claim.basis is Basis.JOURNAL
    if kind is not None and kind.reused and journal and case.resource.ref.incarnation is None:
        return "only the journal has it, by a name that somebody may have used again"
    if kind is not None and kind.report_only and kind.name not in policy.enabled:
        return f"who uses a {kind.name} cannot be enumerated, so it is only reported"
    return None


def finished(case: Case, policy: Policy) -> Answer:
    """Reap what a run left that said it is over, or that a person ended."""
    run = case.run
    if not isinstance(run, Run) or run.ended is None or run.ending is Ending.LAPSED:
        return "its run did not say that it is over"
    ago = case.now - run.ended
    if ago > policy.grace or case.named:
        return Met(Decision.REAP, f"its run {run.id} is over since {show(run.ended)}")
    return f"its run {run.id} is over for {describe_duration(ago)} only"


def lapsed(case: Case, policy: Policy) -> Answer:
    """Reap what a run left whose client stopped by itself when its lease lapsed."""
    run = case.run
    if not isinstance(run, Run) or (run.ended is not None and run.ending is not Ending.LAPSED):
        return "its run has no lease that lapsed"
    if not run.promised:
        return f"the client of run {run.id} did not promise to stop when its lease lapses"
    ago = case.now - run.lease.until
    # Until the ledger has ended it a late beat can bring it back, whoever names it.
    if ago > policy.grace or (case.named and run.ended is not None):
        return Met(Decision.REAP, f"the lease of run {run.id} lapsed at {show(run.lease.until)}")
    return f"the lease of run {run.id} lapsed {describe_duration(ago)} ago only"


def expired(case: Case, policy: Policy) -> Answer:
    """Reap by the expiry alone, where nothing else tells that the run is over."""
    run = case.run
    if isinstance(run, Run) and (
        run.promised or (run.ended is not None and run.ending is not Ending.LAPSED)
    ):
        return "its run's end is known otherwise"
    expires = expiry_at(case)
    if expires is None:
        return "it bears no expiry"
    if case.now - expires > policy.grace:
        known = "its run's lease lapsed" if isinstance(run, Run) else "nobody knows its run"
        return Met(Decision.REAP, f"{known}, and it expired at {show(expires)}")
    return f"it expires at {show(expires)}, and the grace after that is not over"


def ageless(case: Case, policy: Policy) -> Answer:
    """Ask a person about what names a run that nobody knows, and no expiry."""
    if not isinstance(case.run, Unknown) or case.claim.expires is not None:
        return "its run is known, or it bears an expiry"
    after, since = policy.reap_unknown_after, created_at(case) or case.first_seen
    used = used_at(case)
    last = since if since is None or used is None else max(since, used)
    if after is not None and last is not None and case.now - last > after:
        told = "is there since" if last is since else "was last used at"
        return Met(
            Decision.REAP,
            f"nobody knows its run {case.run.id}, and it {told} {show(last)}, longer ago "
            f"than policy.reap_unknown_after, {describe_duration(after)}",
        )
    return Met(Decision.QUARANTINE, f"nobody knows its run {case.run.id}, and it bears no expiry")
