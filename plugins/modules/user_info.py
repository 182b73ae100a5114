#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: user_info
short_description: List the users in a database guest
version_added: 0.1.0
description:
  - Lists the users of the datastore on a database guest, without those of the system, and tells whether C(root) may come from the network.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.guest_action_group
options:
  name:
    description: List only users of this name; there can be several with different hosts.
    type: str
seealso:
  - module: dbaas.openstack.user
"""

EXAMPLES = r"""
- name: List all users
  dbaas.openstack.user_info:
  register: found

- name: Refuse a root that may come from the network
  ansible.builtin.assert:
    that: not found.root_enabled
"""

RETURN = r"""
users:
  description: The users, by name and host; an empty list if there is none.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the user.
      type: str
      returned: always
      sample: clerk
    host:
      description: Where the user may come from.
      type: str
      returned: always
      sample: "%"
    login:
      description: Whether it is a user, and no role.
      type: bool
      returned: always
      sample: true
    roles:
      description: The roles that the user has.
      type: list
      elements: str
      returned: always
      sample: []
    require_tls:
      description: Whether the user is let in with TLS only.
      type: bool
      returned: always
      sample: true
    passwords:
      description: How many passwords the user has; two between a change with C(retain_current_password) and its end.
      type: int
      returned: always
      sample: 1
    databases:
      description: The databases on which the user has any privilege.
      type: list
      elements: str
      returned: always
      sample: [shop]
    grants:
      description: The privileges, as module M(dbaas.openstack.user) takes them.
      type: list
      elements: dict
      returned: always
      sample:
        - database: shop
          schema: null
          table: null
          privileges: [ALL]
root_enabled:
  description: Whether C(root) may come from the network.
  returned: success
  type: bool
  sample: false
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: not_actionable
"""

from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import connect, guest_module, refusals


def main() -> None:
    module = guest_module({"name": {"type": "str"}})
    name = module.params["name"]
    with refusals(module), connect(module) as agent:
        found = agent.call("user_list")["users"]
        root = agent.call("root_status")
    module.exit_json(users=[user for user in found if name in (None, user["name"])], root_enabled=root["enabled"])


if __name__ == "__main__":
    main()
