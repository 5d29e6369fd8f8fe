"""What deleting commands do over an in-memory world: approve, wait, sum up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reaper.cli import clean, explaining, saved, surveys
from reaper.cli.options import Narrowed
from reaper.cli.report import Exit
from reaper.cli.session import Session, UnreachableLedger
from reaper.cli.sweeping import Order, Swept, agreed, carry_out, must_ask, sweep
from reaper.config import Config
from reaper.errors import PlanRejected, UsageError
from reaper.model import Decision, Rule, Status
from reaper.sandbox.memory import MemoryProvider
from reaper.sandbox.sorts import EVERYWHERE
from reaper.sandbox.things import Bond
from reaper.sweep.site import Narrowing
from tests.sweep.lab import MINUTE, Lab, new_lab

YES = Order(yes=True, as_json=False)


@pytest.fixture
def lab() -> Lab:
    return new_lab()


def session(lab: Lab, narrowed: Narrowed | None = None) -> Session:
    provider = MemoryProvider(lab.world, faults=lab.faults, pause=lab.clock.sleep)
    return Session(
        config=Config.model_validate({"providers": {}}),
        ledger=lab.ledger,
        narrowed=narrowed or Narrowed(),
        providers=[provider],
        read_only=False,
        clock=lab.clock,
        directories=lab.hosts,
    )


def swept_all(lab: Lab, narrowed: Narrowed | None = None) -> Swept:
    opened = session(lab, narrowed)
    swept = carry_out(opened, opened.settings(), YES)
    assert swept is not None
    return swept


def test_a_sweep_takes_what_its_run_left_and_says_so(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    lab.finish(run)

    swept = swept_all(lab)

    assert [(entry.ref, entry.became) for entry in swept.listed] == [(disk, Status.GONE)]
    assert swept.code == Exit.CLEAN


def test_narrowed_to_one_run_a_sweep_leaves_the_others(lab: Lab) -> None:
    one, other = lab.run(), lab.run()
    disk, spared = lab.make("memory:disk", one), lab.make("memory:disk", other)
    lab.finish(one)
    lab.finish(other)

    swept = swept_all(lab, Narrowed(runs=frozenset({one.id})))

    assert [entry.ref for entry in swept.listed] == [disk]
    assert lab.there(spared)


def test_only_what_a_person_saw_goes(lab: Lab) -> None:
    run = lab.run()
    seen_disk = lab.make("memory:disk", run)
    opened = session(lab)
    lab.finish(run)
    seen, _ = surveys.survey(opened)
    late = lab.run()
    unseen_disk = lab.make("memory:disk", late)
    lab.finish(late)

    sweep(opened, agreed(opened.settings(), seen), wait=None)

    assert not lab.there(seen_disk)
    assert lab.there(unseen_disk)


def test_a_wait_tries_again_until_what_was_pending_is_gone(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    opened = session(lab)
    settings = replace(opened.settings(), verify_for=timedelta(0))

    at_once = sweep(opened, settings, wait=None)
    later = sweep(opened, settings, wait=60 * MINUTE)

    assert [entry.became for entry in at_once.listed] == [Status.PENDING]
    assert at_once.code == Exit.LEFT
    assert [(entry.ref, entry.became) for entry in later.listed] == [(machine, Status.GONE)]
    assert later.code == Exit.CLEAN


def test_a_paused_ledger_sweeps_nothing_and_tells_what_is_left(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    lab.finish(run)
    lab.ledger.pause("bob", "an audit")

    swept = swept_all(lab)

    assert lab.there(disk)
    assert swept.code == Exit.LEFT
    assert swept.skipped == {"memory lab": "sweeping is paused by bob: an audit"}


def test_without_a_terminal_nobody_is_asked_and_nothing_is_done() -> None:
    with pytest.raises(UsageError, match="--yes"):
        must_ask()


def test_without_its_ledger_everything_is_unsure(lab: Lab) -> None:
    run = lab.run()
    lab.make("memory:disk", run)
    lab.finish(run)
    missing = UnreachableLedger("the database did not answer")
    opened = replace(session(lab), ledger=missing, ledger_missing=missing.reason)  # type: ignore[arg-type] # it refuses every method

    seen, gaps = surveys.survey(opened)

    verdicts = [item.verdict for it in seen for item in it.survey.judged]
    assert [(v.decision, v.rule) for v in verdicts] == [(Decision.QUARANTINE, Rule.UNSURE)]
    assert "the database did not answer" in gaps[0].reason


def save_plan(lab: Lab, path: Path) -> None:
    opened = session(lab)
    seen, gaps = surveys.survey(opened)
    saved.save(path, [it.survey.plan for it in seen], gaps, lab.ledger, full=False)


def test_a_saved_plan_approves_what_was_to_go_and_nothing_else(lab: Lab, tmp_path: Path) -> None:
    run, living = lab.run(), lab.run()
    disk = lab.make("memory:disk", run)
    lab.finish(run)
    lab.ledger.prolong(living.id, lab.clock.now() + 60 * MINUTE)
    lab.make("memory:disk", living)
    save_plan(lab, tmp_path / "plan.json")

    approved = saved.approved(tmp_path / "plan.json", lab.ledger)

    assert approved.keys == {f"{disk.key}#{disk.incarnation or ''}"}
    assert approved.cells == {"memory/lab"}


def test_a_saved_plan_that_was_edited_is_rejected(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    run = lab.run()
    lab.make("memory:disk", run)
    lab.finish(run)
    save_plan(lab, path)
    content = json.loads(path.read_text())
    content["items"][0]["verdict"] = "keep"
    path.write_text(json.dumps(content))

    with pytest.raises(PlanRejected, match="edited"):
        saved.approved(path, lab.ledger)


def test_a_digest_made_to_fit_does_not_deceive_the_ledger(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    run = lab.run()
    lab.make("memory:disk", run)
    lab.finish(run)
    save_plan(lab, path)
    content = json.loads(path.read_text())
    del content["digest"]
    content["plans"][0]["reviewed"][2][0][0] = "memory:disk@lab/something-else"
    path.write_text(json.dumps(content | {"digest": saved.digest_of_file(content)}))

    with pytest.raises(PlanRejected, match="did not save"):
        saved.approved(path, lab.ledger)


def test_a_plan_of_what_is_no_resource_is_rejected_by_the_name_of_its_file(
    lab: Lab, tmp_path: Path
) -> None:
    path = tmp_path / "plan.json"
    save_plan(lab, path)
    content = json.loads(path.read_text())
    del content["digest"]
    content["plans"][0]["reviewed"][2] = [["nonsense", None, "r-1", "reap", "finished", 0]]
    path.write_text(json.dumps(content | {"digest": saved.digest_of_file(content)}))

    with pytest.raises(PlanRejected, match=r"plan\.json: it is no plan that reaper saved"):
        saved.approved(path, lab.ledger)


def test_another_ledger_does_not_know_the_plan(lab: Lab, tmp_path: Path) -> None:
    save_plan(lab, tmp_path / "plan.json")

    with pytest.raises(PlanRejected, match="did not save"):
        saved.approved(tmp_path / "plan.json", new_lab().ledger)


def test_applying_carries_out_only_what_still_holds(lab: Lab, tmp_path: Path) -> None:
    run = lab.run()
    disk, tagged_anew = lab.make("memory:disk", run), lab.make("memory:disk", run)
    lab.finish(run)
    save_plan(lab, tmp_path / "plan.json")
    lab.world.retag(tagged_anew, {}, by="bob")
    opened = session(lab)
    approved = saved.approved(tmp_path / "plan.json", lab.ledger)

    carry_out(opened, opened.settings(narrowing=Narrowing(approved=approved.keys)), YES)

    assert not lab.there(disk)
    assert lab.there(tagged_anew)


def test_a_name_that_two_resources_have_is_not_guessed_at(lab: Lab) -> None:
    run = lab.run()
    lab.make("memory:disk", run, "data")
    lab.make("memory:address", run, "data")
    seen, _ = surveys.survey(session(lab))

    with pytest.raises(UsageError, match="can be 2 resources"):
        surveys.find("data", seen)


def test_an_explanation_shows_every_rule_up_to_the_one_that_decided(lab: Lab) -> None:
    run = lab.run()
    lab.make("memory:disk", run, "data")
    opened = session(lab)
    seen, _ = surveys.survey(opened)
    found = surveys.find("data", seen)
    assert found is not None

    told = explaining.present(found, opened)

    considered = explaining.as_document(told, ())["considered"]
    assert [asked["rule"] for asked in considered if asked["met"]] == ["alive"]
    assert considered[-1]["rule"] == "alive"
    assert "✓ alive" in explaining.as_text(told)


def test_what_is_used_late_and_from_elsewhere_says_so(lab: Lab) -> None:
    lab.world.scopes = ("lab", EVERYWHERE)
    run = lab.run()
    bucket = lab.make("memory:bucket", run, "data")
    abroad = lab.world.create("memory:disk", EVERYWHERE, by="bob", bonds=[(Bond.NEEDS, bucket)])
    lab.finish(run)
    lab.world.use(bucket, by="bob")
    opened = session(lab)
    found = surveys.find("data", surveys.survey(opened)[0])
    assert found is not None

    told = explaining.present(found, opened)

    document, text = explaining.as_document(told, ()), explaining.as_text(told)
    assert (document["used"], document["held_by"]) == ("2026-01-01T00:20:00Z", [str(abroad)])
    assert "last used 0s ago" in text
    assert f"used from elsewhere by {abroad}" in text
    assert "✓ used" in text


def test_what_nobody_uses_says_nothing_of_it(lab: Lab) -> None:
    lab.make("memory:disk", lab.run(), "data")
    opened = session(lab)
    found = surveys.find("data", surveys.survey(opened)[0])
    assert found is not None

    told = explaining.present(found, opened)

    document = explaining.as_document(told, ())
    assert (document["used"], document["held_by"]) == (None, [])
    assert "last used" not in explaining.as_text(told)


def test_what_is_gone_is_explained_from_the_ledger(lab: Lab) -> None:
    run = lab.run()
    lab.make("memory:disk", run, "data")
    lab.finish(run)
    swept_all(lab)
    opened = session(lab)

    told = explaining.as_document(explaining.gone("data", opened, ()), ())

    assert told["present"] is False
    assert told["item"]["outcome"] == "gone"
    assert told["item"]["rule"] == "finished"
    assert told["history"][0]["event"] == "intent"
    assert {"answer", "outcome"} <= {event["event"] for event in told["history"]}


def test_what_nobody_has_ever_seen_cannot_be_explained(lab: Lab) -> None:
    with pytest.raises(UsageError, match="answers to 'data'"):
        explaining.gone("data", session(lab), ())


def test_all_lists_strangers_without_a_verdict(lab: Lab) -> None:
    stranger = lab.world.create("memory:disk", "lab", by="bob", tags={})
    opened = session(lab, Narrowed(full=True))

    (seen,), _ = surveys.survey(opened)

    listed = surveys.everything(seen)
    assert [(entry.ref, entry.verdict and entry.verdict.decision) for entry in listed] == [
        (stranger, None)
    ]


def test_a_run_that_made_no_promise_is_ended_by_force_alone(lab: Lab) -> None:
    run = lab.run(promised=False)
    disk = lab.make("memory:disk", run)
    lab.clock.advance(60 * MINUTE)
    opened = session(lab, Narrowed(runs=frozenset({run.id})))

    with pytest.raises(UsageError, match="--force"):
        clean.make_sure_over(opened, frozenset({run.id}), YES, force=False)

    assert lab.ledger.runs([run.id])[run.id].ended is None
    assert lab.there(disk)


def test_a_lapsed_run_is_cleaned_at_once_by_name(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    lab.clock.advance(11 * MINUTE)
    opened = session(lab, Narrowed(runs=frozenset({run.id})))

    over = clean.make_sure_over(opened, frozenset({run.id}), YES, force=False)
    carry_out(opened, opened.settings(named=frozenset({run.id})), YES)

    assert over
    assert not lab.there(disk)
