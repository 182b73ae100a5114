# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of the guest share: the agent's options, questions to it, and its refusals. Private to the collection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import (
    AgentClient,
    AgentError,
    guest_argument_spec,
)


def guest_module(options: dict[str, Any], **rules: Any) -> AnsibleModule:
    """A module with these options beside those of the agent, and rules that AnsibleModule knows."""
    return AnsibleModule(argument_spec={**guest_argument_spec(), **options}, supports_check_mode=True, **rules)


@contextmanager
def refusals(module: AnsibleModule) -> Iterator[None]:
    """A refusal of the agent fails the module."""
    try:
        yield
    except AgentError as refusal:
        module.fail_json(msg=refusal.msg, reason=refusal.reason, details=refusal.details)


def ask(module: AnsibleModule, verb: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
    """The agent's answer to a verb."""
    with refusals(module), connect(module) as agent:
        return agent.call(verb, args, module.check_mode)


def connect(module: AnsibleModule) -> AgentClient:
    """A connection to the agent, as a context manager, for several questions."""
    return AgentClient(module.params["socket"], module.params["timeout"])
