# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_action
short_description: Stop, start, reboot or resize the server of a database instance
version_added: 0.1.0
description:
  - Acts on the server and records the task on the instance's anchor, so that its status tells it.
  - It does not talk to the guest. The playbooks C(dbaas.openstack.instance_stop), C(dbaas.openstack.instance_start),
    C(dbaas.openstack.instance_reboot) and C(dbaas.openstack.instance_resize) stop the datastore cleanly first and wait for it afterwards.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.lock
attributes:
  idempotent:
    support: partial
    details: All but a reboot are.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  action:
    description:
      - What to do.
      - V(resize) ends when the server runs with O(flavor) and waits to be confirmed with V(confirm_resize), or taken back with V(revert_resize).
        Where Nova confirms by itself, it is confirmed then.
    type: str
    choices: [stop, start, reboot, resize, confirm_resize, revert_resize]
    required: true
  flavor:
    description: Name or ID of the flavor to resize to.
    type: str
  min_ram:
    description: Memory that the datastore needs, in MiB. A flavor with less is refused.
    type: int
    default: 0
  reboot_type:
    description: Whether a reboot asks the guest first, or resets the server.
    type: str
    choices: [soft, hard]
    default: soft
"""

EXAMPLES = r"""
- name: Stop the server
  dbaas.openstack.instance_action:
    cloud: devcloud
    name: orders
    action: stop
"""

RETURN = r"""
plan:
  description: The steps that were carried out, or would be in check mode, in their order.
  returned: success
  type: list
  elements: dict
  sample: [{action: update, resource: anchor, name: orders, task: stop, fault: ""}, {action: stop, resource: server, name: orders}]
server_status:
  description: Status of the server in Nova afterwards.
  returned: success
  type: str
  sample: SHUTOFF
reason:
  description: Why it failed, for programs.
  returned: failure
  type: str
  sample: not_actionable
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_action import ACTIONS
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_cloud import act


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str", "required": True},
        "action": {"type": "str", "choices": list(ACTIONS), "required": True},
        "flavor": {"type": "str"},
        "min_ram": {"type": "int", "default": 0},
        "lock": {"type": "str"},
        "reboot_type": {"type": "str", "choices": ["soft", "hard"], "default": "soft"},
    }


def main() -> None:
    run(act, argument_spec(), required_if=[("action", "resize", ["flavor"])])


if __name__ == "__main__":
    main()
