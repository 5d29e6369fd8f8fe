"""Integration tests of nodes in containers."""

from __future__ import annotations

from typing import Any

import images
import pytest
from nodes import ALTERNATOR, CQL, CQL_SSL, ScyllaNode

pytestmark = [pytest.mark.integration, pytest.mark.service("docker")]


def test_a_node_serves_cql_and_alternator(docker_scylla: ScyllaNode) -> None:
    assert docker_scylla.is_port_used(CQL, "CQL")
    assert docker_scylla.is_port_used(ALTERNATOR, "Alternator")
    assert not docker_scylla.is_port_used(1, "nothing")
    assert docker_scylla.run("echo $((6 * 7))", timeout=30).output.strip() == "42"


@pytest.mark.docker_scylla_args(docker_network="two-nodes", dc="dc1", rack="RACK1")
def test_a_second_node_joins_the_first(
    docker_scylla: ScyllaNode, docker_scylla_2: ScyllaNode
) -> None:
    told = docker_scylla_2.container.inspect()["Args"]

    assert f"--seeds={docker_scylla.ip_address}" in told
    assert {"--dc=dc1", "--rack=RACK1"} <= set(told)
    assert docker_scylla_2.is_port_used(CQL, "CQL")


@pytest.mark.docker_scylla_args(ssl=True, native_entrypoint=False)
def test_a_node_serves_tls(docker_scylla: ScyllaNode) -> None:
    assert docker_scylla.is_port_used(CQL_SSL, "CQL with TLS")
    assert "BEGIN CERTIFICATE" in docker_scylla.run("cat /etc/scylla/ssl/node.crt").output


@pytest.mark.docker_scylla_args(docker_network="vectors", vs_docker_image=images.VECTOR_STORE)
def test_a_vector_store_knows_its_node(docker_scylla: ScyllaNode, docker_vector_store: Any) -> None:
    assert docker_vector_store.answers(6080)
    assert docker_scylla.ip_address in docker_vector_store.run("env").output
    assert "VECTOR_SEARCH_TEST=true" in docker_scylla.run("env").output


def test_there_is_no_vector_store_unless_it_is_asked_for(docker_vector_store: Any) -> None:
    assert docker_vector_store is None


def test_a_broker_answers(docker_kafka: Any) -> None:
    assert docker_kafka.answers(9092)


@pytest.mark.service("scylla")
@pytest.mark.docker_scylla_args(native_entrypoint=True)
def test_cql_is_spoken(docker_scylla: ScyllaNode) -> None:
    with docker_scylla.cql_connection() as session:
        assert session.execute("SELECT key FROM system.local").one().key == "local"
