# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_action
short_description: Act on the server or the data volume of a database instance
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
    details: All but a reboot, a migration to no named host, and a reinstallation are.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  action:
    description:
      - What to do. A server that is in the midst of something, such as a reboot, is waited for.
      - V(settle) does nothing but that.
      - V(start) also brings back a server that is paused, suspended or shelved.
      - V(resize) ends when the server runs with O(flavor) and waits to be confirmed with V(confirm_resize), or taken back with V(revert_resize).
        Where Nova confirms by itself, it is confirmed then.
      - V(migrate) does the same on another host with the flavor of now. Nova lets administrators alone do that.
      - V(rebuild) gives the server the image that is registered for its version of the datastore; one that has it is left as it is unless O(reinstall=true).
        Volumes, ports and metadata stay. A server that boots from a volume is refused.
      - V(rename) gives server, ports, data volume and security groups O(new_name), the instance's anchor last.
      - V(detach_volume) takes the data volume from the server, for whoever has unmounted it; M(dbaas.openstack.instance) attaches it again.
      - V(snapshot_volume) has a snapshot of the data volume, V(revert_volume) gives the detached volume its content, V(delete_snapshot) removes it.
        These are for a flow that lets no client in meanwhile.
      - V(make_next_volume) makes an empty data volume for the data of O(backup), V(replace_volume) puts it in the place of the instance's own,
        which has to be detached, and which is kept. V(put_volume_back) undoes that.
        V(drop_volumes) deletes all data volumes but the one that the instance works with; those of which backups are snapshots
        are left to these, and go with the last of them.
        Playbooks C(restore_in_place), C(restore_undo) and C(restore_confirm) use them.
    type: str
    choices:
      - stop
      - start
      - reboot
      - rebuild
      - resize
      - migrate
      - confirm_resize
      - revert_resize
      - settle
      - rename
      - detach_volume
      - snapshot_volume
      - revert_volume
      - delete_snapshot
      - make_next_volume
      - replace_volume
      - put_volume_back
      - drop_volumes
    required: true
  backup:
    description: The id of the backup that is to be restored onto the volume.
    type: str
  snapshot:
    description: ID of the snapshot of which the volume is made, where the backup is one.
    type: str
    default: ""
  size:
    description: The least size of the volume that is made, in GiB; it is never smaller than the one of now.
    type: int
    default: 1
  flavor:
    description: Name or ID of the flavor to resize to.
    type: str
  min_ram:
    description: Memory that the datastore needs, in MiB. A flavor with less is refused.
    type: int
    default: 0
  host:
    description: Host to migrate to. Without it Nova chooses.
    type: str
  new_name:
    description: Name to rename to, which no other instance has.
    type: str
  reinstall:
    description: Whether a server is rebuilt that has the image already.
    type: bool
    default: false
  ssh_user:
    description: Name of the user for SSH that is made at the first boot after V(rebuild).
    type: str
    default: debian
  ssh_public_keys:
    description: Public keys that may log in as O(ssh_user) after V(rebuild).
    type: list
    elements: str
    default: []
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

- name: Give it the image that is registered for its version, if it has another
  dbaas.openstack.instance_action:
    cloud: devcloud
    name: orders
    action: rebuild
    ssh_public_keys: "{{ [lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub')] }}"

- name: Give it another name
  dbaas.openstack.instance_action:
    cloud: devcloud
    name: orders
    action: rename
    new_name: shop
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
snapshot:
  description: ID of the snapshot of the data volume that is the way back of an upgrade; null if there is none.
  returned: success
  type: str
  sample: 4c1d1b4f-6f3a-4a57-9f0e-2d6f4f3a9b11
reason:
  description: Why it failed, for programs.
  returned: failure
  type: str
  sample: not_actionable
"""

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_action import ACTIONS
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_action_cloud import RENAME, SETTLE, act
from ansible_collections.dbaas.openstack.plugins.module_utils._volume_action import VOLUME_ACTIONS
from ansible_collections.dbaas.openstack.plugins.module_utils._volume_replacement import REPLACEMENTS


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str", "required": True},
        "action": {
            "type": "str",
            "choices": [*ACTIONS, SETTLE, RENAME, *VOLUME_ACTIONS, *REPLACEMENTS],
            "required": True,
        },
        "backup": {"type": "str"},
        "size": {"type": "int", "default": 1},
        "snapshot": {"type": "str", "default": ""},
        "flavor": {"type": "str"},
        "min_ram": {"type": "int", "default": 0},
        "host": {"type": "str"},
        "new_name": {"type": "str"},
        "reinstall": {"type": "bool", "default": False},
        "ssh_user": {"type": "str", "default": "debian"},
        "ssh_public_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
        "lock": {"type": "str"},
        "reboot_type": {"type": "str", "choices": ["soft", "hard"], "default": "soft"},
    }


def main() -> None:
    needed = {"resize": "flavor", "rename": "new_name", "make_next_volume": "backup", "replace_volume": "backup"}
    run(act, argument_spec(), required_if=[("action", action, [option]) for action, option in needed.items()])


if __name__ == "__main__":
    main()
