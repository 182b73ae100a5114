# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_report
short_description: The fleet as a report
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Turns what M(dbaas.openstack.instance_info) returns into a report, one row an instance, problems first. Its shape is the one of the JSON report.
  - Guests write some of its values, so they are not to be trusted further than the guests. Words are cut, characters that cannot be printed are replaced,
    numbers that make no sense count as not told.
options:
  _input:
    description: The result of M(dbaas.openstack.instance_info), with C(instances) and C(store_reachable).
    type: dict
    required: true
  now:
    description: The time of the report in seconds since 1970; without it the time at which the filter runs.
    type: float
"""

EXAMPLES = r"""
- name: List the instances
  dbaas.openstack.instance_info:
    cloud: mycloud
  register: fleet

- name: Names of all whose ticket ends soon
  ansible.builtin.debug:
    msg: "{{ report.instances | selectattr('marks', 'contains', 'ticket_expiring') | map(attribute='name') }}"
  vars:
    report: "{{ fleet | dbaas.openstack.fleet_report }}"
"""

RETURN = r"""
_value:
  description: The report.
  type: dict
  contains:
    version:
      description: Version of this shape. Another one when something is removed or changes its meaning; what is added does not change it.
      type: int
      sample: 1
    generated:
      description: The time of the report, ISO 8601 in UTC.
      type: str
      sample: "2026-11-21T08:30:00Z"
    store_reachable:
      description: Whether the object store answered. Without it no heartbeat is known.
      type: bool
      sample: true
    counts:
      description: Number of instances by status, in the order of the rows.
      type: dict
      sample: {ERROR: 1, ACTIVE: 12}
    instances:
      description: The rows, problems first, then by name.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the instance.
          type: str
          sample: orders
        uid:
          description: Its identity.
          type: str
          sample: 7c0b5b2f6a4f4f7c9d0e7a3d4c5b6a79
        status:
          description: Its status, as M(dbaas.openstack.instance_info) tells it.
          type: str
          sample: ACTIVE
        fault:
          description: What is wrong, else empty.
          type: str
          sample: ""
        task:
          description: The operation under way, else empty.
          type: str
          sample: ""
        role:
          description: Role in a replication set, empty if it is not known.
          type: str
          sample: primary
        datastore:
          description: Datastore.
          type: str
          sample: mariadb
        datastore_version:
          description: Version of the datastore.
          type: str
          sample: "10.11"
        flavor:
          description: Name of the flavor.
          type: str
          sample: m1.small
        address:
          description: The address for clients, empty without one.
          type: str
          sample: 203.0.113.20
        volume_size:
          description: Size of the data volume in GiB, null without one.
          type: int
          sample: 20
        volume_used_percent:
          description: How full it is, null if it is not known.
          type: int
          sample: 12
        heartbeat_age:
          description: Seconds since the guest was last heard, null if it never was.
          type: float
          sample: 12.5
        replication_set:
          description: The id of its replication set, empty without one.
          type: str
          sample: ""
        replication_mode:
          description: The mode of that set, empty without one.
          type: str
          sample: ""
        follows:
          description: The uid of the replica that it follows, empty if it follows the primary, or nobody.
          type: str
          sample: ""
        replicates:
          description: Of a replica, whether it hears the one that it follows, and applies what it hears; null if it is none, or does not tell.
          type: bool
          sample: null
        lag:
          description: Seconds behind its source, null if it is not known.
          type: int
          sample: 0
        ticket_expires:
          description:
            - When the first of the guest's tickets ends, to write its heartbeat or to read the record of its replication set, ISO 8601 in UTC; null if it is
              not known.
          type: str
          sample: "2027-11-21T08:00:00Z"
        ticket_seconds_left:
          description: The same in seconds from the report on, negative when it has ended.
          type: int
          sample: 31534200
        marks:
          description:
            - What wants attention, of V(heartbeat_stale) (older than 90 s), V(volume_nearly_full) (90 % or more), V(ticket_expiring) (within 30 days),
              and V(ticket_expired).
          type: list
          elements: str
          sample: [ticket_expiring]
    replication_sets:
      description: The replication sets as trees, by the name of the primary.
      type: list
      elements: dict
      contains:
        id:
          description: The set's id.
          type: str
          sample: 7a3f0d2e3b4a59687766554433221101
        mode:
          description: Its mode, as its record says; empty if it is not known.
          type: str
          sample: async
        primary:
          description: C(name), C(role), C(status), C(lag) and C(replicates) of the primary; null while nobody knows which one it is.
          type: dict
          sample: {name: orders, role: primary, status: ACTIVE, lag: 0, replicates: null}
        replicas:
          description: The same of those that follow the primary, by name. Each has C(replicas), too, those that follow it.
          type: list
          elements: dict
          sample: [{name: orders-2, role: replica, status: ACTIVE, lag: 0, replicates: true, replicas: []}]
"""

import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.plugin_utils import _fleet_report


def fleet_report(fleet: t.Mapping[str, t.Any], now: float | None = None) -> dict[str, t.Any]:
    return _fleet_report.fleet_report(fleet, time.time() if now is None else now)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"fleet_report": fleet_report}
