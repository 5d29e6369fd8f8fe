"""Asking the rules in their order, and what a person said of a quarantine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reaper.model import Decision, Rule, Verdict
from reaper.policy import rules
from reaper.policy.case import Case, Consideration, Evaluation, Policy, show, used_at
from reaper.policy.rules import Answer, Met

ADOPT = "adopt"
DISMISS = "dismiss"

# An adoption that ends these says nothing of a use after it; of the others rule `used` is asked.
_BY_USE = frozenset({Rule.GARBLED, Rule.USED, Rule.AGELESS})


def judge(case: Case, policy: Policy) -> Verdict:
    """Decide about one resource: the first rule that is met."""
    return evaluate(case, policy).verdict


def evaluate(case: Case, policy: Policy) -> Evaluation:
    """Decide about one resource, and tell of each rule that was asked."""
    considered: list[Consideration] = []
    for rule in _ASK:
        answer = _answer(rule, case, policy)
        if isinstance(answer, Met):
            return _evaluation(considered, rule, answer)
        considered.append(Consideration(rule=rule, met=False, note=answer))
    return _evaluation(considered, Rule.WAITING, rules.WAITING)


def _evaluation(passed: Sequence[Consideration], rule: Rule, met: Met) -> Evaluation:
    last = Consideration(rule=rule, met=True, note=met.reason)
    verdict = Verdict(decision=met.decision, rule=rule, reason=met.reason)
    return Evaluation(verdict=verdict, considered=(*passed, last))


def _answer(rule: Rule, case: Case, policy: Policy) -> Answer:
    """Ask one rule, and then what a person said of a quarantine by it."""
    answer = _ASK[rule](case, policy)
    mark = case.mark
    if isinstance(answer, str) or answer.decision is None or mark is None or mark.rule is not rule:
        return answer
    said = f"{mark.by} on {mark.at:%Y-%m-%d}"
    if mark.resolution == DISMISS and answer.decision is not Decision.KEEP:
        return Met(Decision.KEEP, f"dismissed by {said}: {answer.reason}")
    if mark.resolution == ADOPT and answer.decision is Decision.QUARANTINE:
        used = used_at(case)
        if rule in _BY_USE and used is not None and used > mark.at:
            since = f"it was used or written to at {show(used)}, after that"
            return Met(Decision.QUARANTINE, f"adopted by {said}, but {since}: {answer.reason}")
        return _adopted(rule, case, policy, answer, said)
    return answer


def _adopted(rule: Rule, case: Case, policy: Policy, answer: Met, said: str) -> Answer:
    if rule is Rule.UNSURE:
        return answer  # nobody can adopt what was not read: it is looked at again
    if rule is Rule.GARBLED:
        return _adopt_garbled(case, policy, answer, said)
    if rule is Rule.AGELESS:
        return Met(Decision.REAP, f"adopted by {said}: {answer.reason}")
    return f"adopted by {said}, so passed over: {answer.reason}"


def _adopt_garbled(case: Case, policy: Policy, answer: Met, said: str) -> Answer:
    """Let a person take on themselves that it goes, unless a run is named that could be alive."""
    if case.claim.run is not None:
        return answer
    if any(isinstance(ask(case, policy), Met) for ask in (rules.protected, rules.kept)):
        return f"adopted by {said}, but something else keeps it: {answer.reason}"
    why = rules.report_only(case, policy)
    if why is not None:
        return Met(Decision.QUARANTINE, f"adopted by {said}, but {why}: {answer.reason}")
    return Met(Decision.REAP, f"adopted by {said}: {answer.reason}")


def _used(case: Case, policy: Policy) -> Answer:
    """Ask about its use; what a person left for that stays, also when no trace of it is left."""
    answer, mark = rules.used(case, policy), case.mark
    if mark is not None and mark.rule is Rule.USED and mark.resolution == DISMISS:
        return Met(Decision.QUARANTINE, answer if isinstance(answer, str) else answer.reason)
    return answer


def _reported(case: Case, policy: Policy) -> Answer:
    """Turn what would be reaped into a report, where only a report is allowed."""
    why = rules.report_only(case, policy)
    mark = case.mark
    if mark is not None and mark.rule is Rule.REPORTED and mark.resolution == DISMISS:
        why = why or "a person looked at its report and left it"  # also once the kind is enabled
    if why is None:
        return "its kind, and what makes it a run's, allow more than a report"
    for rule in (Rule.FINISHED, Rule.LAPSED, Rule.EXPIRED, Rule.AGELESS):
        answer = _answer(rule, case, policy)
        if isinstance(answer, Met) and answer.decision is Decision.REAP:
            return Met(Decision.QUARANTINE, f"{why}; otherwise: {answer.reason}")
    return f"{why}, but it would not be reaped"


_ASK: Mapping[Rule, Callable[[Case, Policy], Answer]] = {
    Rule.FOREIGN: rules.foreign,
    Rule.UNSURE: rules.unsure,
    Rule.GARBLED: rules.garbled,
    Rule.PROTECTED: rules.protected,
    Rule.KEPT: rules.kept,
    Rule.ALIVE: rules.alive,
    Rule.ELDER: rules.elder,
    Rule.COPY: rules.copy,
    Rule.USED: _used,
    Rule.YOUNG: rules.young,
    Rule.REPORTED: _reported,
    Rule.FINISHED: rules.finished,
    Rule.LAPSED: rules.lapsed,
    Rule.EXPIRED: rules.expired,
    Rule.AGELESS: rules.ageless,
}
