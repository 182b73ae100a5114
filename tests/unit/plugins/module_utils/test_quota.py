# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan takes of the quotas, and whether they have it."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import Step, plan_present
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import NetworkWish, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Flavor, Quota
from ansible_collections.dbaas.openstack.plugins.module_utils._quota import OPTIONS, needs, quota_problems
from hypothesis import given, strategies

FLAVOR = Flavor("f", "m1.small", ram=1024, disk=4, vcpus=2)
SPEC = Spec(
    "orders",
    datastore="mariadb",
    datastore_ports=(3306,),
    flavor="m1.small",
    volume_size=5,
    networks=(NetworkWish("a"), NetworkWish("b")),
    allowed_cidrs=("10.0.0.0/8",),
    management_cidrs=("10.0.0.1/32",),
    is_public=True,
    locality="affinity",
)
ALL = {
    "instances": 1,
    "cores": 2,
    "ram": 1024,
    "server_groups": 1,
    "ports": 2,
    "floating_ips": 1,
    "security_groups": 1,
    "security_group_rules": 4,
    "volumes": 1,
    "gigabytes": 5,
}


def test_a_new_instance_takes_of_every_quota() -> None:
    assert needs(plan_present(SPEC, None, ["a", "b"]), SPEC, FLAVOR) == ALL


def test_a_boot_volume_counts_too() -> None:
    spec = dataclasses.replace(SPEC, boot_volume_size=7)
    assert needs(plan_present(spec, None, ["a", "b"]), spec, FLAVOR) == {**ALL, "volumes": 2, "gigabytes": 12}


def test_what_is_replaced_needs_no_room() -> None:
    steps = [Step("delete", "server", "orders"), Step("create", "server", "orders"), Step("delete", "volume", "v")]
    assert needs(steps, SPEC, FLAVOR) == {}


def test_a_volume_that_grows_needs_the_difference() -> None:
    steps = [Step("extend", "volume", "v", {"size": 5, "from": 2})]
    assert needs(steps, SPEC, FLAVOR) == {"gigabytes": 3}


@pytest.mark.parametrize("name", OPTIONS)
def test_each_quota_is_judged_by_what_is_free(name: str) -> None:
    enough = {other: Quota(10_000, 0) for other in OPTIONS}
    number = ALL[name]
    assert quota_problems(ALL, {**enough, name: Quota(7 + number, 7)}) == []
    (problem,) = quota_problems(ALL, {**enough, name: Quota(6 + number, 7)})
    assert (problem.option, problem.value, problem.reason) == (OPTIONS[name], number, "quota")
    assert name in problem.msg


@given(strategies.dictionaries(strategies.sampled_from(list(OPTIONS)), strategies.integers(-1, 2000)))
def test_all_problems_are_told_at_once(limits: dict[str, int]) -> None:
    problems = quota_problems(ALL, {name: Quota(limit, 0) for name, limit in limits.items()})
    assert len(problems) == sum(0 <= limit < ALL[name] for name, limit in limits.items())
