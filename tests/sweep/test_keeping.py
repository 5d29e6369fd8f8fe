"""A call that takes long does not cost the cell's lock."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

from reaper.errors import LockLost
from reaper.sweep.keeping import kept
from reaper.sweep.site import Site
from tests.sweep.lab import Lab

SOON = timedelta(milliseconds=15)


def site_of(lab: Lab, keep: object) -> Site:
    site = lab.site()
    settings = replace(site.settings, lock_for=SOON)
    return replace(site, settings=settings, keep=keep)  # type: ignore[arg-type] # passed on


def test_the_lock_is_renewed_while_a_call_is_under_way(lab: Lab) -> None:
    twice = threading.Semaphore(0)

    with kept(site_of(lab, twice.release)):
        renewed = twice.acquire(timeout=10) and twice.acquire(timeout=10)

    assert renewed


def test_nothing_is_renewed_where_time_passes_by_the_clock_alone(lab: Lab) -> None:
    threads = threading.active_count()

    with kept(replace(site_of(lab, list), keeps=False)):
        during = threading.active_count()

    assert during == threads


def test_a_lock_that_is_lost_meanwhile_is_not_tried_again(lab: Lab) -> None:
    tried: list[str] = []
    lost = threading.Event()

    def lose() -> None:
        tried.append("renewal")
        lost.set()
        raise LockLost("it is another's")

    with kept(site_of(lab, lose)):
        assert lost.wait(10)

    assert tried == ["renewal"]


def test_a_call_that_hangs_does_not_keep_the_lock_for_ever(lab: Lab) -> None:
    renewals = threading.Semaphore(0)

    with kept(site_of(lab, renewals.release), longest=SOON):
        done = [renewals.acquire(timeout=10) for _ in range(3)]
        more = renewals.acquire(timeout=0.2)

    assert done == [True, True, True]
    assert not more
