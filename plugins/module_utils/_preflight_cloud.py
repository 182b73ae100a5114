# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gathering what _preflight decides on. Effects (reading only); private to the collection."""

from __future__ import annotations

import typing as t
from http import HTTPStatus

from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Facts, Flavor, Network, Quota, Subnet


def gather(connection: t.Any, spec: Spec) -> Facts:
    """All facts that making this instance needs."""
    image, image_problem = _image(connection, spec)
    flavor = connection.compute.find_flavor(spec.flavor) if spec.flavor else None
    needs_types = spec.volume_type or spec.boot_volume_type
    return Facts(
        flavor=flavor and Flavor(flavor.id, flavor.name, flavor.ram, flavor.disk, flavor.vcpus),
        flavors=() if flavor else tuple(known.name for known in connection.compute.flavors()),
        image=image,
        image_problem=image_problem,
        networks=networks(connection, spec),
        management_network=_network(connection, spec.management_network) if spec.management_network else None,
        known_networks=tuple(network.name for network in connection.network.networks()),
        zones=tuple(zone.name for zone in connection.compute.availability_zones()) if spec.availability_zone else (),
        volume_zones=_volume_zones(connection) if spec.volume_availability_zone else (),
        volume_types=tuple(kind.name for kind in connection.block_storage.types()) if needs_types else (),
        floating_network=_floating_network(connection, spec.floating_network) if spec.is_public else None,
        taken=_taken(connection, spec),
        quotas=quotas(connection),
    )


def networks(connection: t.Any, spec: Spec) -> tuple[Network | None, ...]:
    """The networks of the spec, in its order; None for one that does not exist."""
    return tuple(_network(connection, wish.network) for wish in spec.networks or ())


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
    return Network(network.id, network.name, tuple(Subnet(s.id, s.name, s.cidr, s.gateway_ip) for s in subnets))


def _volume_zones(connection: t.Any) -> tuple[str, ...]:
    return tuple(zone.name for zone in connection.block_storage.availability_zones())


def _floating_network(connection: t.Any, name_or_id: str | None) -> Network | None:
    external = connection.network.networks(is_router_external=True)
    found = (network for network in external if not name_or_id or name_or_id in (network.id, network.name))
    return next((Network(network.id, network.name) for network in found), None)


def _taken(connection: t.Any, spec: Spec) -> frozenset[str]:
    asked = [address for wish in spec.networks or () for address in wish.fixed_ips]
    if not asked:
        return frozenset()
    ports = connection.network.ports(fixed_ips=[f"ip_address={address}" for address in asked])
    return frozenset(ip["ip_address"] for port in ports for ip in port.fixed_ips or ())
