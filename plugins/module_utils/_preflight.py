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
    id: str
    name: str
    subnets: tuple[Subnet, ...] = ()


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
    image: as _images_cloud.find_version returns it. taken: fixed addresses of the wishes that a port already has.
    quotas: by the names of _quota.OPTIONS; without those that this user may not see."""

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


def problems(spec: Spec, facts: Facts) -> list[Problem]:
    """Everything that keeps this instance from being made, all at once."""
    found: list[Problem] = []
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
    if spec.is_public and facts.floating_network is None:
        asked = spec.floating_network
        msg = f"floating_network: {asked or 'none given'}; there is no such external network for a floating address"
        found.append(Problem("floating_network", asked, "not_found", msg))
    return found


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
    for wish, network in zip(spec.networks or (), facts.networks, strict=True):
        if network is None:
            found.append(_unknown("networks", wish.network, facts.known_networks))
        else:
            found += _wish_problems(wish, network, facts.taken)
    if spec.management_network and facts.management_network is None:
        found.append(_unknown("management_network", spec.management_network, facts.known_networks))
    return found


def subnets_of(wish: NetworkWish, network: Network) -> list[Subnet]:
    """The subnets that a wish may use: the one that it names by name or id, else all of the network."""
    if not wish.subnet:
        return list(network.subnets)
    return [subnet for subnet in network.subnets if wish.subnet in (subnet.id, subnet.name)]


def _wish_problems(wish: NetworkWish, network: Network, taken: frozenset[str]) -> list[Problem]:
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
