# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: configuration
short_description: Keep a configuration group in the object store
version_added: 0.1.0
description:
  - A configuration group is a set of parameters with values for one datastore version. It is kept in the object store; this module configures no guest.
  - All values are judged by the rules that are given, and everything that is wrong is told at once, before anything is changed.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: The group. 1 to 64 letters, digits, C(.), C(_) and C(-).
    type: str
    required: true
  state:
    description: Whether it is there. A group that an instance has is not removed.
    type: str
    choices: [present, absent]
    default: present
  datastore:
    description: The datastore. Needed for a new group; it cannot be changed.
    type: str
  datastore_version:
    description: The datastore version. Needed for a new group; it cannot be changed.
    type: str
  description:
    description: What it is for, up to 255 characters.
    type: str
  values:
    description:
      - Parameters with their values, called as in the server's own configuration. Sizes may have a unit, such as C(64M).
      - A parameter whose value is null is removed from the group.
    type: dict
  replace:
    description: Whether parameters of the group that O(values) does not name are removed, too.
    type: bool
    default: false
  rules:
    description: What may be set, as the lookup P(dbaas.openstack.parameters#lookup) returns it. Needed with O(values).
    type: list
    elements: dict
    default: []
seealso:
  - module: dbaas.openstack.configuration_info
  - plugin: dbaas.openstack.parameters
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Have a group
  dbaas.openstack.configuration:
    cloud: devcloud
    name: busy-shops
    datastore: mariadb
    datastore_version: "10.11"
    values:
      max_connections: 500
      innodb_buffer_pool_size: 1G
    rules: "{{ lookup('dbaas.openstack.parameters', 'mariadb', version='10.11') }}"

- name: Change one value and drop another
  dbaas.openstack.configuration:
    cloud: devcloud
    name: busy-shops
    values:
      max_connections: 400
      innodb_buffer_pool_size:
    rules: "{{ lookup('dbaas.openstack.parameters', 'mariadb', version='10.11') }}"

- name: Remove a group that no instance has
  dbaas.openstack.configuration:
    cloud: devcloud
    name: busy-shops
    state: absent
"""

RETURN = r"""
configuration:
  description: The group as it is now, or would be in check mode; null when it is absent.
  returned: success
  type: dict
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
  description: Names of the instances that have the group.
  returned: success
  type: list
  elements: str
  sample: [orders]
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: conflict
problems:
  description: Everything that is wrong with the options, each with C(option), C(value), C(reason) and C(msg).
  returned: failure, when options are wrong
  type: list
  elements: dict
  sample:
    - {option: values.max_connections, value: 1, reason: invalid, msg: "values.max_connections: 1 is not an integer from 10 to 100000"}
"""

import dataclasses
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _configurations_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._configuration import (
    Wish,
    name_problems,
    plan_configuration,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import refuse


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "datastore": {"type": "str"},
        "datastore_version": {"type": "str"},
        "description": {"type": "str"},
        "values": {"type": "dict"},
        "replace": {"type": "bool", "default": False},
        "rules": {"type": "list", "elements": "dict", "default": []},
        "store_prefix": {"type": "str", "default": "dbaas_"},
    }


def present(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State present."""
    params, prefix = module.params, module.params["store_prefix"]
    wish = Wish(**{field.name: params[field.name] for field in dataclasses.fields(Wish)})
    refuse(name_problems(wish.name))
    there = _configurations_cloud.find(connection, wish.name, prefix)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    wanted, problems = plan_configuration(wish, there, params["rules"], now)
    refuse(problems)
    if wanted != there and not module.check_mode:
        _configurations_cloud.write(connection, wanted, there, prefix)
    return {
        "changed": wanted != there,
        "configuration": dataclasses.asdict(wanted),
        "instances": _instances(connection, wish.name, prefix) if there else [],
        "diff": {"before": there.shown() if there else {}, "after": wanted.shown()},
    }


def absent(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State absent."""
    name, prefix = module.params["name"], module.params["store_prefix"]
    refuse(name_problems(name))
    there = _configurations_cloud.exists(connection, name, prefix)
    instances = _instances(connection, name, prefix)
    if instances:
        msg = f"configuration group {name} is attached to {', '.join(instances)}: playbook configuration_detach takes it from them"
        raise DbaasError("conflict", msg, instances=instances)
    if there and not module.check_mode:
        _configurations_cloud.delete(connection, name, prefix)
    return {
        "changed": there,
        "configuration": None,
        "instances": [],
        "diff": {"before": {"name": name} if there else {}, "after": {}},
    }


def _instances(connection: t.Any, name: str, prefix: str) -> list[str]:
    return [instance["name"] for instance in _configurations_cloud.attached(connection, prefix).get(name, [])]


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """Either state."""
    return (present if module.params["state"] == "present" else absent)(module, connection)


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
