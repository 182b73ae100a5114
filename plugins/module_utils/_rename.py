# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps another name for an instance takes. Pure; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import MANAGEMENT, Step
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Group, Instance


def plan_rename(instance: Instance, name: str, others: t.Collection[Group]) -> list[Step]:
    """Steps to the name, the anchor's last: until then the instance is found by the old one. others: anchors that have the new name.

    Raises DbaasError conflict when another instance has it.
    """
    if any(group.id != instance.group.id for group in others):
        raise DbaasError("conflict", f"new_name: there is another instance {name!r} in this project", option="new_name")
    named: list[tuple[str, str, str, str]] = [("server", server.name, name, server.id) for server in instance.servers]
    named += [("volume", volume.name, f"{name}-data", volume.id) for volume in instance.volumes]
    named += [
        ("port", port.name, _port_name(port.name, instance.group.name, name), port.id) for port in instance.owned_ports
    ]
    if instance.management_group is not None:
        group = instance.management_group
        named.append(("security_group", group.name, f"{name}-{MANAGEMENT}", group.id))
    named.append(("security_group", instance.group.name, name, instance.group.id))
    return [Step("rename", kind, old, {"to": new}, target) for kind, old, new, target in named if old != new]


def _port_name(port: str, old: str, new: str) -> str:
    """Ports are named after the instance, with an ending of their own; one may have its new name already."""
    stem, _dash, ending = port.rpartition("-")
    return f"{new}-{ending}" if stem in (old, new) else port
