# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules for databases, users and root share: one question to the agent, and its answer. Private to the collection."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import (
    AgentClient,
    AgentError,
    guest_argument_spec,
)


def guest_module(options: dict[str, Any]) -> AnsibleModule:
    """A module with these options beside those of the agent."""
    return AnsibleModule(argument_spec={**guest_argument_spec(), **options}, supports_check_mode=True)


def ask(module: AnsibleModule, verb: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
    """The agent's answer to a verb; its refusal fails the module."""
    try:
        with AgentClient(module.params["socket"], module.params["timeout"]) as agent:
            return agent.call(verb, args, module.check_mode)
    except AgentError as refusal:
        module.fail_json(msg=refusal.msg, reason=refusal.reason, details=refusal.details)
