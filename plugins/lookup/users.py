# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: users
short_description: Users as module user takes them, with passwords from files
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Takes users as the playbooks of this collection take them, and returns them as module M(dbaas.openstack.user) does, each with its password.
  - A password file that is missing is made, with mode 0600 and a password of 32 letters and digits.
  - With C(rotate_password), a new password is made in a file of the same name with C(.new) behind it, which takes the other's place when the server has it.
    One that is found there is taken without C(rotate_password) too, since it belongs to a run that was interrupted.
options:
  _terms:
    description: Dictionaries as in O(ignore:users) of playbook C(user_set).
    required: true
    type: list
    elements: dict
  create:
    description: Whether to make password files that are missing. Without it, such a user gets a password that stands nowhere, good for check mode only.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Have users whose passwords stand in files
  dbaas.openstack.user:
    users: "{{ query('dbaas.openstack.users', *wanted, create=not ansible_check_mode) }}"
  vars:
    wanted:
      - name: clerk
        password_file: ~/clerk.password
        databases: [shop]
"""

RETURN = r"""
_list:
  description: The users, in their order.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.dbaas.openstack.plugins.plugin_utils._passwords import for_agent


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Return what the documentation says."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [for_agent(user, create=self.get_option("create")) for user in terms]
        except (OSError, ValueError) as fault:
            raise AnsibleLookupError(str(fault)) from fault
