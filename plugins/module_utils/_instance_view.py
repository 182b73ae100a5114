# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance as modules return it. Pure; private to the collection."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _anchor, _lock
from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import Heartbeat
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_action import advice
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import user_metadata
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import SSH_PORT
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    PREVIOUS,
    RESTORED,
    ROOT_ENABLED,
    SET,
    TLS_DEFAULT,
    TLS_MODE,
    Instance,
    Port,
    configuration_in,
    logs_in,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_listing import Listed
from ansible_collections.dbaas.openstack.plugins.module_utils._status import instance_status


def view(
    instance: Instance,
    heartbeat: Heartbeat | None,
    *,
    now: float,
    store_reachable: bool = True,
    sets: t.Mapping[str, Listed] | None = None,
) -> dict[str, t.Any]:
    """The public description of an instance, see RETURN of module instance_info. now: epoch seconds. sets: replication sets, by id."""
    server, volume = instance.server, instance.volume
    metadata = server.metadata if server else {}
    status = instance_status(
        server.status if server else None, instance.anchor, heartbeat, now=now, store_reachable=store_reachable
    )
    addresses = _addresses(instance)
    group = instance.server_group
    holder = _lock.living(instance.group.tags, int(now))
    identity = set_of(instance)
    replication = (sets or {}).get(identity)
    database_ports = sorted({rule.port for rule in instance.group.rules if rule.port != SSH_PORT})
    return {
        "name": instance.group.name,
        "uid": instance.anchor.uid,
        "status": status.status,
        "fault": status.fault,
        "task": instance.anchor.task,
        "role": replication.role(instance.anchor.uid) if replication else heartbeat.role if heartbeat else "",
        "datastore": metadata.get("dbaas_datastore") or (volume.metadata.get("dbaas_datastore", "") if volume else ""),
        "datastore_version": metadata.get("dbaas_version", ""),
        "flavor": server.flavor if server else "",
        "ram": server.ram if server else 0,
        "availability_zone": server.zone if server else "",
        "created": server.created if server else instance.group.created_at,
        "addresses": addresses,
        "host": _preferred(addresses, management=False),
        "management_host": _preferred(addresses, management=instance.management_port is not None),
        "host_keys": server.host_keys if server else [],
        "port": volume.port if volume else None,
        "tls_mode": volume.metadata.get(TLS_MODE, TLS_DEFAULT) if volume else TLS_DEFAULT,
        "configuration": configuration_in(volume.metadata) if volume else "",
        "logs": logs_in(volume.metadata) if volume else [],
        "replication_set": identity,
        "replication_mode": replication.mode if replication else "",
        "follows": replication.follows.get(instance.anchor.uid, "") if replication else "",
        "open_ports": database_ports,
        "allowed_cidrs": sorted({rule.cidr for rule in instance.group.rules if rule.port != SSH_PORT}),
        "management_cidrs": sorted(
            {rule.cidr for rule in (instance.management_group or instance.group).rules if rule.port == SSH_PORT}
        ),
        "is_public": bool(instance.floating_addresses),
        "volume": _volume(instance, heartbeat),
        "root_enabled": _root_enabled(instance),
        "server_id": server.id if server else "",
        "server_status": server.status if server else "",
        "advice": advice(server),
        "anchor_id": instance.group.id,
        "deletion_protection": _anchor.PROTECTED_TAG in instance.group.tags,
        "tags": sorted(tag for tag in (server.tags if server else ()) if not tag.startswith(_anchor.TAG)),
        "metadata": user_metadata(metadata),
        "heartbeat": _heartbeat(heartbeat),
        "server_group": group and {"id": group.id, "name": group.name, "policy": group.policy},
        "lock": holder and _lock.shown(holder),
    }


def set_of(instance: Instance) -> str:
    """The id of the replication set that its data volume names; empty if it names none."""
    return instance.volume.metadata.get(SET, "") if instance.volume else ""


def _volume(instance: Instance, heartbeat: Heartbeat | None) -> dict[str, t.Any] | None:
    volume = instance.volume
    if volume is None:
        return None
    return {
        "id": volume.id,
        "size": volume.size,
        "type": volume.type,
        "status": volume.status,
        "initialised": volume.initialised,
        "used_percent": heartbeat.used if heartbeat else None,
        "restored": volume.metadata.get(RESTORED),
        "previous": next((one.id for one in instance.volumes if one.role == PREVIOUS), None),
    }


def _root_enabled(instance: Instance) -> dict[str, str] | None:
    told = instance.volume.metadata.get(ROOT_ENABLED) if instance.volume else None
    return None if told is None else dict(zip(("since", "by"), told.split(), strict=False))


def _heartbeat(heartbeat: Heartbeat | None) -> dict[str, t.Any] | None:
    if heartbeat is None:
        return None
    return {
        "status": heartbeat.status,
        "cause": heartbeat.cause,
        "age": round(heartbeat.age, 1),
        "lag": heartbeat.lag,
        "replicates": heartbeat.replicates,
        "ticket_expires": heartbeat.expires,
    }


def _addresses(instance: Instance) -> list[dict[str, t.Any]]:
    floating = {ip.port_id: ip.address for ip in instance.floating_addresses}
    found = []
    for port in [*instance.data_ports, *filter(None, [instance.management_port])]:
        management = port is instance.management_port
        found += [_address(address, port, "fixed", management) for address in port.fixed_ips]
        if port.id in floating:
            found.append(_address(floating[port.id], port, "floating", management))
    return found


def _address(address: str, port: Port, kind: str, management: bool) -> dict[str, t.Any]:
    version = ipaddress.ip_address(address).version
    return {
        "address": address,
        "version": version,
        "type": kind,
        "network_id": port.network_id,
        "management": management,
    }


def _preferred(addresses: list[dict[str, t.Any]], *, management: bool) -> str:
    """A floating address before a fixed one, IPv4 before IPv6."""
    fitting = [address for address in addresses if address["management"] == management]
    best = sorted(fitting, key=lambda address: (address["type"] != "floating", address["version"]))
    return best[0]["address"] if best else ""
