# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another name for an instance."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Group
from ansible_collections.dbaas.openstack.plugins.module_utils._rename import plan_rename

from tests.unit.plugins.module_utils.test_instance_plan import WHOLE

PORTS = (
    dataclasses.replace(WHOLE.ports[0], name="orders-0"),
    dataclasses.replace(WHOLE.ports[0], id="p-2", name="theirs", owned=False),
)
NAMED = dataclasses.replace(WHOLE, ports=PORTS, management_group=Group("sg-2", "orders-management"))


def test_the_anchor_comes_last() -> None:
    plan = [(step.resource, step.name, step.details["to"]) for step in plan_rename(NAMED, "shop", [])]
    assert plan == [
        ("server", "orders", "shop"),
        ("volume", "orders-data", "shop-data"),
        ("port", "orders-0", "shop-0"),
        ("security_group", "orders-management", "shop-management"),
        ("security_group", "orders", "shop"),
    ]


def test_a_run_that_was_killed_is_finished() -> None:
    half = dataclasses.replace(NAMED, servers=(dataclasses.replace(NAMED.servers[0], name="shop"),))
    assert next(step.resource for step in plan_rename(half, "shop", [])) == "volume"
    assert plan_rename(dataclasses.replace(NAMED, ports=()), "orders", [NAMED.group]) == []
    ports = (
        dataclasses.replace(WHOLE.ports[0], name="orders-old-0"),
        dataclasses.replace(WHOLE.ports[0], name="orders-1"),
    )
    plan = plan_rename(dataclasses.replace(NAMED, ports=ports), "orders-old", [])
    assert [(step.name, step.details["to"]) for step in plan if step.resource == "port"] == [
        ("orders-1", "orders-old-1")
    ]


def test_a_name_belongs_to_one_instance() -> None:
    with pytest.raises(DbaasError) as error:
        plan_rename(NAMED, "shop", [Group("sg-9", "shop")])
    assert error.value.reason == "conflict"
