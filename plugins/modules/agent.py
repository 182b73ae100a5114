#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent
short_description: Run a verb of the guest agent
version_added: 0.1.0
description:
  - Asks the resident agent of a database guest to do one thing, through its local socket.
  - Every verb but V(datastore_restart) can be repeated, and the repetition changes nothing.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.guest_action_group
attributes:
  idempotent:
    support: partial
    details: The verb V(datastore_restart) always restarts.
options:
  verb:
    description:
      - What the agent shall do. The protocol's page in the collection's documentation tells the arguments of each verb.
    type: str
    required: true
    choices:
      - database_list
      - database_set
      - datastore_initialise
      - datastore_restart
      - datastore_start
      - datastore_stop
      - status
      - tls_set
      - user_list
      - user_set
      - volume_prepare
  args:
    description:
      - The verb's arguments.
      - Values that the protocol knows as secret are never shown.
    type: dict
    default: {}
seealso:
  - module: dbaas.openstack.agent_info
"""

EXAMPLES = r"""
- name: Prepare the data volume
  dbaas.openstack.agent:
    verb: volume_prepare
    args:
      volume_id: 3f6a1c1e-5f0f-4f0c-9d1b-2b6f1a0f7c11
      initialised: false

- name: Have a database and a user
  dbaas.openstack.agent:
    verb: "{{ item.verb }}"
    args: "{{ item.args }}"
  loop:
    - verb: database_set
      args:
        databases:
          - name: shop
    - verb: user_set
      args:
        users:
          - name: clerk
            password: "{{ clerk_password }}"
            databases: [shop]
  no_log: true
"""

RETURN = r"""
result:
  description: What the verb answers, without RV(ignore:changed) and RV(ignore:diff).
  returned: success
  type: dict
  sample:
    device: /dev/disk/by-id/virtio-3f6a1c1e-5f0f-4f0c-9
    formatted: true
    mounted: true
    marker_state: empty
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: conflict
details:
  description: More about the refusal, for programs.
  returned: failure
  type: dict
  sample:
    verb: datastore_initialise
    started: 1795000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import (
    AgentClient,
    AgentError,
    guest_argument_spec,
    plain_values,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_protocol import VERBS


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **guest_argument_spec(),
            "verb": {"type": "str", "required": True, "choices": sorted(set(VERBS) - {"hello"})},
            "args": {"type": "dict", "default": {}, "no_log": True},
        },
        supports_check_mode=True,
    )
    verb, args = module.params["verb"], module.params["args"]
    # no_log takes every value out of the result; what the schema knows as no secret may be shown.
    module.no_log_values -= plain_values(verb, args)
    try:
        with AgentClient(module.params["socket"], module.params["timeout"]) as agent:
            result = agent.call(verb, args, module.check_mode)
    except AgentError as refusal:
        module.fail_json(msg=refusal.msg, reason=refusal.reason, details=refusal.details)
    module.exit_json(changed=result.pop("changed", False), diff=result.pop("diff", {}), result=result)


if __name__ == "__main__":
    main()
