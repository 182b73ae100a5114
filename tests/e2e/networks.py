# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Networks of a test's own, with an IPv4 and an IPv6 subnet, and a way out of them."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

EXTERNAL = "provider"
STATEFUL = "dhcpv6-stateful"


@contextlib.contextmanager
def dual_stack(owner: Any, number: int, **options: Any) -> Iterator[Any]:
    """A network whose subnets are called v4 and v6. owner: the connection of the project that it belongs to. number: from 0 to 255, of its addresses."""
    (known,) = owner.network.subnets(name="private")
    network = owner.network.create_network(name=f"e2e-{secrets.token_hex(3)}", **options)
    try:
        told = {"network_id": network.id, "name": "v4", "ip_version": 4, "cidr": f"10.{number}.0.0/24"}
        owner.network.create_subnet(**told, dns_nameservers=known.dns_nameservers)
        told = {"network_id": network.id, "name": "v6", "ip_version": 6, "cidr": f"fd00:{number}::/64"}
        owner.network.create_subnet(**told, ipv6_ra_mode=STATEFUL, ipv6_address_mode=STATEFUL)
        yield network
    finally:
        owner.network.delete_network(network.id)


@contextlib.contextmanager
def way_out(owner: Any, network: Any) -> Iterator[None]:
    """Floating addresses lead to the IPv4 addresses of the network meanwhile, and its servers are told how they get those of IPv6. owner: as above."""
    external = owner.network.find_network(EXTERNAL)
    router = owner.network.create_router(name=network.name, external_gateway_info={"network_id": external.id})
    joined = []
    try:
        for subnet in owner.network.subnets(network_id=network.id):
            owner.network.add_interface_to_router(router, subnet_id=subnet.id)
            joined.append(subnet)
        yield
    finally:
        for subnet in joined:
            owner.network.remove_interface_from_router(router, subnet_id=subnet.id)
        owner.network.delete_router(router)
