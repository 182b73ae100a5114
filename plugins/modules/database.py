#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database
short_description: Have databases in a database guest, or have them not
version_added: 0.1.0
description:
  - Makes, changes and removes databases of the datastore on a database guest, several at once.
  - Everything that is wrong is told before anything is changed.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.guest_action_group
options:
  databases:
    description: The databases.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the database. What may be one is told by RV(dbaas.openstack.datastore#lookup:_raw[].names) of the datastore.
          - Databases of the system are refused.
        type: str
        required: true
      character_set:
        description:
          - Its character set, in PostgreSQL its encoding. Left out, an existing database keeps its own, and a new one gets the server's.
          - A change holds for tables that are made later. PostgreSQL cannot change it.
        type: str
      collation:
        description:
          - Its collation. Left out, it is the character set's own, in PostgreSQL the server's.
          - For PostgreSQL V(C), which compares bytes, or a locale of ICU such as V(de-AT). It cannot change it.
        type: str
      owner:
        description:
          - The role that owns it, for datastores whose databases have owners (PostgreSQL). One that is not there is made, without login.
          - Left out, an existing database keeps its owner, and a new one gets a role of its own, named after it with C(_owner) behind it.
        type: str
      schemas:
        description: Schemas that it has, for datastores that have them inside of databases (PostgreSQL). Others stay as they are.
        type: list
        elements: str
      extensions:
        description: Extensions of the server that it has, for datastores that have them (PostgreSQL). Others stay as they are.
        type: list
        elements: str
      state:
        description: Whether it shall be there. V(absent) removes it with all its data.
        type: str
        choices: [present, absent]
        default: present
seealso:
  - module: dbaas.openstack.database_info
  - module: dbaas.openstack.user
"""

EXAMPLES = r"""
- name: Have two databases and have a third not
  dbaas.openstack.database:
    databases:
      - name: shop
      - name: till
        character_set: utf8mb4
        collation: utf8mb4_bin
      - name: attic
        state: absent
"""

RETURN = r"""
statements:
  description: The statements that were run, or in check mode would be, without their secrets.
  returned: success
  type: list
  elements: str
  sample:
    - CREATE DATABASE `shop` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: invalid
"""

from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import ask, guest_module

DATABASE = {
    "name": {"type": "str", "required": True},
    "character_set": {"type": "str"},
    "collation": {"type": "str"},
    "owner": {"type": "str"},
    "schemas": {"type": "list", "elements": "str"},
    "extensions": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = guest_module({"databases": {"type": "list", "elements": "dict", "required": True, "options": DATABASE}})
    module.exit_json(**ask(module, "database_set", {"databases": module.params["databases"]}))


if __name__ == "__main__":
    main()
