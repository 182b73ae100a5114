# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How members of a replication set reach each other: a security group whose members it lets in. Effects; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import find
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Port

ETHERTYPES = ("IPv4", "IPv6")


def name_of(identity: str) -> str:
    """The name of a set's group."""
    return f"dbaas-set-{identity}"


def mark_of(identity: str) -> str:
    """The description of what belongs to a set in Neutron."""
    return f"dbaas_set={identity}"


def connect(connection: t.Any, identity: str, instance: str, port: int, *, check: bool) -> bool:
    """Have the group, a rule for the datastore's port, and the instance's own ports in it; whether something was, or would be, changed."""
    network = connection.network
    group = _find(connection, identity)
    if group is None:
        if check:
            return True
        group = network.create_security_group(name=name_of(identity), description=mark_of(identity))
    there = {
        rule["ethertype"]
        for rule in group.security_group_rules or []
        if rule["remote_group_id"] == group.id and rule["port_range_min"] == rule["port_range_max"] == port
    }
    outside = [one for one in _ports(connection, instance) if group.id not in one.group_ids]
    if not check:
        for ethertype in sorted(set(ETHERTYPES) - there):
            network.create_security_group_rule(
                security_group_id=group.id,
                direction="ingress",
                ethertype=ethertype,
                protocol="tcp",
                port_range_min=port,
                port_range_max=port,
                remote_group_id=group.id,
            )
        for one in outside:
            network.update_port(one.id, security_groups=[*one.group_ids, group.id])
    return bool(outside) or there != set(ETHERTYPES)


def disconnect(connection: t.Any, identity: str, instance: str, *, last: bool, check: bool) -> bool:
    """Have none of the instance's ports in the group. last: nobody else is in it, so it goes."""
    group = _find(connection, identity)
    if group is None:
        return False
    inside = [one for one in _ports(connection, instance) if group.id in one.group_ids]
    if not check:
        for one in inside:
            connection.network.update_port(one.id, security_groups=[id_ for id_ in one.group_ids if id_ != group.id])
        if last:
            connection.network.delete_security_group(group.id)
    return bool(inside) or last


def _find(connection: t.Any, identity: str) -> t.Any:
    groups = connection.network.security_groups(
        name=name_of(identity), description=mark_of(identity), project_id=connection.current_project_id
    )
    return next(iter(groups), None)


def _ports(connection: t.Any, instance: str) -> list[Port]:
    """A port of the user's keeps the groups that it has."""
    found = find(connection, instance)
    return [port for port in found.data_ports if port.owned] if found else []
