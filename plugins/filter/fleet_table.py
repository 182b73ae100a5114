# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_table
short_description: Instances as the lines of a table
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description: Turns what M(dbaas.openstack.instance_info) returns into a table for a terminal.
options:
  _input:
    description: The instances.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the fleet
  ansible.builtin.debug:
    msg: "{{ fleet.instances | dbaas.openstack.fleet_table }}"
"""

RETURN = r"""
_value:
  description: The header, then a line for each instance.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_table import fleet_table


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"fleet_table": fleet_table}
