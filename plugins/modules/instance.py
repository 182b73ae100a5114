# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: instance
short_description: Make, change and remove the cloud's part of a database instance
version_added: 0.1.0
description:
  - Makes the security group, ports, floating address, data volume and server of a database instance, and removes them.
  - It configures no guest. The playbook C(dbaas.openstack.instance_create) does the whole.
  - Everything that can be known to be wrong is told at once, before anything is made.
  - An instance that a killed run left half made is finished by the next run; every part is found by the instance's random identity,
    never by its name, and nothing without that identity is ever changed or deleted.
  - An option that is not given leaves an existing instance as it is.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.lock
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: Name of the instance, unique in the project. It becomes the host name of the guest.
    type: str
    required: true
  state:
    description: Whether the instance should exist.
    type: str
    choices: [present, absent]
    default: present
  datastore:
    description: Datastore, for example V(mariadb). Needed to make an instance.
    type: str
  datastore_version:
    description: Version of the datastore, of those that are registered (M(dbaas.openstack.datastore_info)). Without it the default version is taken.
    type: str
  datastore_ports:
    description: TCP ports on which the datastore serves clients; O(port) takes the place of the first. O(allowed_cidrs) may reach them.
    type: list
    elements: int
    default: []
  port:
    description:
      - TCP port on which the datastore serves clients, 1024 to 65535, instead of the first of O(datastore_ports). It is kept with the data volume.
      - Not given, it stays as it is. The rules follow when O(allowed_cidrs) and O(datastore_ports) are given, too. This module configures no guest.
    type: int
  tls_mode:
    description:
      - How clients may come. It is kept with the data volume; this module configures no guest.
      - V(off) is without TLS only, V(preferred) with or without, as each user's C(require_tls) says, V(required) with TLS only,
        V(mutual) with TLS and a client certificate of the instance's authority only.
      - Not given, it stays as it is; a new instance has V(preferred).
    type: str
    choices: ["off", preferred, required, mutual]
  configuration:
    description:
      - The configuration group that the instance has. It is kept with the data volume; this module configures no guest.
      - V(none) detaches it. Not given, it stays as it is; a new instance has none.
    type: str
  logs:
    description:
      - The logs of the datastore that are switched on. It is kept with the data volume; this module configures no guest.
      - Not given, it stays as it is; a new instance has none.
    type: list
    elements: str
  flavor:
    description: Name or ID of the flavor. Needed to make an instance.
    type: str
  min_ram:
    description: Memory that the datastore needs, in MiB. A smaller flavor is refused.
    type: int
    default: 0
  min_volume_size:
    description: Size that the data volume needs, in GiB. A smaller O(volume_size) is refused.
    type: int
    default: 1
  volume_size:
    description:
      - Size of the data volume in GiB. Needed to make an instance.
      - A larger one than it has extends the volume, online where it is attached; the guest grows its file system when the volume is prepared the next time.
        A smaller one is refused.
    type: int
  volume_type:
    description: Volume type of the data volume. Without it the cloud's default type is taken.
    type: str
  volume_availability_zone:
    description: Availability zone of the data volume.
    type: str
  boot_volume_size:
    description: Boot from a volume of this size in GiB, made from the image and deleted with the server, instead of the flavor's disk.
    type: int
  boot_volume_type:
    description: Volume type of the boot volume.
    type: str
  networks:
    description: Networks on which clients reach the database, a port each. Needed to make an instance.
    type: list
    elements: dict
    suboptions:
      network:
        description: Name or ID of the network. Either this or O(networks[].port).
        type: str
      port:
        description:
          - Name or ID of a free port of your own instead. It keeps its security groups, so that O(allowed_cidrs) and O(management_cidrs) do not apply to it,
            and is not removed with the instance.
        type: str
      subnet:
        description: Name or ID of one of its subnets. Without it the cloud chooses, and takes an address of each family that the network has.
        type: str
      fixed_ips:
        description: Fixed addresses, at most one IPv4 and one IPv6.
        type: list
        elements: str
        default: []
  management_network:
    description:
      - Name or ID of a network for a port of its own that takes SSH only.
      - Without it SSH is let in on the ports of O(networks).
    type: str
  availability_zone:
    description: Availability zone of the server.
    type: str
  allowed_cidrs:
    description: Exactly these networks may reach the datastore's ports. An empty list closes them, as does a new instance without this option.
    type: list
    elements: str
  management_cidrs:
    description: Exactly these networks may reach SSH. An empty list closes it, as does a new instance without this option.
    type: list
    elements: str
  is_public:
    description: Whether the instance has a floating address.
    type: bool
  floating_network:
    description: Name or ID of the external network of the floating address. Without it the first one to which a router leads is taken.
    type: str
  tags:
    description: Exactly these tags of your own on the server.
    type: list
    elements: str
  metadata:
    description: Exactly this metadata of your own on the server.
    type: dict
  deletion_protection:
    description:
      - Whether O(state=absent) is refused.
      - The server is locked in Nova as well, so that nobody but an administrator deletes it by another way. The modules of this collection unlock it for their
        own changes and lock it again.
    type: bool
  locality:
    description:
      - Policy of a server group that is made for the instance, with which its replicas will be placed. The group is removed with the last that is in it.
      - It cannot be changed later.
    type: str
    choices: [affinity, anti-affinity, soft-affinity, soft-anti-affinity]
  server_group:
    description: Name or ID of a server group of your own that the server joins. It cannot be changed later.
    type: str
  replica_locality:
    description:
      - Policy of the server group that the replicas of an instance with a server join. One is made in its name where it is in none, and it joins that itself
        when its server is made anew. Another policy than that of the group that it is in is refused.
      - For the flow that makes replicas.
    type: str
    choices: [affinity, anti-affinity, soft-affinity, soft-anti-affinity]
  volume_id:
    description:
      - ID of a data volume that an instance left behind with O(keep_volume=true). The new instance adopts it with all its data, in its datastore version.
      - The new instance continues the identity of the old one; its name may be another.
    type: str
  volume_snapshot:
    description:
      - ID of a snapshot of another instance's data volume, of which the new data volume is made. Playbook C(backup_restore) uses it.
      - It has no meaning for an instance that has its volume.
    type: str
  recreate:
    description:
      - Whether a new server is made around the data volume when the server is gone or in status ERROR. Without it a volume that holds data is not touched.
      - The server must have the datastore version of the volume. A server that works is left as it is.
    type: bool
    default: false
  keep_volume:
    description: With O(state=absent), whether the data volume is kept. The server is then shut down before it is deleted.
    type: bool
    default: false
  ssh_user:
    description: Name of the user for SSH that is made at first boot.
    type: str
    default: debian
  ssh_public_keys:
    description: Public keys that may log in as O(ssh_user). They travel in the user data, no keypair is made in Nova.
    type: list
    elements: str
    default: []
  host_keys:
    description:
      - Record these ed25519 SSH host keys (base64) as the ones that the guest may show.
      - For the flow that replaces the key which was given at boot.
    type: list
    elements: str
  volume_initialised:
    description:
      - Record that the data volume has been formatted. It will never be formatted again.
      - For the flow that prepares the guest. V(false) changes nothing.
    type: bool
    default: false
  root_enabled:
    description:
      - Record on the data volume that root was let in over the network, when, and by whom. The record is never removed.
      - For the flow that does so. V(false) changes nothing.
    type: bool
    default: false
  operation:
    description:
      - Begin this operation, 1 to 21 small letters, digits and underscores. The lock is got for it and kept after the module has ended well, for the steps that
        follow; RV(lock) is its holder, M(dbaas.openstack.instance_lock) gives it back. A fault of an earlier operation is past.
      - The same operation with the same options waits, with O(wait=true), for a run that may be dead; see M(dbaas.openstack.instance_lock).
    type: str
  completed:
    description:
      - The operation which began with this instance's current task is over. With O(wait=true) wait until the guest is heard to work, and fail with
        RV(reason=agent) when it is heard to have failed; then clear task and fault.
    type: bool
    default: false
  fault:
    description: Record what went wrong in a flow, for M(dbaas.openstack.instance_info) to show.
    type: str
seealso:
  - module: dbaas.openstack.instance_info
  - module: dbaas.openstack.instance_action
"""

EXAMPLES = r"""
- name: Make the cloud's part of an instance
  dbaas.openstack.instance:
    cloud: devcloud
    name: orders
    datastore: mariadb
    datastore_version: "10.11"
    datastore_ports: [3306]
    flavor: m1.small
    volume_size: 2
    networks:
      - network: private
    is_public: true
    allowed_cidrs: [203.0.113.0/24]
    management_cidrs: [203.0.113.7/32]
    ssh_public_keys: "{{ [lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub')] }}"

- name: Close the database to everybody
  dbaas.openstack.instance:
    cloud: devcloud
    name: orders
    datastore_ports: [3306]
    allowed_cidrs: []

- name: Remove it, keep its data
  dbaas.openstack.instance:
    cloud: devcloud
    name: orders
    state: absent
    keep_volume: true
"""

RETURN = r"""
instance:
  description: The instance as M(dbaas.openstack.instance_info) returns it; in check mode as it is now. Null when there is none.
  returned: success
  type: dict
  sample: {name: orders, uid: 7c0b5b2f6a4f4f7c9d0e7a3d4c5b6a79, status: BUILD, host: 203.0.113.20}
plan:
  description: The steps that were carried out, or would be in check mode, in their order.
  returned: success
  type: list
  elements: dict
  sample: [{action: create, resource: volume, name: orders-data, size: 2, type: null}]
removed:
  description: With O(state=absent), the resources that were removed, as C(resource name).
  returned: when O(state=absent)
  type: list
  elements: str
  sample: [server orders, volume orders-data, security_group orders]
reason:
  description: Why it failed, for programs.
  returned: failure
  type: str
  sample: invalid
problems:
  description: Everything that is wrong with the input, each with option, value, reason and msg.
  returned: failure, when the input is refused
  type: list
  elements: dict
  sample: [{option: flavor, value: m1.huge, reason: not_found, msg: "flavor: 'm1.huge' does not exist; there are: m1.small"}]
attached:
  description: The cloud does not extend a volume while it is attached; nothing was changed, and M(dbaas.openstack.instance_action) detaches it.
  returned: when that is the reason for V(unsupported)
  type: bool
  sample: true
lock:
  description: Holder of the lock that was got for O(operation).
  returned: when O(operation) was given, outside check mode
  type: str
  sample: 4f9a1c
held_by:
  description: Who holds the lock instead.
  returned: when the lock is the reason for V(conflict)
  type: dict
  sample: {operation: instance_delete, holder: 77d01e, since: "2026-11-20T21:11:23Z", until: "2026-11-20T21:12:23Z"}
left:
  description: What exists after a failure, as C(resource name). The next run goes on from there.
  returned: failure, after something was made
  type: list
  elements: str
  sample: [security_group orders, port orders-0, volume orders-data]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_cloud import absent, present
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import TLS_MODES

LOCALITIES = ["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"]


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "datastore": {"type": "str"},
        "datastore_version": {"type": "str"},
        "datastore_ports": {"type": "list", "elements": "int", "default": []},
        "port": {"type": "int"},
        "tls_mode": {"type": "str", "choices": list(TLS_MODES)},
        "configuration": {"type": "str"},
        "logs": {"type": "list", "elements": "str"},
        "flavor": {"type": "str"},
        "min_ram": {"type": "int", "default": 0},
        "min_volume_size": {"type": "int", "default": 1},
        "volume_size": {"type": "int"},
        "volume_type": {"type": "str"},
        "volume_availability_zone": {"type": "str"},
        "boot_volume_size": {"type": "int"},
        "boot_volume_type": {"type": "str"},
        "networks": {
            "type": "list",
            "elements": "dict",
            "options": {
                "network": {"type": "str"},
                "port": {"type": "str"},
                "subnet": {"type": "str"},
                "fixed_ips": {"type": "list", "elements": "str", "default": []},
            },
            "required_one_of": [("network", "port")],
            "mutually_exclusive": [("network", "port"), ("subnet", "port")],
        },
        "management_network": {"type": "str"},
        "availability_zone": {"type": "str"},
        "allowed_cidrs": {"type": "list", "elements": "str"},
        "management_cidrs": {"type": "list", "elements": "str"},
        "is_public": {"type": "bool"},
        "floating_network": {"type": "str"},
        "tags": {"type": "list", "elements": "str"},
        "metadata": {"type": "dict"},
        "deletion_protection": {"type": "bool"},
        "locality": {"type": "str", "choices": LOCALITIES},
        "server_group": {"type": "str"},
        "replica_locality": {"type": "str", "choices": LOCALITIES},
        "volume_id": {"type": "str"},
        "volume_snapshot": {"type": "str"},
        "recreate": {"type": "bool", "default": False},
        "keep_volume": {"type": "bool", "default": False},
        "ssh_user": {"type": "str", "default": "debian"},
        "ssh_public_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
        "host_keys": {"type": "list", "elements": "str", "no_log": False},
        "volume_initialised": {"type": "bool", "default": False},
        "root_enabled": {"type": "bool", "default": False},
        "operation": {"type": "str"},
        "lock": {"type": "str"},
        "completed": {"type": "bool", "default": False},
        "fault": {"type": "str"},
        "store_prefix": {"type": "str", "default": "dbaas_"},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """Present or absent."""
    return (present if module.params["state"] == "present" else absent)(module, connection)


def main() -> None:
    run(body, argument_spec(), mutually_exclusive=[("operation", "lock"), ("locality", "server_group")])


if __name__ == "__main__":
    main()
