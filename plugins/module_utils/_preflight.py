# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the cloud have what an instance needs? Decided from facts that were gathered before. Pure; private to the collection."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import NetworkWish, Problem, Spec


@dataclasses.dataclass(frozen=True)
class Flavor:
    """ram: MiB. disk: GiB, 0 where the flavor leaves it to the image."""

    id: str
    name: str
    ram: int
    disk: int
    vcpus: int = 1


@dataclasses.dataclass(frozen=True)
class Subnet:
    id: str
    name: str
    cidr: str
    gateway: str | None = None


@dataclasses.dataclass(frozen=True)
class Network:
    """subnets: those that this user may see. own: whether it belongs to the current project."""

    id: str
    name: str
    subnets: tuple[Subnet, ...] = ()
    own: bool = True
    shared: bool = False

    @property
    def closed(self) -> bool:
        """Whether only an administrator may put ports on it: an external network is seen by all, whoever may use it."""
        return not (self.own or self.shared)


@dataclasses.dataclass(frozen=True)
class GivenPort:
    """A port of the user's. device_id: what uses it, empty if it is free."""

    id: str
    network_id: str
    device_id: str = ""


@dataclasses.dataclass(frozen=True)
class KeptVolume:
    """A volume that is to be adopted. size: GiB. status: of Cinder. uid: of the instance that it was part of, empty if of none.
    port: of the instance that left it, None for the datastore's. owner: the instance that it is part of now."""

    id: str
    size: int
    status: str
    uid: str = ""
    datastore: str = ""
    version: str = ""
    port: int | None = None
    owner: str = ""


@dataclasses.dataclass(frozen=True)
class Quota:
    """limit: how many there may be, in the unit of the service (MiB, GiB, pieces); negative: any number. used: how many there are."""

    limit: int
    used: int

    @property
    def free(self) -> int:
        return max(0, self.limit - self.used)


@dataclasses.dataclass(frozen=True)
class Facts:
    """What the cloud has. flavor, image: None when not found. networks: for each wish of the spec the network or None.
    ports: for each wish the port of the user's that it names. server_group_id: of the one that is asked for, known_groups: all.
    image: as _images_cloud.find_version returns it. taken: fixed addresses of the wishes that a port already has.
    quotas: by the names of _quota.OPTIONS; without those that this user may not see.
    roles: of this user in the project, in lower case. gateways: ids of the external networks that routers of the first network
    lead to; None when not all its routers can be seen."""

    flavor: Flavor | None = None
    flavors: tuple[str, ...] = ()
    image: t.Mapping[str, t.Any] | None = None
    image_problem: str = ""
    networks: tuple[Network | None, ...] = ()
    management_network: Network | None = None
    known_networks: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    volume_zones: tuple[str, ...] = ()
    volume_types: tuple[str, ...] = ()
    floating_network: Network | None = None
    taken: frozenset[str] = frozenset()
    quotas: t.Mapping[str, Quota] = dataclasses.field(default_factory=dict)
    ports: tuple[GivenPort | None, ...] = ()
    server_group_id: str = ""
    known_groups: tuple[str, ...] = ()
    kept_volume: KeptVolume | None = None
    roles: frozenset[str] = frozenset()
    gateways: frozenset[str] | None = None


LOOKING = frozenset({"reader"})
"""Keystone's role that may look and make nothing."""
ORDINARY = LOOKING | {"member"}
"""Keystone's roles of an ordinary user. What another role may do is the operator's matter, so nobody with one is judged by these."""
_PRIVILEGED = frozenset({"admin", "advsvc"})
"""Neutron lets them use every network."""


def problems(spec: Spec, facts: Facts) -> list[Problem]:
    """Everything that keeps this instance from being made, all at once."""
    found = policy_problems(spec, facts)
    if facts.image is None and facts.image_problem:
        found.append(Problem("datastore_version", spec.datastore_version, "not_found", facts.image_problem))
    found += _flavor_problems(spec, facts)
    found += network_problems(spec, facts)
    if spec.availability_zone and spec.availability_zone not in facts.zones:
        found.append(_unknown("availability_zone", spec.availability_zone, facts.zones))
    if spec.volume_availability_zone and spec.volume_availability_zone not in facts.volume_zones:
        found.append(_unknown("volume_availability_zone", spec.volume_availability_zone, facts.volume_zones))
    for option in ("volume_type", "boot_volume_type"):
        asked = getattr(spec, option)
        if asked and asked not in facts.volume_types:
            found.append(_unknown(option, asked, facts.volume_types))
    if spec.server_group and not facts.server_group_id:
        found.append(_unknown("server_group", spec.server_group, facts.known_groups))
    if spec.volume_id:
        found += _adoption_problems(spec, facts.kept_volume)
    if spec.is_public:
        found += _floating_problems(spec, facts)
    return found


def policy_problems(spec: Spec, facts: Facts) -> list[Problem]:
    """What this user may not do, as far as that shows beforehand. The reason is that of a refusal by the cloud itself."""
    found = []
    if facts.roles and facts.roles <= LOOKING:
        msg = (
            f"cloud: the only role of this user in the project is {', '.join(facts.roles)}, which may make nothing;"
            " one like member is needed"
        )
        found.append(Problem("cloud", sorted(facts.roles), "cloud", msg))
    asked = [
        ("networks", wish, net) for wish, net in zip(spec.networks or (), facts.networks, strict=True) if not wish.port
    ]
    asked.append(("management_network", NetworkWish(), facts.management_network))
    for option, wish, network in asked:
        if network is None:
            continue
        if network.closed and facts.roles and not facts.roles & _PRIVILEGED:
            msg = (
                f"{option}: {network.name} is an external network that is not shared with this project, so that only an"
                " administrator may put servers on it; take a network of the project or a shared one, and is_public for a"
                " floating address"
            )
            found.append(Problem(option, network.name, "cloud", msg))
        elif wish.fixed_ips and not network.own and facts.roles and facts.roles <= ORDINARY:
            msg = (
                f"{option}: {network.name} belongs to another project, so that this user may not choose addresses there"
                f" ({', '.join(wish.fixed_ips)}); leave fixed_ips out, or have an administrator make a port for this project"
                " and give it as port"
            )
            found.append(Problem(option, list(wish.fixed_ips), "cloud", msg))
    return found


def _floating_problems(spec: Spec, facts: Facts) -> list[Problem]:
    network, asked = facts.floating_network, spec.floating_network
    if network is None:
        msg = f"floating_network: {asked or 'none given'}; there is no such external network for a floating address"
        return [Problem("floating_network", asked, "not_found", msg)]
    if facts.gateways is None or network.id in facts.gateways:
        return []
    inside = next((network.name for network in facts.networks if network), "")
    msg = (
        f"floating_network: no router leads from {inside} to {network.name}, so that no floating address can reach the server;"
        f" right is a router with an interface in {inside} and its gateway in {network.name}"
    )
    return [Problem("floating_network", network.name, "invalid", msg)]


def _adoption_problems(spec: Spec, volume: KeptVolume | None) -> list[Problem]:
    """What keeps a volume from being adopted."""
    asked = spec.volume_id
    if volume is None:
        return [Problem("volume_id", asked, "not_found", f"volume_id: there is no volume {asked!r} in this project")]
    if volume.owner == spec.name:
        return []  # adopted by an earlier run
    faults = []
    if not volume.uid:
        faults.append("was no instance's: only a volume that instance_delete kept can be adopted")
    elif volume.owner:
        faults.append(f"belongs to instance {volume.owner}")
    if volume.status != "available":
        faults.append(f"is {volume.status}, it would have to be available")
    if spec.datastore and volume.datastore and volume.datastore != spec.datastore:
        faults.append(f"holds {volume.datastore}, not {spec.datastore}")
    if spec.datastore_version and volume.version and volume.version != spec.datastore_version:
        faults.append(f"holds version {volume.version}, not {spec.datastore_version}")
    if spec.volume_size and spec.volume_size != volume.size:
        faults.append(f"has {volume.size} GiB, not {spec.volume_size}")
    return [Problem("volume_id", asked, "conflict", f"volume_id: {asked} {fault}") for fault in faults]


def _unknown(option: str, value: str, known: t.Iterable[str]) -> Problem:
    names = ", ".join(sorted(known)) or "none"
    return Problem(option, value, "not_found", f"{option}: {value!r} does not exist; there are: {names}")


def _flavor_problems(spec: Spec, facts: Facts) -> list[Problem]:
    if facts.flavor is None:
        return [_unknown("flavor", spec.flavor, facts.flavors)] if spec.flavor else []
    flavor, image = facts.flavor, facts.image or {}
    found = []
    ram = max(spec.min_ram, image.get("min_ram") or 0)
    if flavor.ram < ram:
        msg = f"flavor: {flavor.name} has {flavor.ram} MiB of memory, {spec.datastore} needs {ram} MiB"
        found.append(Problem("flavor", flavor.name, "invalid", msg))
    disk = image.get("min_disk") or 0
    if spec.boot_volume_size is not None:
        if spec.boot_volume_size < disk:
            msg = f"boot_volume_size: {spec.boot_volume_size} GiB is too small, the image needs {disk} GiB"
            found.append(Problem("boot_volume_size", spec.boot_volume_size, "invalid", msg))
    elif flavor.disk < disk:
        msg = f"flavor: {flavor.name} has a disk of {flavor.disk} GiB, the image needs {disk} GiB (or boot from a volume: boot_volume_size)"
        found.append(Problem("flavor", flavor.name, "invalid", msg))
    return found


def network_problems(spec: Spec, facts: Facts) -> list[Problem]:
    """What is wrong with the networks alone."""
    found = []
    ports = facts.ports or (None,) * len(facts.networks)
    for wish, network, port in zip(spec.networks or (), facts.networks, ports, strict=True):
        if wish.port:
            found += _port_problems(wish.port, port)
        elif network is None:
            found.append(_unknown("networks", wish.network, facts.known_networks))
        else:
            found += _wish_problems(wish, network, facts.taken)
    if spec.management_network and facts.management_network is None:
        found.append(_unknown("management_network", spec.management_network, facts.known_networks))
    return found


def freed(ports: t.Iterable[GivenPort | None], server_ids: t.Collection[str]) -> tuple[GivenPort | None, ...]:
    """The ports, free where it is one of these servers that uses them."""
    return tuple(
        dataclasses.replace(port, device_id="") if port and port.device_id in server_ids else port for port in ports
    )


def _port_problems(asked: str, port: GivenPort | None) -> list[Problem]:
    if port is None:
        msg = f"networks: there is no port {asked!r} in this project"
        return [Problem("networks", asked, "not_found", msg)]
    if port.device_id:
        msg = f"networks: port {asked} is in use by {port.device_id}; a free port of your own is needed"
        return [Problem("networks", asked, "conflict", msg)]
    return []


def subnets_of(wish: NetworkWish, network: Network) -> list[Subnet]:
    """The subnets that a wish may use: the one that it names by name or id, else all of the network."""
    if not wish.subnet:
        return list(network.subnets)
    return [subnet for subnet in network.subnets if wish.subnet in (subnet.id, subnet.name)]


def _wish_problems(wish: NetworkWish, network: Network, taken: frozenset[str]) -> list[Problem]:
    if network.closed and not network.subnets:
        return []  # they are hidden; policy_problems tells
    subnets = subnets_of(wish, network)
    if not subnets:
        if wish.subnet:
            names = ", ".join(sorted(subnet.name or subnet.id for subnet in network.subnets)) or "none"
            msg = f"networks: {network.name} has no subnet {wish.subnet!r}; it has: {names}"
            return [Problem("networks", wish.subnet, "not_found", msg)]
        return [
            Problem(
                "networks",
                wish.network,
                "invalid",
                f"networks: {network.name} has no subnet, a port there gets no address",
            )
        ]
    found = []
    for address in wish.fixed_ips:
        parsed = ipaddress.ip_address(address)
        home = [subnet for subnet in subnets if parsed in ipaddress.ip_network(subnet.cidr)]
        if not home:
            cidrs = ", ".join(subnet.cidr for subnet in subnets)
            msg = f"networks: fixed address {address} is in no subnet of {network.name} that may be used ({cidrs})"
            found.append(Problem("networks", address, "invalid", msg))
        elif address in taken or any(address == subnet.gateway for subnet in home):
            found.append(
                Problem(
                    "networks", address, "conflict", f"networks: fixed address {address} on {network.name} is in use"
                )
            )
    return found
