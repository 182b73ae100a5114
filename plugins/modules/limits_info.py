# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: limits_info
short_description: How much room the project's quotas leave for database instances, and what its object store can do
version_added: 0.1.0
description:
  - Lists the quotas that an instance takes of, with what is used and what is free.
  - A quota that this user may not see is left out. A quota of a single volume type is never shown to an ordinary user.
  - Instances work without an object store, or with one that lacks a feature, but not all that belongs to them; RV(store.missing) tells.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
"""

EXAMPLES = r"""
- name: Look at the quotas
  dbaas.openstack.limits_info:
    cloud: devcloud
  register: limits

- name: Refuse to go on without room for ten servers
  ansible.builtin.assert:
    that: limits.limits.instances.free is none or limits.limits.instances.free >= 10

- name: Tell what will not work for want of a store
  ansible.builtin.debug:
    var: limits.store.missing
"""

RETURN = r"""
limits:
  description:
    - Quotas by name.
    - C(instances), C(cores), C(ram) (MiB), C(ports), C(floating_ips), C(security_groups), C(security_group_rules), C(volumes), C(gigabytes).
  returned: success
  type: dict
  contains:
    instances:
      description: The quota of servers; the others look alike.
      type: dict
      contains:
        limit:
          description: How many there may be; null for any number.
          type: int
          sample: 10
        used:
          description: How many there are.
          type: int
          sample: 3
        free:
          description: How many more there may be; null for any number.
          type: int
          sample: 7
store:
  description:
    - What the object store can do, without anything having been written. Null stands for what is not known before the first heartbeat.
  returned: success
  type: dict
  contains:
    reachable:
      description: Whether this user can use a store at all.
      type: bool
      sample: true
    fault:
      description: Why not; null when it can be used.
      type: str
      sample: null
    tempurl:
      description: Whether guests can be given TempURLs, signed with SHA-256 and the key of a container.
      type: bool
      sample: true
    tempurl_prefix:
      description: Whether a TempURL can hold for all objects below a prefix.
      type: bool
      sample: null
    listed_content_type:
      description: Whether listings tell the content types of heartbeats, so that one request shows the status of all instances.
      type: bool
      sample: null
    missing:
      description: What does not work for want of a feature, a sentence each.
      type: list
      elements: str
      sample: []
"""

import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight_cloud import quotas
from ansible_collections.dbaas.openstack.plugins.module_utils._store_features import missing


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """List the quotas and what the store can do."""
    limits = {}
    for name, quota in quotas(connection).items():
        bounded = quota.limit >= 0
        limits[name] = {
            "limit": quota.limit if bounded else None,
            "used": quota.used,
            "free": quota.free if bounded else None,
        }
    store = _store.features(connection, prefix=module.params["store_prefix"])
    told = {**dataclasses.asdict(store), "missing": missing(store)}
    return {"changed": False, "limits": limits, "store": told}


def main() -> None:
    run(body, {"store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX}})


if __name__ == "__main__":
    main()
