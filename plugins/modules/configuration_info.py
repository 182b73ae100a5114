# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: configuration_info
short_description: List configuration groups and the instances that have them
version_added: 0.1.0
description:
  - Lists the configuration groups of the project, or one of them.
  - What may be set is listed by the lookup P(dbaas.openstack.parameters#lookup).
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: The group. Without it, all are listed. A group that does not exist is an empty list.
    type: str
  with_instances:
    description: Whether the instances that have them are looked for. That takes a request or more to each service.
    type: bool
    default: true
seealso:
  - module: dbaas.openstack.configuration
"""

EXAMPLES = r"""
- name: Look who has a group
  dbaas.openstack.configuration_info:
    cloud: devcloud
    name: busy-shops
  register: groups

- name: Tell which of them wait for a restart
  ansible.builtin.debug:
    msg: "{{ groups.configurations[0].instances | selectattr('status', 'eq', 'RESTART_REQUIRED') | map(attribute='name') }}"
"""

RETURN = r"""
configurations:
  description: The groups, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The group.
      type: str
      sample: busy-shops
    datastore:
      description: The datastore.
      type: str
      sample: mariadb
    datastore_version:
      description: The datastore version.
      type: str
      sample: "10.11"
    description:
      description: What it is for.
      type: str
      sample: Shops before Christmas
    values:
      description: The parameters with their values; sizes are in bytes.
      type: dict
      sample: {max_connections: 400}
    revision:
      description: How often it was set, from 1 on.
      type: int
      sample: 2
    created:
      description: When it was made.
      type: str
      sample: "2026-11-20T18:00:00Z"
    updated:
      description: When it was changed last.
      type: str
      sample: "2026-11-21T09:30:00Z"
    instances:
      description: The instances that have it, with C(name), C(uid), C(status) and C(fault).
      returned: when O(with_instances=true)
      type: list
      elements: dict
      sample: [{name: orders, uid: 6f1c0d2e3b4a59687766554433221101, status: ACTIVE, fault: ""}]
"""

import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _configurations_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str"},
        "with_instances": {"type": "bool", "default": True},
        "store_prefix": {"type": "str", "default": "dbaas_"},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """List and show."""
    name, prefix = module.params["name"], module.params["store_prefix"]
    if name:
        one = _configurations_cloud.find(connection, name, prefix)
        found = [one] if one else []
    else:
        found = _configurations_cloud.find_all(connection, prefix)
    rows = [dataclasses.asdict(one) for one in found]
    if rows and module.params["with_instances"]:
        attached = _configurations_cloud.attached(connection, prefix)
        rows = [{**row, "instances": attached.get(row["name"], [])} for row in rows]
    return {"changed": False, "configurations": rows}


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
