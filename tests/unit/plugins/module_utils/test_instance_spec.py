# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of the options of an instance."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import (
    NetworkWish,
    Problem,
    Spec,
    name_problems,
    operation_problems,
    problems_of_form,
    refuse,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Rule
from hypothesis import given
from hypothesis import strategies as st

GOOD = Spec(
    "orders",
    volume_size=1,
    networks=(NetworkWish("n", None, ("10.0.0.4", "fd00::4")),),
    datastore_ports=(3306,),
    allowed_cidrs=("::/0",),
)


@pytest.mark.parametrize("name", ["a", "orders", "Orders-2", "a" * 63])
def test_good_names(name: str) -> None:
    assert name_problems(name) == []


@pytest.mark.parametrize("name", ["", "2orders", "-a", "a-", "a" * 64, "a_b", "a.b", "a b", "ä", "a\n"])
def test_bad_names(name: str) -> None:
    assert [problem.option for problem in name_problems(name)] == ["name"]


@given(st.text(max_size=70))
def test_an_accepted_name_is_a_host_name(name: str) -> None:
    if not name_problems(name):
        assert name.isascii()
        assert len(name) <= 63
        assert name.replace("-", "").isalnum()


@pytest.mark.parametrize("operation", ["", "o" * 22, "a.b", "Create", "a b"])
def test_names_that_no_operation_has(operation: str) -> None:
    assert [problem.option for problem in operation_problems(operation)] == ["operation"]
    assert operation_problems("instance_create") == operation_problems(None) == []


def test_good_options() -> None:
    assert problems_of_form(GOOD) == []
    assert problems_of_form(dataclasses.replace(GOOD, port=1024)) == []


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"allowed_cidrs": ("10.0.0.1/24",)}, "allowed_cidrs"),
        ({"allowed_cidrs": ("anywhere",)}, "allowed_cidrs"),
        ({"management_cidrs": ("10.0.0.0/33",)}, "management_cidrs"),
        ({"networks": ()}, "networks"),
        ({"networks": (NetworkWish("n", None, ("10.0.0.400",)),)}, "networks"),
        ({"networks": (NetworkWish("n", None, ("10.0.0.4", "10.0.0.5")),)}, "networks"),
        ({"volume_size": 1, "min_volume_size": 2}, "volume_size"),
        ({"boot_volume_size": 0}, "boot_volume_size"),
        ({"boot_volume_type": "ssd"}, "boot_volume_type"),
        ({"metadata": {"dbaas_uid": "x"}}, "metadata"),
        ({"tags": frozenset({"dbaas"})}, "tags"),
        ({"tags": frozenset({"a/b"})}, "tags"),
        ({"tags": frozenset({"t" * 61})}, "tags"),
        ({"port": 22}, "port"),
        ({"port": 1023}, "port"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"ssh_user": "root"}, "ssh_user"),
        ({"ssh_user": "a b"}, "ssh_user"),
    ],
)
def test_bad_options_are_named(change: dict, option: str) -> None:
    assert [problem.option for problem in problems_of_form(dataclasses.replace(GOOD, **change))] == [option]


def test_rules() -> None:
    spec = Spec("a", datastore_ports=(3306,), allowed_cidrs=("192.0.2.0/24", "2001:DB8::/64"), management_cidrs=())
    assert spec.database_rules(None) == {Rule("IPv4", 3306, "192.0.2.0/24"), Rule("IPv6", 3306, "2001:db8::/64")}
    assert spec.management_rules() == frozenset()
    assert Spec("a").database_rules(None) is None
    assert {rule.port for rule in spec.database_rules(3307) or ()} == {3307}
    several = dataclasses.replace(spec, datastore_ports=(3306, 4567))
    assert {rule.port for rule in several.database_rules(3307) or ()} == {3307, 4567}
    assert Spec("a", allowed_cidrs=("192.0.2.0/24",)).database_rules(3307) == frozenset()


def test_all_problems_are_told_at_once() -> None:
    problems = [Problem("flavor", "x", "not_found", "no flavor"), Problem("name", "y", "invalid", "no name")]
    with pytest.raises(DbaasError) as error:
        refuse(problems)
    assert error.value.reason == "not_found"
    assert [problem["option"] for problem in error.value.details["problems"]] == ["flavor", "name"]
    refuse([])
