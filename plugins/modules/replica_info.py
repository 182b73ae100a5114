# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: replica_info
short_description: Show replication sets, and who would take over
version_added: 0.1.0
description:
  - Lists the replication sets of the project with their members, or the one set of an instance.
  - With O(facts) it also tells who would take over from the primary, and what is in the way; nothing is changed for that.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: Name of an instance, the primary or a replica. Without it all sets are listed.
    type: str
  facts:
    description:
      - By the name of each member that answers, what its agent tells, RV(dbaas.openstack.agent_info#module:status) of module M(dbaas.openstack.agent_info).
        Ask the primary last, so that no replica seems to be ahead of it.
      - Needs O(name).
    type: dict
  leaving:
    description: With O(facts), names of members that will give no receipts soon, and whom nobody is to follow.
    type: list
    elements: str
    default: []
  candidate:
    description: The replica that is to take over. Without it the best one does.
    type: str
  planned:
    description: Whether the primary works, and nothing may be lost; otherwise it is gone, and whoever has most takes over.
    type: bool
    default: true
  fenced:
    description: With O(planned=false), whether it is known that the primary cannot write any more.
    type: bool
    default: false
  accept_unfenced:
    description: With O(planned=false), go on although the primary might still write.
    type: bool
    default: false
  max_lag:
    description: Seconds behind the primary; who is further behind does not take over as planned.
    type: float
    default: 30
  max_lost:
    description:
      - With O(planned=false), how much of what clients were told is kept may be lost, in transactions, or bytes of PostgreSQL's log.
        V(0) is nothing, which is certain only where the primary waited for receipts.
    type: int
    default: 0
seealso:
  - module: dbaas.openstack.replica
  - module: dbaas.openstack.replica_endpoint
"""

EXAMPLES = r"""
- name: Show the set of an instance
  dbaas.openstack.replica_info:
    cloud: devcloud
    name: orders
  register: told

- name: Show who follows
  ansible.builtin.debug:
    msg: "{{ told.replication_sets | map(attribute='members') | flatten | selectattr('role', 'eq', 'replica') | map(attribute='name') }}"
"""

RETURN = r"""
replication_sets:
  description: The sets; a set that is asked for by an instance that is in none is not there.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The set's id.
      type: str
      sample: 7a3f0d2e3b4a59687766554433221101
    primary:
      description: Name of the instance that is primary; its uid where the instance is gone.
      type: str
      sample: orders
    reign:
      description: How many primaries it had, with this one.
      type: int
      sample: 1
    line:
      description: The line of history into which the primary writes; empty until it told after it became that.
      type: str
      sample: 0-1
    mode:
      description: Whether the primary waits for receipts of replicas, V(async) if not.
      type: str
      sample: async
    wanted:
      description: Of how many replicas it is to have receipts when all are there.
      type: int
      sample: 0
    receipts:
      description: For the receipts of how many replicas it waits before it tells a client that a write is kept.
      type: int
      sample: 0
    lapsed:
      description: Whether that is less than it is to be, so that less than wanted is safe from the loss of the primary.
      type: bool
      sample: false
    endpoint:
      description:
        - The addresses by which clients reach the set, RV(dbaas.openstack.replica_endpoint#module:endpoint) of module M(dbaas.openstack.replica_endpoint).
          None if it has none.
      type: dict
      sample: {kind: address, writer: [10.0.0.9], reader: [10.0.0.8], writer_at: orders, reader_at: orders-2}
    ca_certificates:
      description:
        - The certificates of the authorities of all members that were heard, one behind the other (PEM).
        - A client that trusts them all can verify whoever answers.
      type: str
      sample: "-----BEGIN CERTIFICATE-----\n..."
    members:
      description: The primary first, then the others by name.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the instance; its uid where it is gone.
          type: str
          sample: orders-2
        uid:
          description: Uid of the instance.
          type: str
          sample: 6f1c0d2e3b4a59687766554433221101
        role:
          description: V(primary) or V(replica), as the set's record says.
          type: str
          sample: replica
        server_id:
          description: Its number in the datastore's configuration.
          type: int
          sample: 2
        synchronous:
          description: Whether its receipts count while it is a replica.
          type: bool
          sample: true
        follows:
          description: Name of the replica that it follows, as the set's record says; none for the primary, and for those that follow the primary.
          type: str
          sample: null
        seat:
          description: For programs, what its agent is to be told with its verb C(member_set).
          type: dict
          sample: {set: 7a3f0d2e3b4a59687766554433221101, reign: 1, role: replica, server_id: 2, receipts: 0, wanted: 0, receivers: [], followers: []}
        status:
          description: Status of the instance, as module M(dbaas.openstack.instance_info) tells it; V(DELETED) where there is none.
          type: str
          sample: ACTIVE
        fault:
          description: What is wrong, if something is.
          type: str
          sample: ""
        lag:
          description: Seconds by which it is behind the primary, by its heartbeat; none if it does not tell.
          type: int
          sample: 0
        applied:
          description: What is in its tables, in the datastore's own words, by its heartbeat; none if it does not tell.
          type: str
          sample: 0-1-4711
        host:
          description: Where clients reach it.
          type: str
          sample: 10.0.0.7
        delay:
          description: Seconds by which it is kept behind on purpose, as the set's record says.
          type: int
          sample: 0
        replicates:
          description: Whether it hears the one that it follows, and applies what it hears, by its heartbeat; none for the primary, and where it does not tell.
          type: bool
          sample: true
decision:
  description: Who takes over.
  returned: with O(facts)
  type: dict
  contains:
    primary:
      description: Who becomes primary; empty while something is in the way.
      type: str
      sample: orders-2
    followers:
      description: Who follows it, those that have most first.
      type: list
      elements: str
      sample: [orders-3, orders]
    left:
      description: Members that neither lead nor follow, each with C(member), C(reason) and C(msg), which says what to do about it.
      type: list
      elements: dict
      sample: []
    blockers:
      description: What is in the way, with the same keys.
      type: list
      elements: dict
      sample: []
    lost:
      description: How much of what clients were told is kept may be lost; none if that cannot be bounded.
      type: int
      sample: 0
    known_lost:
      description: How much is lost for certain.
      type: int
      sample: 0
    unit:
      description: V(transactions) or V(bytes).
      type: str
      sample: transactions
errant:
  description: Members that cannot follow, since they have writes of their own, as in RV(decision.blockers). PostgreSQL has none, which takes them back.
  returned: with O(facts)
  type: list
  elements: dict
  sample: []
following:
  description:
    - Whom each replica is to follow that answers and has no writes of its own, as C(member) and C(source), in an order in which everybody comes after the
      one that it follows. Who follows a replica that is not among them follows the primary meanwhile.
  returned: with O(facts)
  type: list
  elements: dict
  sample: [{member: orders-2, source: orders}, {member: orders-3, source: orders-2}]
receipts:
  description: For the receipts of how many replicas the primary can wait, by the facts.
  returned: with O(facts)
  type: int
  sample: 1
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: not_found
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _endpoint_cloud,
    _replica_decision,
    _replica_facts,
    _replication_sets_cloud,
    _store,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import require, shown
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import (
    Decision,
    Limits,
    Member,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ReplicationSet

Rows = list[dict[str, t.Any]]


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str"},
        "facts": {"type": "dict"},
        "leaving": {"type": "list", "elements": "str", "default": []},
        "candidate": {"type": "str"},
        "planned": {"type": "bool", "default": True},
        "fenced": {"type": "bool", "default": False},
        "accept_unfenced": {"type": "bool", "default": False},
        "max_lag": {"type": "float", "default": 30},
        "max_lost": {"type": "int", "default": 0},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """List, and decide where facts are given."""
    params, prefix = module.params, module.params["store_prefix"]
    if params["name"]:
        one = _replication_sets_cloud.of_instance(connection, require(connection, params["name"], prefix), prefix)
        found = [one] if one else []
    else:
        found = _replication_sets_cloud.find_all(connection, prefix)
    rows, _reachable = shown(connection, prefix=prefix) if found else ([], True)
    told: dict[str, t.Any] = {"changed": False}
    told["replication_sets"] = [_shown(connection, one, rows, prefix) for one in found]
    if params["facts"] is not None and found:
        names = {row["uid"]: row["name"] for row in rows}
        members = _members(found[0], names, rows, params["facts"])
        told["decision"] = _replica_facts.shown(_decided(connection, params, found[0], names, members))
        primary = names.get(found[0].primary, found[0].primary)
        errant = _replica_decision.errant(found[0].as_told(names), members)
        told["errant"] = [_replica_facts.obstacle(one) for one in errant]
        absent = {*params["leaving"], *(one.member for one in errant)}
        told["following"] = _following(found[0], names, params["facts"].keys() - absent)
        told["receipts"] = _replica_decision.receipts(primary, found[0].wanted, members, params["leaving"])
    return told


def _shown(connection: t.Any, found: ReplicationSet, rows: Rows, prefix: str) -> dict[str, t.Any]:
    instances = {row["uid"]: row for row in rows}
    authorities = set()

    def member(uid: str) -> dict[str, t.Any]:
        row = instances.get(uid, {"name": uid, "status": "DELETED", "fault": "", "host": ""})
        beat = _store.heartbeat_body(connection, uid, prefix=prefix) if uid in instances else {}
        told = beat.get("replication") or {}
        leads = uid == found.primary
        follows = "" if leads else found.upstream(uid)
        authorities.add((beat.get("tls") or {}).get("ca_certificate", ""))
        return {
            "name": row["name"],
            "uid": uid,
            "role": "primary" if leads else "replica",
            "server_id": found.members[uid].server_id,
            "synchronous": found.members[uid].synchronous,
            "follows": None if follows in ("", found.primary) else instances.get(follows, {"name": follows})["name"],
            "seat": found.seat(uid),
            "status": row["status"],
            "fault": row["fault"],
            "lag": beat.get("lag"),
            "applied": told.get("applied"),
            "host": row["host"],
            "delay": 0 if leads else found.members[uid].delay,
            "replicates": _replica_facts.replicates(told.get("source")),
        }

    members = [member(uid) for uid in found.members]
    return {
        "id": found.id,
        "primary": next(one["name"] for one in members if one["role"] == "primary"),
        "reign": found.reign,
        "line": found.line,
        "mode": found.mode,
        "wanted": found.wanted,
        "receipts": found.receipts,
        "lapsed": found.receipts < found.wanted,
        "endpoint": _endpoint_cloud.look(connection, found, found.endpoint).shown() if found.endpoint else None,
        "ca_certificates": "".join(sorted(authorities)),
        "members": sorted(members, key=lambda one: (one["role"], one["name"])),
    }


def _members(
    found: ReplicationSet, names: t.Mapping[str, str], rows: Rows, facts: t.Mapping[str, t.Any]
) -> list[Member]:
    hosts = {one["address"] for row in rows if row["uid"] == found.primary for one in row["addresses"]}
    counts = found.receivers()

    def member(uid: str) -> Member:
        name = names.get(uid, uid)
        told = facts.get(name) or {}
        return _replica_facts.member(name, told, reign=found.reign, hosts=hosts, synchronous=uid in counts)

    return [member(uid) for uid in found.members]


def _following(found: ReplicationSet, names: t.Mapping[str, str], there: t.Collection[str]) -> list[dict[str, t.Any]]:
    absent = [uid for uid in found.members if names.get(uid, uid) not in there]
    links = found.cascade(absent)
    return [{"member": names[uid], "source": names.get(source, source)} for uid, source in links.items()]


def _decided(
    connection: t.Any,
    params: t.Mapping[str, t.Any],
    found: ReplicationSet,
    names: t.Mapping[str, str],
    members: list[Member],
) -> Decision:
    beat = _store.heartbeat_body(connection, found.primary, prefix=params["store_prefix"])
    told = beat.get("replication") or {}
    reign = found.as_told(names, told.get("applied") if told.get("kind") == found.kind else None)
    limits = Limits(params["max_lag"], params["max_lost"], params["accept_unfenced"])
    if params["planned"]:
        return _replica_decision.switchover(reign, members, params["candidate"], limits)
    return _replica_decision.failover(reign, members, params["candidate"], limits, fenced=params["fenced"])


def main() -> None:
    run(body, argument_spec(), required_by={"facts": ["name"]})


if __name__ == "__main__":
    main()
