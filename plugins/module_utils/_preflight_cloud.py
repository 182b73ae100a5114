# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gathering what _preflight decides on. Effects (reading only); private to the collection."""

from __future__ import annotations

import dataclasses
import typing as t
from http import HTTPStatus

from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import NetworkWish, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import UID, name_of
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import DATASTORE, VERSION, port_in
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import (
    Facts,
    Flavor,
    GivenPort,
    KeptVolume,
    Network,
    Quota,
    Subnet,
    subnets_of,
)


def gather(connection: t.Any, spec: Spec) -> Facts:
    """All facts that making this instance needs."""
    kept = _kept_volume(connection, spec.volume_id) if spec.volume_id else None
    if kept and not spec.datastore_version:
        spec = dataclasses.replace(spec, datastore_version=kept.version)
    image, image_problem = _image(connection, spec)
    flavor = connection.compute.find_flavor(spec.flavor) if spec.flavor else None
    needs_types = spec.volume_type or spec.boot_volume_type
    found = networks(connection, spec)
    gateways = _gateways(connection, found) if spec.is_public else None
    return Facts(
        flavor=flavor and Flavor(flavor.id, flavor.name, flavor.ram, flavor.disk, flavor.vcpus),
        flavors=() if flavor else tuple(known.name for known in connection.compute.flavors()),
        image=image,
        image_problem=image_problem,
        networks=found,
        ports=ports(connection, spec),
        **_server_groups(connection, spec.server_group),
        kept_volume=kept,
        management_network=_network(connection, spec.management_network) if spec.management_network else None,
        known_networks=tuple(network.name for network in connection.network.networks()),
        zones=tuple(zone.name for zone in connection.compute.availability_zones()) if spec.availability_zone else (),
        volume_zones=_volume_zones(connection) if spec.volume_availability_zone else (),
        volume_types=tuple(kind.name for kind in connection.block_storage.types()) if needs_types else (),
        floating_network=_floating_network(connection, spec.floating_network, gateways) if spec.is_public else None,
        taken=_taken(connection, spec),
        quotas=quotas(connection),
        roles=roles(connection),
        gateways=gateways,
    )


def ssh_targets(connection: t.Any, spec: Spec) -> tuple[str, ...]:
    """Subnets, or else addresses, where SSH would look for the guest, as far as this user can see them."""
    if spec.is_public and not spec.management_network:
        return _floating_targets(connection, spec)
    if spec.management_network:
        wish, network = NetworkWish(), _network(connection, spec.management_network)
    else:
        wish, network = (spec.networks or (NetworkWish(),))[0], next(iter(networks(connection, spec)), None)
    if network is None:
        return ()
    return tuple(subnet.cidr for subnet in subnets_of(wish, network))


def _floating_targets(connection: t.Any, spec: Spec) -> tuple[str, ...]:
    """An ordinary user does not see the subnets of most external networks, but the addresses there of the project's routers."""
    inside = networks(connection, spec)
    network = _floating_network(connection, spec.floating_network, _gateways(connection, inside))
    if network is None:
        return ()
    subnets = tuple(subnet.cidr for subnet in connection.network.subnets(network_id=network.id))
    own = [router.external_gateway_info or {} for router in connection.network.routers()]
    return subnets or tuple(
        fixed["ip_address"]
        for gateway in own
        if gateway.get("network_id") == network.id
        for fixed in gateway.get("external_fixed_ips", [])
    )


def roles(connection: t.Any) -> frozenset[str]:
    """The user's roles in this project, in small letters."""
    return frozenset(role.lower() for role in connection.session.auth.get_access(connection.session).role_names)


def _gateways(connection: t.Any, inside: tuple[Network | None, ...]) -> frozenset[str] | None:
    """The external networks that routers of the first network lead to; None when not all its routers can be seen."""
    network = inside[0] if inside else None
    if network is None or not network.own:
        return None  # only its owner sees all ports there
    owners = (
        "network:router_interface",
        "network:router_interface_distributed",
        "network:ha_router_replicated_interface",
    )
    ports_of_routers = connection.network.ports(network_id=network.id, device_owner=list(owners))
    routers = [connection.network.find_router(port.device_id) for port in ports_of_routers]
    if None in routers:
        return None
    return frozenset(router.external_gateway_info["network_id"] for router in routers if router.external_gateway_info)


def networks(connection: t.Any, spec: Spec) -> tuple[Network | None, ...]:
    """The networks of the spec, in its order, for a port its own; None for one that does not exist."""
    found = ports(connection, spec)
    names = [port.network_id if port else wish.network for wish, port in zip(spec.networks or (), found, strict=True)]
    return tuple(_network(connection, name) if name else None for name in names)


def ports(connection: t.Any, spec: Spec) -> tuple[GivenPort | None, ...]:
    """The ports of the user's that the spec names, in the order of its networks; None for a network without one."""
    return tuple(_given_port(connection, wish.port) if wish.port else None for wish in spec.networks or ())


def _given_port(connection: t.Any, name_or_id: str) -> GivenPort | None:
    port = connection.network.find_port(name_or_id, project_id=connection.current_project_id)
    return port and GivenPort(port.id, port.network_id, port.device_id or "")


def _server_groups(connection: t.Any, asked: str | None) -> dict[str, t.Any]:
    if not asked:
        return {}
    groups = list(connection.compute.server_groups())
    found = next((group.id for group in groups if asked in (group.id, group.name)), "")
    return {"server_group_id": found, "known_groups": tuple(group.name for group in groups)}


def _kept_volume(connection: t.Any, volume_id: str) -> KeptVolume | None:
    volume = connection.block_storage.find_volume(volume_id)
    if volume is None:
        return None
    metadata = volume.metadata or {}
    uid = metadata.get(UID, "")
    return KeptVolume(
        id=volume.id,
        size=volume.size,
        status=volume.status,
        uid=uid,
        datastore=metadata.get(DATASTORE, ""),
        version=metadata.get(VERSION, ""),
        port=port_in(metadata),
        owner=name_of(connection, uid) if uid else "",
    )


def quotas(connection: t.Any) -> dict[str, Quota]:
    """The project's quotas by name; without those that this user may not see."""
    return {
        **_seen(_compute_quotas, connection),
        **_seen(_network_quotas, connection),
        **_seen(_volume_quotas, connection),
    }


def _seen(read: t.Callable[[t.Any], dict[str, Quota]], connection: t.Any) -> dict[str, Quota]:
    try:
        return read(connection)
    except Exception as raised:
        if getattr(raised, "status_code", None) in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            return {}
        raise


def _compute_quotas(connection: t.Any) -> dict[str, Quota]:
    limits = connection.compute.get_limits().absolute
    return {
        "instances": Quota(limits.instances, limits.instances_used),
        "cores": Quota(limits.total_cores, limits.total_cores_used),
        "ram": Quota(limits.total_ram, limits.total_ram_used),
        "server_groups": Quota(limits.server_groups, limits.server_groups_used),
    }


def _network_quotas(connection: t.Any) -> dict[str, Quota]:
    details = connection.network.get_quota(connection.current_project_id, details=True)
    names = {
        "ports": details.ports,
        "floating_ips": details.floating_ips,
        "security_groups": details.security_groups,
        "security_group_rules": details.security_group_rules,
    }
    return {name: Quota(told["limit"], told["used"] + told["reserved"]) for name, told in names.items() if told}


def _volume_quotas(connection: t.Any) -> dict[str, Quota]:
    limits = connection.block_storage.get_limits().absolute
    return {
        "volumes": Quota(limits.max_total_volumes, limits.total_volumes_used),
        "gigabytes": Quota(limits.max_total_volume_gigabytes, limits.total_gigabytes_used),
    }


def _image(connection: t.Any, spec: Spec) -> tuple[t.Mapping[str, t.Any] | None, str]:
    if not spec.datastore:
        return None, ""
    try:
        return _images_cloud.find_version(connection, spec.datastore, spec.datastore_version or ""), ""
    except DbaasError as error:
        return None, error.msg


def _network(connection: t.Any, name_or_id: str) -> Network | None:
    network = connection.network.find_network(name_or_id)
    if network is None:
        return None
    subnets = connection.network.subnets(network_id=network.id)
    return Network(
        network.id,
        network.name,
        tuple(Subnet(s.id, s.name, s.cidr, s.gateway_ip) for s in subnets),
        own=network.project_id == connection.current_project_id,
        shared=bool(network.is_shared),
    )


def external_network(connection: t.Any, name_or_id: str | None, inside: str) -> str | None:
    """The id of the external network for floating addresses of ports in a network; None when there is none."""
    found = _floating_network(connection, name_or_id, _gateways(connection, (_network(connection, inside),)))
    return found.id if found else None


def _volume_zones(connection: t.Any) -> tuple[str, ...]:
    return tuple(zone.name for zone in connection.block_storage.availability_zones())


def _floating_network(connection: t.Any, name_or_id: str | None, gateways: frozenset[str] | None) -> Network | None:
    """The external network that is asked for; of several, the first one that a router leads to."""
    external = connection.network.networks(is_router_external=True)
    found = [network for network in external if not name_or_id or name_or_id in (network.id, network.name)]
    routed = [network for network in found if network.id in (gateways or ())]
    return next((Network(network.id, network.name) for network in routed or found), None)


def _taken(connection: t.Any, spec: Spec) -> frozenset[str]:
    asked = [address for wish in spec.networks or () for address in wish.fixed_ips]
    if not asked:
        return frozenset()
    ports = connection.network.ports(fixed_ips=[f"ip_address={address}" for address in asked])
    return frozenset(ip["ip_address"] for port in ports for ip in port.fixed_ips or ())
