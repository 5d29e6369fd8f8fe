"""What Prometheus is told: the names are a promise, so the page and the code must agree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from reaper.daemon.task import Swept
from reaper.ledger import Result
from reaper.service.metrics import Metrics

PAGE = Path(__file__).parents[2] / "docs" / "daemon.md"


def test_the_page_lists_every_metric_with_its_labels_and_no_other() -> None:
    told = {}
    collectors: list[Any] = list(Metrics().registry._collector_to_names)
    for collector in collectors:
        (family,) = collector.describe()
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        told[family.name + suffix] = tuple(collector._labelnames)
    told["reaper_info"] = ("mode",)

    rows = re.findall(r"^\| `(reaper_\w+)` \|([^|]*)\|", PAGE.read_text(), re.MULTILINE)

    assert {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == told


def test_a_cell_begins_at_nought_so_that_an_alert_sees_it() -> None:
    metrics = Metrics()

    metrics.known("docker/ENGINE")

    labels = {"cell": "docker/ENGINE"}
    for result in Result:
        value = metrics.registry.get_sample_value(
            "reaper_sweeps_total", {**labels, "result": result.value}
        )
        assert value == 0
    assert metrics.registry.get_sample_value("reaper_cell_failures", labels) == 0


def test_verdicts_are_those_of_the_last_sweep() -> None:
    metrics = Metrics()
    metrics.swept("c", Swept(result=Result.DONE, plan="a", verdicts={"reap": 3}), 1.0, None)
    metrics.swept("c", Swept(result=Result.DONE, plan="b", verdicts={"keep": 2}), 1.0, None)

    def number(verdict: str) -> float | None:
        labels = {"cell": "c", "verdict": verdict}
        return metrics.registry.get_sample_value("reaper_resources", labels)

    assert (number("reap"), number("keep"), number("quarantine")) == (0, 2, 0)


def test_a_sweep_that_saw_nothing_leaves_what_was_seen_before() -> None:
    metrics = Metrics()
    metrics.swept("c", Swept(result=Result.DONE, plan="a", verdicts={"reap": 3}), 1.0, None)
    metrics.swept("c", Swept(result=Result.FAILED), 1.0, None)

    labels = {"cell": "c", "verdict": "reap"}
    assert metrics.registry.get_sample_value("reaper_resources", labels) == 3
