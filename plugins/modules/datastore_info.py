# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datastore_info
short_description: List datastore versions
version_added: 0.1.0
description:
  - Lists the datastore versions that the project can use, its own and those that others share with it, sorted by datastore and version.
  - Where the project has a version that is shared with it too, its own counts.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.cloud_action_group
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  datastore:
    description: Only versions of this datastore.
    type: str
  version:
    description: Only this version.
    type: str
  active:
    description: Only versions that are active, with V(true), or inactive, with V(false).
    type: bool
  with_users:
    description: Whether to count the servers of the project that use each version. This lists all servers.
    type: bool
    default: false
seealso:
  - module: dbaas.openstack.datastore_version
"""

EXAMPLES = r"""
- name: List what instances can be created from
  dbaas.openstack.datastore_info:
    cloud: devcloud
    active: true
  register: datastores
"""

RETURN = r"""
datastore_versions:
  description: The versions.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: 5c6e2f0a-4c40-4f0e-8df6-5a0c3f0f7d8e, datastore: mariadb, version: "10.11", active: true, default: true, kind: golden, os: debian-12}
  contains:
    id:
      description: Id of its image.
      returned: success
      type: str
      sample: 5c6e2f0a-4c40-4f0e-8df6-5a0c3f0f7d8e
    datastore:
      description: The datastore.
      returned: success
      type: str
      sample: mariadb
    version:
      description: The version.
      returned: success
      type: str
      sample: "10.11"
    active:
      description: Whether instances can be created from it.
      returned: success
      type: bool
      sample: true
    default:
      description: Whether it is the default of its datastore.
      returned: success
      type: bool
      sample: true
    kind:
      description: V(golden) or V(stock).
      returned: success
      type: str
      sample: golden
    os:
      description: The operating system.
      returned: success
      type: str
      sample: debian-12
    checksum:
      description: SHA-256 of the uploaded file; empty for an adopted image.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    min_disk:
      description: The smallest root disk in GiB.
      returned: success
      type: int
      sample: 3
    min_ram:
      description: The least memory in MiB.
      returned: success
      type: int
      sample: 512
    size:
      description: Size of the image in bytes.
      returned: success
      type: int
      sample: 482344960
    created:
      description: When the image was made.
      returned: success
      type: str
      sample: "2026-11-20T18:00:00Z"
    user:
      description: The login of the image's operating system, the property C(os_admin_user).
      returned: success
      type: str
      sample: debian
    own:
      description: Whether the image belongs to the project.
      returned: success
      type: bool
      sample: true
    users:
      description: How many servers of the project use it.
      returned: when O(with_users=true)
      type: int
      sample: 2
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_versions import users_of


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "datastore": {"type": "str"},
        "version": {"type": "str"},
        "active": {"type": "bool"},
        "with_users": {"type": "bool", "default": False},
    }


def body(module: t.Any, connection: t.Any) -> dict[str, t.Any]:
    """List and filter."""
    wanted = {name: module.params[name] for name in ("datastore", "version", "active")}
    found = [
        entry
        for entry in _images_cloud.list_versions(connection, module.params["datastore"] or "")
        if all(value is None or dict(entry)[name] == value for name, value in wanted.items())
    ]
    if not module.params["with_users"]:
        return {"changed": False, "datastore_versions": found}
    servers = _images_cloud.list_servers(connection)
    counted = [{**entry, "users": len(users_of(entry, servers))} for entry in found]
    return {"changed": False, "datastore_versions": counted}


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
