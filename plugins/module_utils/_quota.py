# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do the project's quotas leave room for a plan? Pure; private to the collection."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import Step
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import Problem, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Flavor, Quota

OPTIONS = {
    "instances": "flavor",
    "cores": "flavor",
    "ram": "flavor",
    "server_groups": "locality",
    "ports": "networks",
    "floating_ips": "is_public",
    "security_groups": "name",
    "security_group_rules": "name",
    "volumes": "volume_size",
    "gigabytes": "volume_size",
}
"""The quotas that an instance uses, and the option that asks for it."""
RULES_OF_A_NEW_GROUP = 2
"""Neutron lets a new group's members send over IPv4 and IPv6."""
_COUNTED = {
    "server": "instances",
    "server_group": "server_groups",
    "port": "ports",
    "floating_ip": "floating_ips",
    "security_group": "security_groups",
    "security_group_rule": "security_group_rules",
    "volume": "volumes",
}


def needs(steps: t.Iterable[Step], spec: Spec, flavor: Flavor | None) -> dict[str, int]:
    """What a plan takes of each quota, by its name in OPTIONS; what it deletes is free for what it makes."""
    taken: collections.Counter[str] = collections.Counter()
    for step in steps:
        weight = {"create": 1, "delete": -1}.get(step.action, 0)
        if weight and step.resource in _COUNTED:
            taken[_COUNTED[step.resource]] += weight
        if weight and step.resource == "volume":
            taken["gigabytes"] += weight * (spec.volume_size or 0)
        if (step.action, step.resource) == ("extend", "volume"):
            taken["gigabytes"] += step.details["size"] - step.details["from"]
        if weight and step.resource == "server":
            taken["volumes"] += weight * bool(spec.boot_volume_size)
            taken["gigabytes"] += weight * (spec.boot_volume_size or 0)
            taken["cores"] += weight * (flavor.vcpus if flavor else 0)
            taken["ram"] += weight * (flavor.ram if flavor else 0)
    taken["security_group_rules"] += RULES_OF_A_NEW_GROUP * taken["security_groups"]
    return {name: number for name, number in taken.items() if number > 0}


def quota_problems(needed: t.Mapping[str, int], quotas: t.Mapping[str, Quota]) -> list[Problem]:
    """Each quota that does not suffice. quotas: by name; one that is not known is not judged."""
    found = []
    for name, option in OPTIONS.items():
        quota, number = quotas.get(name), needed.get(name, 0)
        if quota is None or quota.limit < 0 or number <= quota.free:
            continue
        msg = (
            f"{option}: the quota of {name} does not suffice: {number} needed, {quota.free} of {quota.limit} free;"
            " delete what is not needed, or have the quota raised"
        )
        found.append(Problem(option, number, "quota", msg))
    return found
