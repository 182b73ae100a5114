# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that a project has in every service, whatever its name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

OBJECTS = "object"
NEUTRONS_OWN = "network:dhcp"
"""Device owner of the ports that Neutron makes in a network by itself, some time after, and removes with it."""


def inventory(cloud: Any) -> set[tuple[str, str]]:
    """Pairs of kind and id (or name) of all resources of the current project."""
    network, project = cloud.network, cloud.current_project_id
    kinds: dict[str, Any] = {
        "server": cloud.compute.servers(),
        "keypair": cloud.compute.keypairs(),
        "server_group": cloud.compute.server_groups(),
        "volume": cloud.block_storage.volumes(),
        "snapshot": cloud.block_storage.snapshots(),
        "port": (port for port in network.ports(project_id=project) if port.device_owner != NEUTRONS_OWN),
        "floating_ip": network.ips(project_id=project),
        "security_group": network.security_groups(project_id=project),
        "security_group_rule": network.security_group_rules(project_id=project),
        "network": network.networks(project_id=project),
        "subnet": network.subnets(project_id=project),
        "router": network.routers(project_id=project),
        "image": cloud.image.images(owner=project),
        "container": cloud.object_store.containers(),
    }
    found = {(kind, resource.id or resource.name) for kind, resources in kinds.items() for resource in resources}
    for container in cloud.object_store.containers():
        found |= {(OBJECTS, f"{container.name}/{row.name}") for row in cloud.object_store.objects(container)}
    return found


def difference(cloud: Any, before: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the project has more or less than before, but containers, which are made when they are first needed."""
    return sorted(pair for pair in inventory(cloud) ^ before if pair[0] != "container")


@contextlib.contextmanager
def nothing_left(cloud: Any) -> Iterator[None]:
    """After the body the project has no resource that it did not have before, but containers, which are made when they are first needed."""
    before = inventory(cloud)
    yield
    left = {pair for pair in inventory(cloud) - before if pair[0] != "container"}
    assert not left, sorted(left)
