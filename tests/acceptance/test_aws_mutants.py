"""Providers that are broken on purpose: each meets the world that it does harm in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reaper.model import Status
from reaper.providers.aws import open_aws
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.faults import Effect, Operation
from tests.acceptance.aws_mutants import IgnoresEdges, TakesEndedMachinesForLeaks, TrustsTheIndex
from tests.acceptance.aws_traps import Hands, hands
from tests.awsbench import REGION, AwsBench
from tests.cloudbench import STRANGER, Opener


@pytest.fixture
def bench(aws_sandbox: AwsSandbox, tmp_path: Path) -> AwsBench:
    return AwsBench(sandbox=aws_sandbox, directory=tmp_path)


def makers(bench: AwsBench, tags: dict[str, str]) -> tuple[Hands, Hands]:
    endpoint = bench.sandbox.endpoint
    return hands(endpoint, REGION, tags), hands(endpoint, REGION, STRANGER)


def harm_by_detaching(bench: AwsBench, opener: Opener) -> bool:
    """A stranger's volume hangs on a dead run's machine: does it lose its place?"""
    with bench.run() as run:
        dead, theirs = makers(bench, run.tags)
        machine, data = dead.machine(dead.network("10.1")[1]), theirs.volume()
        dead.ec2.attach_volume(VolumeId=data, InstanceId=machine, Device="/dev/sdf")

    bench.play(opener)

    [volume] = theirs.ec2.describe_volumes(VolumeIds=[data])["Volumes"]
    return not volume["Attachments"]


def harm_by_old_tags(bench: AwsBench, opener: Opener) -> bool:
    """A volume of a dead run was given to somebody, and the index has not heard: does it go?"""
    with bench.run() as run:
        dead, theirs = makers(bench, run.tags)
        volume = dead.volume()
        bench.refuse(Effect.LAG, "*", Operation.INDEX, delay=timedelta(hours=1))
        dead.ec2.delete_tags(Resources=[volume], Tags=[{"Key": key} for key in run.tags])
        dead.ec2.create_tags(Resources=[volume], Tags=theirs.pairs)

    bench.play(opener)

    return not theirs.ec2.describe_volumes()["Volumes"]


def harm_by_ended_machines(bench: AwsBench, opener: Opener) -> bool:
    """The machine of a dead run is terminated, and listed still: is it reported as left?"""
    with bench.run() as run:
        dead, _ = makers(bench, run.tags)
        machine = dead.machine(dead.network("10.1")[1])
        dead.ec2.terminate_instances(InstanceIds=[machine])

    outcomes = bench.play(opener)

    assert {outcome.status for outcome in outcomes} >= {Status.GONE}, "its network was left"
    return any(outcome.ref.id == machine for outcome in outcomes)


Harm = Callable[[AwsBench, Opener], bool]
MUTANTS: dict[Opener, Harm] = {
    IgnoresEdges: harm_by_detaching,
    TrustsTheIndex: harm_by_old_tags,
    TakesEndedMachinesForLeaks: harm_by_ended_machines,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_provider_is_caught(bench: AwsBench, mutant: Opener) -> None:
    assert MUTANTS[mutant](bench, mutant)


@pytest.mark.parametrize("harm", MUTANTS.values())
def test_the_real_provider_does_no_such_harm(bench: AwsBench, harm: Harm) -> None:
    assert not harm(bench, open_aws)
