# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: object_faults
short_description: What a datastore would refuse of databases and users
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description: Checks names of databases and users by the rules of a datastore, before anything is made.
options:
  _input:
    description: The rules, RV(dbaas.openstack.datastore#lookup:_raw[].names) of a datastore's definition.
    type: dict
    required: true
  databases:
    description: Names of databases.
    type: list
    elements: str
    required: true
  users:
    description: Users with C(name), C(host), C(databases), and C(password) or C(password_file).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Refuse what MariaDB would refuse
  ansible.builtin.assert:
    that: faults | length == 0
  vars:
    mariadb: "{{ lookup('dbaas.openstack.datastore', 'mariadb') }}"
    faults: "{{ mariadb.names | dbaas.openstack.object_faults(['shop', 'mysql'], []) }}"
"""

RETURN = r"""
_value:
  description: A line for each fault, with the place where it stands.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.plugin_utils._objects import object_faults


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"object_faults": object_faults}
