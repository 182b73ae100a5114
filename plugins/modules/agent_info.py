#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_info
short_description: Show what the guest agent sees
version_added: 0.1.0
description:
  - Shows the status of the datastore on a database guest, and on demand its databases, users and jobs.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.guest_action_group
options:
  verbs:
    description:
      - What to show beside the status.
    type: list
    elements: str
    choices:
      - databases
      - jobs
      - users
    default: []
seealso:
  - module: dbaas.openstack.agent
"""

EXAMPLES = r"""
- name: See whether the datastore answers
  dbaas.openstack.agent_info:
  register: seen

- name: List the databases and users too
  dbaas.openstack.agent_info:
    verbs: [databases, users]
"""

RETURN = r"""
status:
  description: The agent's status document, which is also its heartbeat.
  returned: success
  type: dict
  contains:
    uid:
      description: The instance's identity.
      type: str
      returned: success
      sample: 5b0b5b2e
    datastore:
      description: The datastore.
      type: str
      returned: success
      sample: mariadb
    version:
      description: The datastore version that the instance was made with.
      type: str
      returned: success
      sample: '10.11'
    server_version:
      description: What the server says of itself; null unless it answers.
      type: str
      returned: success
      sample: 10.11.14-MariaDB-0+deb12u2
    status:
      description: V(NEW), V(BUILD), V(ACTIVE), V(SHUTDOWN), V(FAILED) or V(BLOCKED).
      type: str
      returned: success
      sample: ACTIVE
    fault:
      description: What is wrong; empty when nothing is.
      type: str
      returned: success
      sample: ''
    cause:
      description:
        - Why the status is V(BLOCKED), V(space) for want of room on the data volume or V(closed) when no client is let in.
        - In a replication set V(role) when it is not certain that this is the primary, V(orphan) with a replica that follows nobody, V(receipts) when writes
          wait for those of replicas, V(lapsed) with a primary that works, and waits for the receipts of fewer replicas than it is to. Else it is empty.
      type: str
      returned: success
      sample: ''
    role:
      description: The role in replication.
      type: str
      returned: success
      sample: primary
    lag:
      description: Seconds behind the primary.
      type: int
      returned: success
      sample: 0
    volume:
      description: Size, use and free room of the data volume in bytes, and use in percent; null unless it is mounted.
      type: dict
      returned: success
      sample:
        size_bytes: 1040293888
        used_bytes: 131072000
        free_bytes: 887554048
        used_percent: 13
    agent_version:
      description: The agent's version.
      type: str
      returned: success
      sample: 0.1.0
    outdated:
      description: Whether its program, configuration or unit was replaced since it started.
      type: bool
      returned: success
      sample: false
    protocols:
      description: The versions of the protocol that the agent speaks.
      type: list
      elements: int
      returned: success
      sample: [1]
    ticket_expires:
      description: When the right to write heartbeats ends, in seconds of the epoch; null without a ticket.
      type: int
      returned: success
      sample: 1826500000
    record_expires:
      description: When the right of a member of a replication set to read its record ends, in seconds of the epoch; null without one.
      type: int
      returned: success
      sample: 1826500000
    sequence:
      description: How often the agent has looked since it started.
      type: int
      returned: success
      sample: 42
    time:
      description: The guest's clock, in seconds of the epoch.
      type: int
      returned: success
      sample: 1795000000
    clock_offset:
      description: Seconds by which the guest's clock is ahead of the object store's (negative if it is behind), right within 2 seconds; null while unknown.
      type: int
      returned: success
      sample: 0
    tls:
      description: The instance's CA certificate and the end of the server's certificate; null before there is one.
      type: dict
      returned: success
      sample:
        ca_certificate: "-----BEGIN CERTIFICATE-----\n..."
        not_after: '2027-12-22T12:00:00Z'
    job:
      description: The job that runs, with its id, its kind and how far it is in percent (null where that is not known); null when none runs.
      type: dict
      returned: success
      sample:
        id: adoption-1
        kind: datastore_check
        percent: 77
databases:
  description: The databases that are no system's.
  returned: when O(verbs) has V(databases)
  type: list
  elements: dict
  sample:
    - name: shop
      character_set: utf8mb4
      collation: utf8mb4_general_ci
users:
  description: The users that are no system's.
  returned: when O(verbs) has V(users)
  type: list
  elements: dict
  sample:
    - name: clerk
      host: '%'
      databases: [shop]
jobs:
  description:
    - The job that runs and the newest ones that are over, the newest first, as module M(dbaas.openstack.agent) shows a job but without the result.
  returned: when O(verbs) has V(jobs)
  type: list
  elements: dict
  sample:
    - id: adoption-1
      kind: datastore_check
      args:
        databases: []
      state: RUNNING
      created: 1795000000
      ended: null
      progress:
        phase: check
        item: shop.orders
        done: 31
        total: 40
        unit: tables
        percent: 77
      error: null
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: agent
"""

from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import connect, guest_module, refusals

LISTS = {"databases": "database_list", "users": "user_list", "jobs": "job_list"}


def main() -> None:
    module = guest_module({"verbs": {"type": "list", "elements": "str", "choices": sorted(LISTS), "default": []}})
    with refusals(module), connect(module) as agent:
        seen = {"status": agent.call("status")}
        for name in module.params["verbs"]:
            seen.update(agent.call(LISTS[name]))
    module.exit_json(changed=False, **seen)


if __name__ == "__main__":
    main()
