"""What a policy's statement allows, and where a statement leaves doubt."""

from __future__ import annotations

import pytest

from reaper.providers.oci.statements import Caller, Place, Statement, held

ROOT = "ocid1.tenancy.oc1..root"
TEAM, CI = "ocid1.compartment.oc1..team", "ocid1.compartment.oc1..ci"
WHERE = Place(path=((CI, "ci"), (TEAM, "team"), (ROOT, "tenancy")))
MINE = Caller(groups=frozenset({"reaper", "ocid1.group.oc1..reaper"}))
NEED = "manage volume-family"


@pytest.mark.parametrize(
    "text",
    [
        "Allow group reaper to manage volume-family in tenancy",
        "ALLOW GROUP Reaper TO MANAGE all-resources IN TENANCY",
        "allow group others, reaper to manage volume-family in tenancy",
        "allow group 'Default'/'reaper' to manage volume-family in tenancy",
        "allow group id ocid1.group.oc1..reaper to manage volume-family in tenancy",
        f"allow group reaper to manage volume-family in compartment id {CI}",
        f"allow group reaper to manage volume-family in compartment id {TEAM}",
        "allow group reaper to manage volume-family in compartment team",
        "allow group reaper to manage volume-family in compartment Team:CI",
        "allow any-user to manage volume-family in tenancy",
    ],
)
def test_what_grants_it(text: str) -> None:
    assert held(NEED, WHERE, MINE, [Statement(text=text, home=ROOT)]) == (True, "")


@pytest.mark.parametrize(
    "text",
    [
        "allow group others to manage volume-family in tenancy",
        "allow group other/reaper to manage volume-family in tenancy",
        "allow dynamic-group machines to manage volume-family in tenancy",
        "allow group reaper to use volume-family in tenancy",
        "allow group reaper to manage volumes in tenancy",
        "allow group reaper to {VOLUME_DELETE} in tenancy",
        "allow group reaper to manage instance-family in tenancy",
        "allow group reaper to manage volume-family in compartment id ocid1.compartment.oc1..x",
        "allow group reaper to manage volume-family in compartment ci",  # it is below team
        "allow group reaper to manage volume-family in compartment other:ci",
        "define tenancy them as ocid1.tenancy.oc1..them",
    ],
)
def test_what_does_not_grant_it(text: str) -> None:
    told, why = held(NEED, WHERE, MINE, [Statement(text=text, home=ROOT)])

    assert told is False
    assert why == "no policy grants it"


def test_a_name_counts_from_where_the_policy_is() -> None:
    text = "allow group reaper to manage volume-family in compartment ci"

    assert held(NEED, WHERE, MINE, [Statement(text=text, home=TEAM)])[0] is True


@pytest.mark.parametrize(
    "text",
    [
        "allow group reaper to manage volume-family in tenancy where request.region = 'iad'",
        "deny group reaper to manage volume-family in tenancy",
    ],
)
def test_what_leaves_doubt_is_neither(text: str) -> None:
    told, why = held(NEED, WHERE, MINE, [Statement(text=text, home=ROOT)])

    assert told is None
    assert text in why


def test_where_something_is_denied_a_grant_is_in_doubt() -> None:
    texts = (
        "allow group reaper to manage volume-family in tenancy",
        "deny group reaper to manage volume-family in tenancy",
    )

    told, _ = held(NEED, WHERE, MINE, [Statement(text=text, home=ROOT) for text in texts])

    assert told is None


def test_a_caller_whose_groups_nobody_tells_is_in_doubt() -> None:
    text = "allow dynamic-group machines to manage volume-family in tenancy"
    statement = Statement(text=text, home=ROOT)

    told, why = held(NEED, WHERE, Caller(groups=None), [statement])

    assert told is None
    assert "whether the caller is meant cannot be told" in why
    assert held(NEED, WHERE, Caller(groups=None), [])[0] is False


def test_a_part_of_a_family_is_granted_with_it() -> None:
    text = "allow group reaper to manage virtual-network-family in tenancy"

    assert held("manage drgs", WHERE, MINE, [Statement(text=text, home=ROOT)])[0] is True
