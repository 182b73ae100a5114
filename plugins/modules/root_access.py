#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: root_access
short_description: Let root into a database guest over the network, or keep it out
version_added: 0.1.0
description:
  - Makes or removes the superuser C(root) of the datastore who may come from any host.
  - Root's way through the local socket, by which the guest's administrator and the agent come, is never touched.
  - That root was ever enabled is recorded by the playbook C(root_enable); whoever uses this module alone leaves no record.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.guest_action_group
options:
  state:
    description: Whether root may come. V(absent) also ends the sessions that it has over the network.
    type: str
    choices: [present, absent]
    required: true
  password:
    description: Root's password, needed to let it in. Without it a root who is in keeps its own.
    type: str
  update_password:
    description: Whether O(password) is for a root who is in already too.
    type: str
    choices: [always, on_create]
    default: always
  require_tls:
    description: Whether root is let in with TLS only.
    type: bool
    default: true
seealso:
  - module: dbaas.openstack.user_info
"""

EXAMPLES = r"""
- name: Let root in
  dbaas.openstack.root_access:
    state: present
    password: "{{ root_password }}"

- name: Keep root out
  dbaas.openstack.root_access:
    state: absent
"""

RETURN = r"""
statements:
  description: The statements that were run, or in check mode would be, without their secrets.
  returned: success
  type: list
  elements: str
  sample:
    - "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION"
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: invalid
"""

from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import ask, guest_module


def main() -> None:
    module = guest_module(
        {
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            "password": {"type": "str", "no_log": True},
            "update_password": {
                "type": "str",
                "choices": ["always", "on_create"],
                "default": "always",
                "no_log": False,
            },
            "require_tls": {"type": "bool", "default": True},
        }
    )
    args = {name: module.params[name] for name in ("password", "update_password", "require_tls")}
    module.exit_json(**ask(module, "root_set", {"enabled": module.params["state"] == "present", **args}))


if __name__ == "__main__":
    main()
