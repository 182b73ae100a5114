#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: user
short_description: Have users in a database guest, or have them not
version_added: 0.1.0
description:
  - Makes, changes, renames and removes users of the datastore on a database guest, with their passwords and privileges, several at once.
  - Everything that is wrong is told before anything is changed.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.guest_action_group
options:
  users:
    description: The users.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the user. What may be one is told by RV(dbaas.openstack.datastore#lookup:_raw[].names) of the datastore.
          - Users of the system are refused; for C(root) there is M(dbaas.openstack.root_access).
        type: str
        required: true
      host:
        description:
          - Where the user may come from, an address or a name, with C(%) and C(_) as wildcards. Name and host together are the user.
          - PostgreSQL takes V(%), an address or a network such as V(10.1.2.0/24), and has no two users of one name.
        type: str
        default: "%"
      new_name:
        description: Rename the user. One who has this name already is left as is.
        type: str
      new_host:
        description: Let the user come from here instead of O(users[].host).
        type: str
      password:
        description: The password. A new user needs one.
        type: str
      update_password:
        description: Whether O(users[].password) is for existing users too, or only for new ones.
        type: str
        choices: [always, on_create]
        default: always
      retain_current_password:
        description:
          - Let the password that the user has go on beside the new one, so that clients can change one after the other.
          - The same O(users[].password) without this option ends the old one.
        type: bool
        default: false
      login:
        description:
          - Whether it is a user; without, it is a role that holds privileges for users who have it, and has no password.
          - MariaDB has no roles here.
        type: bool
        default: true
      roles:
        description: The roles that the user has, exactly. Left out, they stay as they are.
        type: list
        elements: str
      databases:
        description:
          - Databases on which the user has all privileges. In PostgreSQL, the user acts as their owner there.
          - Together with O(users[].grants) they are exactly what the user has, unless O(users[].append_grants) is set.
            Without either, privileges stay as they are.
        type: list
        elements: str
      grants:
        description: Finer privileges.
        type: list
        elements: dict
        suboptions:
          database:
            description: Name of the database, or V(*) for the server as a whole.
            type: str
            required: true
          schema:
            description:
              - Name of a schema of the database, for privileges in it alone. For PostgreSQL only.
              - Without it O(users[].grants[].table) is one in schema V(public).
            type: str
          table:
            description: Name of a table of the database, for privileges on it alone.
            type: str
          privileges:
            description:
              - The server's words, such as V(SELECT), in any case, or a preset.
              - V(ALL) is everything but the right to pass it on, V(READ_ONLY) is to read tables and views,
                V(READ_WRITE) is to change their rows and run routines too.
              - On the server as a whole only to look at it can be granted - V(MONITORING), or what it stands for, such as V(PROCESS) in MariaDB
                and V(pg_read_all_stats) in PostgreSQL.
            type: list
            elements: str
            required: true
      append_grants:
        description: Whether the user keeps other privileges than those that are named.
        type: bool
        default: false
      require_tls:
        description: Whether the user is let in with TLS only. Left out, an existing user stays as is, and a new one needs it.
        type: bool
      state:
        description: Whether the user shall be there.
        type: str
        choices: [present, absent]
        default: present
  coming_databases:
    description: Databases that count as there although they are not, for check mode, when a task before this one would make them.
    type: list
    elements: str
    default: []
seealso:
  - module: dbaas.openstack.user_info
  - module: dbaas.openstack.database
  - module: dbaas.openstack.root_access
"""

EXAMPLES = r"""
- name: Have a clerk with all rights on one database, and an auditor who reads
  dbaas.openstack.user:
    users:
      - name: clerk
        password: "{{ clerk_password }}"
        databases: [shop]
      - name: auditor
        host: 10.1.2.%
        password: "{{ auditor_password }}"
        grants:
          - database: shop
            privileges: [READ_ONLY]
          - database: till
            table: receipts
            privileges: [SELECT]

- name: Change the clerk's password, and let the old one go on
  dbaas.openstack.user:
    users:
      - name: clerk
        password: "{{ new_password }}"
        retain_current_password: true

- name: End the old password when all clients have the new one
  dbaas.openstack.user:
    users:
      - name: clerk
        password: "{{ new_password }}"

- name: Rename the auditor
  dbaas.openstack.user:
    users:
      - name: auditor
        host: 10.1.2.%
        new_name: reviewer
"""

RETURN = r"""
statements:
  description: The statements that were run, or in check mode would be, without their secrets.
  returned: success
  type: list
  elements: str
  sample:
    - "GRANT ALL PRIVILEGES ON `shop`.* TO 'clerk'@'%'"
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: invalid
"""

from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import ask, guest_module

GRANT = {
    "database": {"type": "str", "required": True},
    "schema": {"type": "str"},
    "table": {"type": "str"},
    "privileges": {"type": "list", "elements": "str", "required": True},
}
USER = {
    "name": {"type": "str", "required": True},
    "host": {"type": "str", "default": "%"},
    "new_name": {"type": "str"},
    "new_host": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "update_password": {"type": "str", "choices": ["always", "on_create"], "default": "always", "no_log": False},
    "retain_current_password": {"type": "bool", "default": False, "no_log": False},
    "login": {"type": "bool", "default": True},
    "roles": {"type": "list", "elements": "str"},
    "databases": {"type": "list", "elements": "str"},
    "grants": {"type": "list", "elements": "dict", "options": GRANT},
    "append_grants": {"type": "bool", "default": False},
    "require_tls": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = guest_module(
        {
            "users": {"type": "list", "elements": "dict", "required": True, "options": USER},
            "coming_databases": {"type": "list", "elements": "str", "default": []},
        }
    )
    args = {name: module.params[name] for name in ("users", "coming_databases")}
    module.exit_json(**ask(module, "user_set", args))


if __name__ == "__main__":
    main()
