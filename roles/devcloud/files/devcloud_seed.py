# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user finds in a new cloud. Makes what is missing.

usage: devcloud_seed.py PROVIDER_SUBNET PRIVATE_SUBNET NAMESERVER  (with OS_CLIENT_CONFIG_FILE)
"""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

import openstack
from devcloud_common import report

FLAVORS = (("m1.tiny", 512, 3), ("m1.small", 1024, 4), ("m1.medium", 2048, 6))
"""Name, memory in MiB, disk in GiB; each has one processor (docs/decisions/devcloud-one-processor.md)."""


class Seed:
    """Counts what it had to make."""

    def __init__(self, nameserver: str) -> None:
        self.nameserver = nameserver
        self.changed = False

    def network(self, cloud: Any, name: str, **options: Any) -> Any:
        found = cloud.network.find_network(name)
        if found is None:
            self.changed = True
            found = cloud.network.create_network(name=name, **options)
        return found

    def subnet(self, cloud: Any, network: Any, name: str, **options: Any) -> Any:
        found = cloud.network.find_subnet(name, network_id=network.id)
        if found is None:
            self.changed = True
            found = cloud.network.create_subnet(
                network_id=network.id, name=name, ip_version=4, dns_nameservers=[self.nameserver], **options
            )
        return found

    def provider_network(self, admin: Any, subnet: ipaddress.IPv4Network) -> Any:
        """Where floating addresses come from; the machine itself is its gateway."""
        flat = {"provider_network_type": "flat", "provider_physical_network": "physnet1"}
        network = self.network(admin, "provider", is_shared=True, is_router_external=True, **flat)
        pool = {"start": str(subnet[50]), "end": str(subnet[250])}
        self.subnet(admin, network, "provider", cidr=str(subnet), gateway_ip=str(subnet[1]), allocation_pools=[pool])
        return network

    def flavors(self, admin: Any) -> None:
        known = {flavor.name for flavor in admin.compute.flavors()}
        for name, memory, disk in FLAVORS:
            if name not in known:
                self.changed = True
                admin.compute.create_flavor(name=name, vcpus=1, ram=memory, disk=disk)

    def volume_type(self, admin: Any) -> None:
        known = {kind.name: kind for kind in admin.block_storage.types()}
        kind = known.get("rbd")
        if kind is None:
            self.changed = True
            kind = admin.block_storage.create_type(name="rbd")
        if kind.extra_specs.get("volume_backend_name") != "rbd":
            self.changed = True
            admin.block_storage.update_type_extra_specs(kind, volume_backend_name="rbd")

    def private_network(self, user: Any, cidr: str, provider: Any) -> None:
        """The ordinary user's own, with a way out."""
        network = self.network(user, "private")
        subnet = self.subnet(user, network, "private", cidr=cidr)
        router = user.network.find_router("private")
        if router is None:
            self.changed = True
            router = user.network.create_router(name="private", external_gateway_info={"network_id": provider.id})
        if not list(user.network.ports(device_id=router.id, network_id=network.id)):
            self.changed = True
            user.network.add_interface_to_router(router, subnet_id=subnet.id)


def main() -> None:
    """Seed as the administrator, then as the ordinary user."""
    provider_cidr, private_cidr, nameserver = sys.argv[1:]
    seed = Seed(nameserver)
    admin, user = openstack.connect(cloud="devcloud-admin"), openstack.connect(cloud="devcloud")
    provider = seed.provider_network(admin, ipaddress.IPv4Network(provider_cidr))
    seed.flavors(admin)
    seed.volume_type(admin)
    seed.private_network(user, private_cidr, provider)
    report(changed=seed.changed)


if __name__ == "__main__":
    main()
