# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_lock
short_description: Let one operation at a time work on a database instance
version_added: 0.1.0
description:
  - Gets, renews and gives back the lock of an instance. The lock is a lease that stands in the tags of the instance's anchor; it lapses when it is not renewed.
  - While one operation holds the lock, another one is refused at once with the name and the start of the first.
  - The same operation with the same arguments waits, with O(wait=true) and for up to O(timeout) seconds, until the lock is given back or lapses, and then
    goes on; this is how a run that was killed is finished.
  - Times are those of the cloud where Neutron's answers have a C(Date), so the clocks of the machines that run Ansible do not matter there; elsewhere they have
    to agree within seconds.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
attributes:
  idempotent:
    support: partial
    details: Renewing and giving back are. Without O(holder), each call is another contender.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  state:
    description: Whether to hold the lock, or to give it back.
    type: str
    choices: [present, absent]
    default: present
  operation:
    description: Name of the operation, 1 to 21 small letters, digits and underscores. Needed to get the lock.
    type: str
  arguments:
    description: What the operation does its work with, to tell the same work from other work. Hand over no secrets.
    type: dict
    default: {}
  holder:
    description:
      - Who holds the lock, RV(lock.holder) of the call that got it.
      - With O(state=present) the lock is renewed; it is an error if it was lost meanwhile. Needed with O(state=absent).
      - Who is sure that the holder is dead gives the lock back in its place, with O(state=absent), instead of waiting until it lapses.
    type: str
  lease:
    description: Seconds for which the lock is held from now on, neither shorter nor longer, unless it is renewed; 20 or more.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: Get the lock
  dbaas.openstack.instance_lock:
    cloud: devcloud
    name: orders
    operation: instance_resize
    arguments:
      flavor: m1.medium
  register: locked

- name: Hold it for a long step
  dbaas.openstack.instance_lock:
    cloud: devcloud
    name: orders
    holder: "{{ locked.lock.holder }}"
    lease: 1200

- name: Give it back
  dbaas.openstack.instance_lock:
    cloud: devcloud
    name: orders
    holder: "{{ locked.lock.holder }}"
    state: absent
"""

RETURN = r"""
lock:
  description: The lock that is held; null after it was given back and in check mode.
  returned: success
  type: dict
  contains:
    operation:
      description: What it is held for.
      type: str
      sample: instance_resize
    holder:
      description: Who holds it.
      type: str
      sample: 4f9a1c
    since:
      description: When the operation began; a run that goes on for a killed one keeps its beginning.
      type: str
      sample: "2026-11-20T21:11:23Z"
    until:
      description: When the lock lapses unless it is renewed.
      type: str
      sample: "2026-11-20T21:13:23Z"
held_by:
  description: Who holds the lock instead; null if nobody does any more.
  returned: when the reason is V(conflict)
  type: dict
  sample: {operation: instance_delete, holder: 77d01e, since: "2026-11-20T21:11:23Z", until: "2026-11-20T21:13:23Z"}
reason:
  description: Why it failed, for programs.
  returned: failure
  type: str
  sample: conflict
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_lock_cloud import absent, present

STATES = {"present": present, "absent": absent}


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": list(STATES), "default": "present"},
        "operation": {"type": "str"},
        "arguments": {"type": "dict", "default": {}},
        "holder": {"type": "str"},
        "lease": {"type": "int", "default": 120},
    }


def main() -> None:
    required_if = [("state", "present", ["operation", "holder"], True), ("state", "absent", ["holder"])]
    run(
        lambda module, connection: STATES[module.params["state"]](module, connection),
        argument_spec(),
        required_if=required_if,
    )


if __name__ == "__main__":
    main()
