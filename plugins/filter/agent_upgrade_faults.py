# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: agent_upgrade_faults
short_description: Whether a guest agent works as well as the one before
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description: Judges an agent that was put in the place of another one.
positional: before, version
options:
  _input:
    description: The result of module M(dbaas.openstack.agent_info), also of one that failed.
    type: dict
    required: true
  before:
    description: The values C(status) and C(ticket_expires) in the status document of the agent before. What is not given is not compared.
    type: dict
    required: true
  version:
    description: The version that the agent shall have.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Wait until the new agent works as the old one did
  dbaas.openstack.agent_info:
  register: seen
  until: seen | dbaas.openstack.agent_upgrade_faults(before.status, '0.1.0') | length == 0
  retries: 12
  delay: 3
"""

RETURN = r"""
_value:
  description: What is wrong, a sentence each; empty when the agent works.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.plugin_utils._agent_upgrade import agent_upgrade_faults


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"agent_upgrade_faults": agent_upgrade_faults}
