"""What the run tells of its resources."""

from __future__ import annotations

from typing import Any

import pytest


# One worker runs them all with --dist loadgroup, so that the module's stream has all of it.
@pytest.mark.integration
@pytest.mark.service("docker")
@pytest.mark.xdist_group("events")
class TestFollowing:
    """Asks for the events before the broker, so that nothing of it is missed."""

    def test_a_broker_is_created_then_ready_then_removed(
        self, events_function_scope: Any, docker_kafka: Any
    ) -> None:
        broker = docker_kafka
        ready = events_function_scope.wait_for("ready", broker.name, within=10)
        broker.remove()

        assert ready.kind == "docker:container"
        assert events_function_scope.of("created", broker.id)
        assert events_function_scope.wait_for("removed", broker.name, within=10)
        assert not events_function_scope.of("leaked")

    def test_one_that_goes_with_its_test(self, events: Any, docker_kafka: Any) -> None:
        assert events.wait_for("ready", docker_kafka.name, within=10)

    def test_has_not_leaked(self, events: Any) -> None:
        assert not events.of("leaked")


@pytest.mark.sct_config(files=["configurations/longevity.yaml", "configurations/small.yaml"])
def test_parameters_are_of_the_files_that_the_mark_names(params: dict[str, Any]) -> None:
    assert params == {"cluster_backend": "docker", "n_db_nodes": 1, "instance_type": "i3.large"}
