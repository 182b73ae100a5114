# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""May a server have another flavor? Pure; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import Problem
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Server
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Flavor, Quota
from ansible_collections.dbaas.openstack.plugins.module_utils._quota import quota_problems


def resize_problems(server: Server, flavor: Flavor, *, min_ram: int, quotas: t.Mapping[str, Quota]) -> list[Problem]:
    """Everything that keeps the server from this flavor. min_ram: MiB that the datastore needs."""
    found = []
    if flavor.ram < min_ram:
        msg = f"flavor: {flavor.name} has {flavor.ram} MiB of memory, the datastore needs {min_ram} MiB"
        found.append(Problem("flavor", flavor.name, "invalid", msg))
    if server.image_id is not None and flavor.disk < server.disk:
        msg = f"flavor: {flavor.name} has a disk of {flavor.disk} GiB, the server's has {server.disk} GiB, and Nova makes no disk smaller"
        found.append(Problem("flavor", flavor.name, "invalid", msg))
    if flavor.name != server.flavor:
        found += quota_problems({"cores": flavor.vcpus - server.vcpus, "ram": flavor.ram - server.ram}, quotas)
    return found
