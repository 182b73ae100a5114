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
description:
  - Turns the report that P(dbaas.openstack.fleet_report#filter) makes into a table for a terminal, 120 columns wide unless names or addresses are long.
  - A V(!) marks what wants attention soon; the last lines say what it means.
options:
  _input:
    description: The report.
    type: dict
    required: true
seealso:
  - plugin: dbaas.openstack.fleet_report
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the fleet
  ansible.builtin.debug:
    msg: "{{ fleet | dbaas.openstack.fleet_report | dbaas.openstack.fleet_table }}"
"""

RETURN = r"""
_value:
  description: The header, a line for each instance with its fault below, and a summary.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_table import fleet_table


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"fleet_table": fleet_table}
