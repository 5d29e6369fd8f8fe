"""Integration tests of an order service. Some clean up after themselves, and some do not."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest


def test_an_order_is_stored(database: Any) -> None:
    assert database.exec_run("true").exit_code == 0


def test_a_report_is_written(engine: Any, image: str) -> None:
    # It forgets its container and the volume that comes with it.
    report = engine.containers.run(image, "true", detach=True, volumes=["/reports"])

    assert report.wait()["StatusCode"] == 0


def test_an_order_is_queued(queues: Any) -> None:
    # Nobody deletes the queue.
    assert queues.create_queue(QueueName=f"orders-{os.getpid()}")["QueueUrl"]


@pytest.mark.usefixtures("database")
def test_a_migration_keeps_the_orders(engine: Any) -> None:
    volume = engine.volumes.create(f"orders-backup-{os.getpid()}")

    # Somebody may kill it here: ORDERS_PAUSE is how long they have for it.
    time.sleep(float(os.environ.get("ORDERS_PAUSE", "0")))
    assert volume.name
