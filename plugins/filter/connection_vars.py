# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: connection_vars
short_description: Variables by which Ansible connects to the guest of an instance
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Gives the variables of a host for M(ansible.builtin.add_host).
  - Host key checking stays on; the keys are those that M(dbaas.openstack.instance_info) knows. It needs OpenSSH 8.5 or later.
positional: _input
options:
  _input:
    description: An instance as M(dbaas.openstack.instance_info) returns it.
    type: dict
    required: true
  user:
    description: Name of the user for SSH.
    type: str
    required: true
  private_key_file:
    description: Path of the private key. Without it SSH's own configuration decides.
    type: str
    default: ""
  jump:
    description: Jump host, as C([user@]host[:port]).
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Make an instance known as a host
  ansible.builtin.add_host:
    name: "{{ instance.name }}"
    ansible_host: "{{ way.ansible_host }}"
    ansible_user: "{{ way.ansible_user }}"
    ansible_ssh_common_args: "{{ way.ansible_ssh_common_args }}"
    ansible_control_path: "{{ way.ansible_control_path }}"
  vars:
    way: "{{ instance | dbaas.openstack.connection_vars(user='debian') }}"
"""

RETURN = r"""
_value:
  description: Variables of the host.
  type: dict
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.plugin_utils._ssh import connection_vars


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"connection_vars": connection_vars}
