# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the parts of instances from Neutron, Nova and Cinder. Effects; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    FloatingAddress,
    Group,
    Instance,
    Port,
    Rule,
    Server,
    Volume,
)

UID = "dbaas_uid"
"""Key of the identity in the metadata of servers and volumes."""


def find(connection: t.Any, name: str) -> Instance | None:
    """The instance of that name in this project."""
    found = find_anchor(connection, name)
    if found is None:
        return None
    group, anchor = found
    owned = _anchor.owned_description(anchor.uid)
    return Instance(
        group=group,
        anchor=anchor,
        management_group=next(map(_group, connection.network.security_groups(description=owned)), None),
        ports=_ports(connection.network.ports(description=owned)),
        floating_addresses=tuple(map(_floating, connection.network.ips(description=owned))),
        volumes=_volumes(connection.block_storage.volumes(details=True, properties=str({UID: anchor.uid})), anchor.uid),
        servers=_servers(connection.compute.servers(details=True, tags=_anchor.server_tag(anchor.uid)), anchor.uid),
    )


def find_anchor(connection: t.Any, name: str) -> tuple[Group, _anchor.Anchor] | None:
    """The anchor of the instance of that name in this project; the older one, should there be two."""
    anchored = _anchored(connection.network.security_groups(name=name, project_id=connection.current_project_id))
    return min(anchored, key=lambda pair: (pair[0].created_at, pair[0].id)) if anchored else None


def find_all(connection: t.Any) -> list[Instance]:
    """All instances of this project: one listing of each kind of resource, sorted by name."""
    network, project = connection.network, connection.current_project_id
    groups = list(network.security_groups(project_id=project))
    ports = list(network.ports(project_id=project))
    addresses = list(network.ips(project_id=project))
    volumes = list(connection.block_storage.volumes(details=True))
    servers = list(connection.compute.servers(details=True, tags=_anchor.TAG))
    found = []
    for group, anchor in _anchored(groups):
        owned = _anchor.owned_description(anchor.uid)
        found.append(
            Instance(
                group=group,
                anchor=anchor,
                management_group=next((_group(g) for g in groups if g.description == owned), None),
                ports=_ports(port for port in ports if port.description == owned),
                floating_addresses=tuple(_floating(ip) for ip in addresses if ip.description == owned),
                volumes=_volumes(volumes, anchor.uid),
                servers=_servers(servers, anchor.uid),
            )
        )
    return sorted(found, key=lambda instance: (instance.group.name, instance.group.created_at))


def _anchored(groups: t.Iterable[t.Any]) -> list[tuple[Group, _anchor.Anchor]]:
    pairs = ((group, _anchor.decode(group.description)) for group in groups)
    return [(_group(group), anchor) for group, anchor in pairs if anchor is not None]


def _group(group: t.Any) -> Group:
    ingress = [rule for rule in group.security_group_rules or [] if rule["direction"] == "ingress"]
    known = [rule for rule in ingress if _is_single_tcp_port(rule)]
    return Group(
        id=group.id,
        name=group.name,
        tags=frozenset(group.tags or ()),
        created_at=group.created_at or "",
        rules=frozenset(
            Rule(rule["ethertype"], rule["port_range_min"], rule["remote_ip_prefix"], rule["id"]) for rule in known
        ),
        foreign_rule_ids=tuple(rule["id"] for rule in ingress if rule not in known),
    )


def _is_single_tcp_port(rule: t.Mapping[str, t.Any]) -> bool:
    single = rule["port_range_min"] is not None and rule["port_range_min"] == rule["port_range_max"]
    return single and rule["protocol"] == "tcp" and bool(rule["remote_ip_prefix"])


def _ports(ports: t.Iterable[t.Any]) -> tuple[Port, ...]:
    made = sorted(ports, key=lambda port: (port.name, port.created_at or "", port.id))
    return tuple(
        Port(
            id=port.id,
            network_id=port.network_id,
            fixed_ips=tuple(ip["ip_address"] for ip in port.fixed_ips or ()),
            group_ids=tuple(port.security_group_ids or ()),
        )
        for port in made
    )


def _floating(address: t.Any) -> FloatingAddress:
    return FloatingAddress(address.id, address.floating_ip_address, address.port_id)


def _volumes(volumes: t.Iterable[t.Any], uid: str) -> tuple[Volume, ...]:
    owned = [volume for volume in volumes if (volume.metadata or {}).get(UID) == uid]
    return tuple(
        Volume(
            id=volume.id,
            name=volume.name or "",
            size=volume.size,
            type=volume.volume_type or "",
            status=volume.status,
            metadata=dict(volume.metadata),
            server_ids=tuple(attachment["server_id"] for attachment in volume.attachments or ()),
        )
        for volume in sorted(owned, key=lambda volume: (volume.created_at or "", volume.id))
    )


def _servers(servers: t.Iterable[t.Any], uid: str) -> tuple[Server, ...]:
    owned = [server for server in servers if (server.metadata or {}).get(UID) == uid]
    return tuple(
        Server(
            id=server.id,
            name=server.name,
            status=server.status,
            flavor=(server.flavor or {}).get("original_name") or "",
            ram=(server.flavor or {}).get("ram") or 0,
            metadata=dict(server.metadata),
            tags=frozenset(server.tags or ()),
            zone=server.availability_zone or "",
            created=server.created_at or "",
            fault=(server.fault or {}).get("message", "") if getattr(server, "fault", None) else "",
            image_id=(server.image or {}).get("id") if server.image else None,
            volume_ids=tuple(volume["id"] for volume in server.attached_volumes or ()),
        )
        for server in sorted(owned, key=lambda server: (server.created_at or "", server.id))
    )
