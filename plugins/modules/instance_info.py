# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_info
short_description: Show database instances
version_added: 0.1.0
description:
  - Shows every instance of the project, or one, with its status as users of OpenStack Trove know it.
  - The status is worked out from Nova's status, the task on the instance's anchor, and the age and words of the guest's last heartbeat.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: Show the instance of this name only. An unknown name gives an empty list.
    type: str
  details:
    description: Whether to read what each guest tells about itself too (certificate, version), one request an instance.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: All instances
  dbaas.openstack.instance_info:
    cloud: devcloud
  register: fleet

- name: One with its certificate
  dbaas.openstack.instance_info:
    cloud: devcloud
    name: orders
    details: true
  register: orders
"""

RETURN = r"""
store_reachable:
  description: Whether the object store answered. Without it the status of running servers is V(UNKNOWN).
  returned: success
  type: bool
  sample: true
instances:
  description: The instances, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
      returned: always
      sample: orders
    uid:
      description: Identity that every part of the instance carries.
      type: str
      returned: always
      sample: 7c0b5b2f6a4f4f7c9d0e7a3d4c5b6a79
    status:
      description: One of V(BUILD), V(ACTIVE), V(BLOCKED), V(REBOOT), V(RESIZE), V(UPGRADE), V(SHUTDOWN), V(RESTART_REQUIRED), V(FAILED), V(ERROR), V(UNKNOWN).
      type: str
      returned: always
      sample: ACTIVE
    fault:
      description: What is wrong, else empty.
      type: str
      returned: always
      sample: ""
    task:
      description: The operation under way, else empty.
      type: str
      returned: always
      sample: ""
    role:
      description: V(primary) or V(replica), as the record of its replication set says; of one that is in none, as the guest tells it.
      type: str
      returned: always
      sample: primary
    datastore:
      description: Datastore.
      type: str
      returned: always
      sample: mariadb
    datastore_version:
      description: Version of the datastore.
      type: str
      returned: always
      sample: "10.11"
    flavor:
      description: Name of the flavor.
      type: str
      returned: always
      sample: m1.small
    ram:
      description: Memory of the flavor in MiB.
      type: int
      returned: always
      sample: 1024
    availability_zone:
      description: Availability zone of the server.
      type: str
      returned: always
      sample: nova
    created:
      description: When the server was made, ISO 8601.
      type: str
      returned: always
      sample: "2026-11-20T18:00:00Z"
    addresses:
      description: All addresses, each with address, version (4 or 6), type (fixed or floating), network_id and management.
      type: list
      elements: dict
      returned: always
      sample: [{address: 10.20.0.14, version: 4, type: fixed, network_id: 0b2e, management: false}]
    host:
      description: The address for clients, a floating one before a fixed one.
      type: str
      returned: always
      sample: 203.0.113.20
    management_host:
      description: The address for SSH.
      type: str
      returned: always
      sample: 203.0.113.20
    host_keys:
      description: The ed25519 SSH host keys that the guest may show, base64.
      type: list
      elements: str
      returned: always
      sample: [AAAAC3NzaC1lZDI1NTE5AAAAIB0bqW5yVx4yY5lZ0b3kqzYQ]
    port:
      description: The TCP port that the instance was given for clients; null when it has the datastore's.
      type: int
      returned: always
      sample: 3307
    tls_mode:
      description: How clients may come, V(off), V(preferred), V(required) or V(mutual).
      type: str
      returned: always
      sample: preferred
    configuration:
      description: The configuration group that it has; empty without one.
      type: str
      returned: always
      sample: busy-shops
    logs:
      description: The logs of the datastore that are switched on.
      type: list
      elements: str
      returned: always
      sample: [slow]
    replication_set:
      description: The id of the replication set of which it is a member; empty without one. Module M(dbaas.openstack.replica_info) tells more.
      type: str
      returned: always
      sample: ""
    replication_mode:
      description: The mode of that set, as its record says, for example V(async); empty without one.
      type: str
      returned: always
      sample: ""
    follows:
      description: The uid of the replica that it follows, as that record says; empty for one that follows the primary, or nobody.
      type: str
      returned: always
      sample: ""
    open_ports:
      description: Ports of the datastore that somebody may reach.
      type: list
      elements: int
      returned: always
      sample: [3306]
    allowed_cidrs:
      description: Who may reach them.
      type: list
      elements: str
      returned: always
      sample: [203.0.113.0/24]
    management_cidrs:
      description: Who may reach SSH.
      type: list
      elements: str
      returned: always
      sample: [203.0.113.7/32]
    is_public:
      description: Whether it has a floating address.
      type: bool
      returned: always
      sample: true
    volume:
      description: >-
        The data volume with id, size (GiB), type, status, initialised and used_percent; null without one.
        After a restore in place, C(restored) is the id of the backup, and C(previous) that of the volume of before, as long as it is kept.
      type: dict
      returned: always
      sample: {id: 5f0c, size: 2, type: rbd, status: in-use, initialised: true, used_percent: 12, restored: null, previous: null}
    root_enabled:
      description: When root was first let in over the network, and the ID of the user who did it; null if that never happened through the playbook.
      type: dict
      returned: always
      sample: {since: "2026-11-20T21:11:23Z", by: 5d2f1c0b7a9e4f21b3c4d5e6f7a8b9c0}
    server_id:
      description: ID of the server in Nova.
      type: str
      returned: always
      sample: 9362a5bb-7c1c-42dc-80ce-12a6b7750630
    server_status:
      description: Status of the server in Nova.
      type: str
      returned: always
      sample: ACTIVE
    advice:
      description: What to do about a server that does not run, so that operations on the instance are refused; empty if it runs.
      type: str
      returned: always
      sample: playbook instance_start brings it back
    anchor_id:
      description: ID of the security group that anchors the instance.
      type: str
      returned: always
      sample: 41c6f0a7-9d0e-4a37-8c33-5d2a1d0a6c11
    deletion_protection:
      description: Whether it is protected from deletion.
      type: bool
      returned: always
      sample: false
    tags:
      description: Your own tags.
      type: list
      elements: str
      returned: always
      sample: [team-a]
    metadata:
      description: Your own metadata.
      type: dict
      returned: always
      sample: {cost_centre: "4711"}
    heartbeat:
      description:
        - The last heartbeat with status, cause, age (s), lag (s), replicates and ticket_expires (epoch s); null when none was heard.
        - What ends at ticket_expires is the first of its tickets, to write the heartbeat or to read the record of its replication set.
        - A replica tells by replicates whether it hears the one that it follows, and applies what it hears; null for others.
        - The cause is V(space) when writes are stopped for want of room on the data volume, V(closed) when no client is let in.
        - In a replication set it is V(role) when it is not certain that this is the primary, V(orphan) with a replica that follows nobody, V(receipts) when
          writes wait for those of replicas, V(lapsed) with a primary that works, and waits for the receipts of fewer replicas than it is to. Else it is empty.
      type: dict
      returned: always
      sample: {status: ACTIVE, cause: '', age: 12.5, lag: 0, replicates: null, ticket_expires: 1826000000}
    server_group:
      description: The server group of the instance with id, name and policy; null without one.
      type: dict
      returned: always
      sample: {id: 0b9c4b0c-5a0f-4f0b-b6e9-1d2a3d0c7a11, name: dbaas-7c0b5b2f6a4f4f7c9d0e7a3d4c5b6a79, policy: anti-affinity}
    lock:
      description: The operation that works on the instance at present, with holder, since, and until, when it lapses unless it is renewed; null without one.
      type: dict
      returned: always
      sample: {operation: instance_create, holder: 4f9a1c, since: "2026-11-20T21:11:23Z", until: "2026-11-20T21:12:23Z"}
    guest:
      description:
        - What the guest tells about itself, among it tls.ca_certificate (PEM); null when it was never heard.
        - The guest writes this; do not trust it further than the guest.
      type: dict
      returned: when O(details=true)
      sample: {server_version: 10.11.19-MariaDB, agent_version: 0.1.0}
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import shown


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str"},
        "details": {"type": "bool", "default": False},
        "store_prefix": {"type": "str", "default": "dbaas_"},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """List and show."""
    prefix = module.params["store_prefix"]
    rows, reachable = shown(connection, module.params["name"], prefix=prefix)
    if module.params["details"]:
        for row in rows:
            row["guest"] = _store.heartbeat_body(connection, row["uid"], prefix=prefix) if row["heartbeat"] else None
    return {"changed": False, "instances": rows, "store_reachable": reachable}


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
