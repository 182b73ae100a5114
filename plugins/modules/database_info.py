#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database_info
short_description: List the databases in a database guest
version_added: 0.1.0
description:
  - Lists the databases of the datastore on a database guest, without those of the system.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.guest_action_group
options:
  name:
    description: List only the database of this name.
    type: str
seealso:
  - module: dbaas.openstack.database
"""

EXAMPLES = r"""
- name: List all databases
  dbaas.openstack.database_info:
  register: found

- name: Look for one
  dbaas.openstack.database_info:
    name: shop
  register: shop
"""

RETURN = r"""
databases:
  description: The databases, by name; an empty list if there is none.
  returned: success
  type: list
  elements: dict
  sample:
    - name: shop
      character_set: utf8mb4
      collation: utf8mb4_general_ci
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: not_actionable
"""

from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import ask, guest_module


def main() -> None:
    module = guest_module({"name": {"type": "str"}})
    name = module.params["name"]
    found = ask(module, "database_list")["databases"]
    module.exit_json(databases=[database for database in found if name in (None, database["name"])])


if __name__ == "__main__":
    main()
