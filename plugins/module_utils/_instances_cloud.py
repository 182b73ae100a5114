# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the parts of instances from Neutron, Nova and Cinder. Effects; private to the collection."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    BACKUP,
    OF_BACKUPS,
    ROLE,
    FloatingAddress,
    Group,
    Instance,
    Port,
    Rule,
    Server,
    Snapshot,
    Volume,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._server_group import server_group_of

UID = "dbaas_uid"
"""Key of the identity in the metadata of servers and volumes."""


def find(connection: t.Any, name: str) -> Instance | None:
    """The instance of that name in this project."""
    anchors = find_anchors(connection, name)
    if not anchors:
        return None
    group, anchor = _first(anchors)
    owned = _anchor.owned_description(anchor.uid)
    network = connection.network
    servers = _servers(connection.compute.servers(details=True, tags=_anchor.server_tag(anchor.uid)), anchor.uid)
    used = [port for server in servers for port in network.ports(device_id=server.id)]
    volumes = _volumes(connection.block_storage.volumes(details=True, properties=str({UID: anchor.uid})), anchor.uid)
    snapshots = [one for volume in volumes for one in connection.block_storage.snapshots(volume_id=volume.id)]
    return Instance(
        group=group,
        anchor=anchor,
        rivals=tuple(rival for rival, _said in anchors if rival.id != group.id),
        management_group=next(map(_group, network.security_groups(description=owned)), None),
        ports=_ports(network.ports(description=owned), used),
        floating_addresses=tuple(map(_floating, network.ips(description=owned))),
        volumes=volumes,
        snapshots=_snapshots(snapshots, anchor.uid),
        backups={one.metadata[BACKUP]: one.volume_id for one in snapshots if BACKUP in (one.metadata or {})},
        servers=servers,
        server_group=server_group_of(
            connection.compute.server_groups(),
            anchor.uid,
            {server.id for server in servers},
            lambda uid: bool(name_of(connection, uid)),
        ),
    )


def find_anchor(connection: t.Any, name: str) -> tuple[Group, _anchor.Anchor] | None:
    """The anchor of the instance of that name in this project."""
    anchors = find_anchors(connection, name)
    return _first(anchors) if anchors else None


def name_of(connection: t.Any, uid: str) -> str:
    """The name of the instance with that uid; empty if there is none."""
    return names(connection.network.security_groups(project_id=connection.current_project_id)).get(uid, "")


def names(groups: t.Iterable[t.Any]) -> dict[str, str]:
    """The names of instances by uid, of those whose anchors are among the security groups."""
    return {anchor.uid: group.name for group, anchor in _anchored(groups)}


def _first(anchors: list[tuple[Group, _anchor.Anchor]]) -> tuple[Group, _anchor.Anchor]:
    return min(anchors, key=lambda pair: pair[0].precedence)


def find_anchors(connection: t.Any, name: str) -> list[tuple[Group, _anchor.Anchor]]:
    """All anchors of that name in this project: more than one while several runs make it at once."""
    return _anchored(connection.network.security_groups(name=name, project_id=connection.current_project_id))


def find_all(connection: t.Any) -> list[Instance]:
    """All instances of this project: one listing of each kind of resource, sorted by name."""
    network, project = connection.network, connection.current_project_id
    groups = list(network.security_groups(project_id=project))
    groups_by_description = _by(groups, _description)
    ports = _by(network.ports(project_id=project), lambda port: (port.description, port.device_id))
    addresses = _by(network.ips(project_id=project), _description)
    volumes = _by(connection.block_storage.volumes(details=True), _uid)
    servers = _by(connection.compute.servers(details=True, tags=_anchor.TAG), _uid)
    server_groups = _by(connection.compute.server_groups(), lambda group: (group.name, *(group.member_ids or ())))
    found = []
    anchored = _anchored(groups)
    uids = {anchor.uid for _group, anchor in anchored}
    for group, anchor in anchored:
        owned = _anchor.owned_description(anchor.uid)
        own_servers = _servers(servers[anchor.uid], anchor.uid)
        ids = [server.id for server in own_servers]
        joined = [one for key in (_anchor.server_tag(anchor.uid), *ids) for one in server_groups[key]]
        found.append(
            Instance(
                group=group,
                anchor=anchor,
                management_group=next(map(_group, groups_by_description[owned]), None),
                ports=_ports(ports[owned], [port for server_id in ids for port in ports[server_id]]),
                floating_addresses=tuple(map(_floating, addresses[owned])),
                volumes=_volumes(volumes[anchor.uid], anchor.uid),
                servers=own_servers,
                server_group=server_group_of(joined, anchor.uid, set(ids), uids.__contains__),
            )
        )
    return sorted(found, key=lambda instance: (instance.group.name, instance.group.created_at))


def _by(resources: t.Iterable[t.Any], keys: t.Callable[[t.Any], t.Iterable[t.Any]]) -> t.Mapping[t.Any, list[t.Any]]:
    """The resources by each of their keys, so that joining a fleet costs as much as its resources, not as their square."""
    found: dict[t.Any, list[t.Any]] = collections.defaultdict(list)
    for resource in resources:
        for key in keys(resource):
            found[key].append(resource)
    return found


def _description(resource: t.Any) -> tuple[t.Any]:
    return (resource.description,)


def _uid(resource: t.Any) -> tuple[t.Any]:
    return ((resource.metadata or {}).get(UID),)


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


def _ports(owned: t.Iterable[t.Any], used: t.Iterable[t.Any]) -> tuple[Port, ...]:
    """Those that carry the uid, and those of the user's that the servers use."""
    own = sorted(owned, key=lambda port: (port.name, port.created_at or "", port.id))
    ids = {port.id for port in own}
    return (*(_port(port) for port in own), *(_port(port, owned=False) for port in used if port.id not in ids))


def _port(port: t.Any, *, owned: bool = True) -> Port:
    return Port(
        id=port.id,
        network_id=port.network_id,
        name=port.name or "",
        fixed_ips=tuple(ip["ip_address"] for ip in port.fixed_ips or ()),
        group_ids=tuple(port.security_group_ids or ()),
        owned=owned,
    )


def _floating(address: t.Any) -> FloatingAddress:
    return FloatingAddress(address.id, address.floating_ip_address, address.port_id)


def _volumes(volumes: t.Iterable[t.Any], uid: str) -> tuple[Volume, ...]:
    owned = [
        volume
        for volume in volumes
        if (volume.metadata or {}).get(UID) == uid and volume.metadata.get(ROLE) != OF_BACKUPS
    ]
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


def _snapshots(snapshots: t.Iterable[t.Any], uid: str) -> tuple[Snapshot, ...]:
    owned = [snapshot for snapshot in snapshots if (snapshot.metadata or {}).get(UID) == uid]
    return tuple(
        Snapshot(snapshot.id, snapshot.name or "", snapshot.status)
        for snapshot in sorted(owned, key=lambda snapshot: (snapshot.created_at or "", snapshot.id))
    )


def _servers(servers: t.Iterable[t.Any], uid: str) -> tuple[Server, ...]:
    owned = [server for server in servers if (server.metadata or {}).get(UID) == uid]
    return tuple(map(_server, sorted(owned, key=lambda server: (server.created_at or "", server.id))))


def _server(server: t.Any) -> Server:
    flavor, image = server.flavor, server.image  # the SDK makes them anew whenever it is asked
    return Server(
        id=server.id,
        name=server.name,
        status=server.status,
        flavor=(flavor.original_name if flavor else None) or "",
        ram=(flavor.ram if flavor else None) or 0,
        vcpus=(flavor.vcpus if flavor else None) or 0,
        disk=(flavor.disk if flavor else None) or 0,
        host=server.compute_host or "",
        metadata=dict(server.metadata),
        tags=frozenset(server.tags or ()),
        zone=server.availability_zone or "",
        created=server.created_at or "",
        fault=(server.fault or {}).get("message", "") if getattr(server, "fault", None) else "",
        image_id=image.id if image else None,
        volume_ids=tuple(volume["id"] for volume in server.attached_volumes or ()),
        locked=bool(server.is_locked),
        busy=bool(server.task_state),
    )
