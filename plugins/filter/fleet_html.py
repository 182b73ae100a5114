# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_html
short_description: The report of the fleet as one HTML page
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Turns the report that P(dbaas.openstack.fleet_report#filter) makes into a page that needs nothing else, neither scripts nor other files.
  - Every value is escaped, since guests write some of them, and the page's own content security policy allows nothing but its style.
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
- name: Write the page
  ansible.builtin.copy:
    content: "{{ fleet | dbaas.openstack.fleet_report | dbaas.openstack.fleet_html }}"
    dest: /srv/www/fleet.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_html import fleet_html


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"fleet_html": fleet_html}
