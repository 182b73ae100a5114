# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: replica
short_description: Keep who is primary of a replication set, and who its members are
version_added: 0.1.0
description:
  - Keeps the record of a replication set in the object store, where no guest can write. It configures no guest, which is what playbooks C(replica_create),
    C(replica_promote), C(replica_eject) and C(replica_detach) do, and they hold the locks of all members meanwhile.
  - To write another primary into the record is the moment of a switch; a member takes writes only while the record names it.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  instance:
    description: Name of the instance.
    type: str
    required: true
  state:
    description:
      - V(present) has it a member, V(absent) has it none. V(primary) has it the primary.
      - A set whose last replica leaves is forgotten with its endpoint, and its primary an instance of its own.
        Who leaves before has no address of the endpoint any more.
    type: str
    choices: [present, absent, primary]
    default: present
  replica_of:
    description:
      - With O(state=present), an instance of the set that it joins; one that is in none becomes the primary of a new one.
      - The instance itself stands for its own set, of which it is the only member at first.
    type: str
  reign:
    description: With O(state=primary), RV(replication_set.reign) of the set that the decision was about. Another one meanwhile is a conflict.
    type: int
  kind:
    description: How histories of writes are written, as the agent of the primary tells in its status. Needed for a new set.
    type: str
    choices: [gtid_set, gtid_state, wal]
  line:
    description: The line of history into which the primary writes, as its agent tells. Needed for a new set; PostgreSQL tells a new one after a promotion.
    type: str
  base:
    description: What the primary had when it became primary, as its agent tells. Needed for a new set and with O(state=primary).
    type: str
  mode:
    description:
      - With O(state=present), whether the primary waits for receipts of replicas before it tells a client that a write is kept. V(semi_sync) is how MySQL and
        MariaDB do that, V(sync) how PostgreSQL does. Without it the set keeps the mode that it has, and a new one has V(async).
      - A wait has no end; the primary's status tells when receipts lack.
    type: str
    choices: [async, semi_sync, sync]
  receipts:
    description: Of how many replicas it is to have receipts, in a mode that has them. Without it what the set has, and V(1) at first. MariaDB knows V(1) alone.
    type: int
  waits_for:
    description:
      - With O(state=present), for the receipts of how many replicas the primary waits now, which is O(receipts) when all are there, and never more.
      - Write a lower number here before the primary is told, and a higher one after it was told, so that the record never claims what does not hold.
    type: int
  synchronous:
    description: With O(state=present), whether the receipts of this instance count while it is a replica. Without it they do, unless that was said before.
    type: bool
  follows:
    description:
      - With O(state=present), name of the replica that this one is to follow, so that the primary has no work with it. The primary's name has it follow the
        primary, whoever that is. Without it whom it followed before, and the primary at first.
      - It follows the primary, too, while that replica is primary, or none of the set any more.
    type: str
  delay:
    description:
      - With O(state=present), seconds by which this replica is kept behind on purpose. Without it what was said before, and V(0) at first.
      - Others cannot follow one that is kept behind.
    type: int
  port:
    description:
      - With O(state=present), the port on which members reach each other. A security group of the set lets them in.
      - A port of Neutron that the user made keeps the groups that it has, which must let the members in.
    type: int
  dest:
    description: File on the controller, mode 0600, into which a ticket to read the record is written, for the members.
    type: path
  valid_for:
    description: Days for which the ticket is valid.
    type: int
    default: 365
seealso:
  - module: dbaas.openstack.replica_info
  - module: dbaas.openstack.replica_endpoint
"""

EXAMPLES = r"""
- name: Have an instance in the set of another one
  dbaas.openstack.replica:
    cloud: devcloud
    instance: orders-2
    replica_of: orders
    port: 3306
    kind: "{{ status.replication.kind }}"
    line: "{{ status.replication.line }}"
    base: "{{ status.replication.applied }}"

- name: Have it the primary
  dbaas.openstack.replica:
    cloud: devcloud
    instance: orders-2
    state: primary
    reign: 1
    base: "{{ drained.result.position }}"
"""

RETURN = r"""
replication_set:
  description: The set as it is now, or would be in check mode; null when it is forgotten.
  returned: success
  type: dict
  contains:
    id:
      description: The set's id.
      type: str
      sample: 7a3f0d2e3b4a59687766554433221101
    primary:
      description: Uid of the primary.
      type: str
      sample: 6f1c0d2e3b4a59687766554433221101
    reign:
      description: How many primaries it had, with this one.
      type: int
      sample: 2
    members:
      description: By uid, what a member has, C(server_id) among it.
      type: dict
      sample: {6f1c0d2e3b4a59687766554433221101: {server_id: 1, synchronous: true, follows: "", delay: 0}}
    mode:
      description: V(async), V(semi_sync) or V(sync).
      type: str
      sample: async
    wanted:
      description: Of how many replicas the primary is to have receipts when all are there.
      type: int
      sample: 0
    receipts:
      description: For the receipts of how many replicas it waits.
      type: int
      sample: 0
seat:
  description: For programs, what the instance's own agent is to be told with its verb C(member_set); null when it is no member.
  returned: success
  type: dict
  sample: {set: 7a3f0d2e3b4a59687766554433221101, reign: 1, role: replica, server_id: 2, receipts: 0, wanted: 0, receivers: [], followers: []}
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: conflict
"""

import time
import typing as t
import uuid

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _endpoint_cloud,
    _replication_network_cloud,
    _replication_sets_cloud,
    _store,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import require
from ansible_collections.dbaas.openstack.plugins.module_utils._place_in_store import issue_ticket
from ansible_collections.dbaas.openstack.plugins.module_utils._private_file import directory_is_there
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_plan import (
    Change,
    History,
    Party,
    Wish,
    joined,
    left,
    promoted,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import MODES

_DAY = 86400
Row = dict[str, t.Any]


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "instance": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent", "primary"], "default": "present"},
        "replica_of": {"type": "str"},
        "reign": {"type": "int"},
        "kind": {"type": "str", "choices": ["gtid_set", "gtid_state", "wal"]},
        "line": {"type": "str"},
        "base": {"type": "str"},
        "mode": {"type": "str", "choices": list(MODES)},
        "receipts": {"type": "int"},
        "waits_for": {"type": "int"},
        "synchronous": {"type": "bool"},
        "follows": {"type": "str"},
        "delay": {"type": "int"},
        "port": {"type": "int"},
        "dest": {"type": "path"},
        "valid_for": {"type": "int", "default": 365},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """Plan, and carry out."""
    params, prefix = module.params, module.params["store_prefix"]
    if params["dest"] and not directory_is_there(params["dest"]):
        msg = f"dest is {params['dest']!r}; it must be a file in an existing directory."
        raise DbaasError("invalid", msg, option="dest")
    names = [params["instance"], *([params["replica_of"]] if params["replica_of"] else [])]
    rows = [require(connection, name, prefix) for name in names]
    party, *others = [_party(connection, row, prefix) for row in rows]
    follows = require(connection, params["follows"], prefix)["uid"] if params["follows"] else None
    change = _planned(params, party, others[0] if others else None, follows)
    if module.check_mode:
        reach = _reach(connection, params, change, [party, *others], check=True)
    else:
        reach = _carry_out(
            connection, params, change, {one.uid: (one, row) for one, row in zip([party, *others], rows, strict=True)}
        )
        if params["dest"] and change.after is not None:
            expires = int(time.time()) + params["valid_for"] * _DAY
            container, name = prefix + _store.RECORDS, change.after.record()
            issue_ticket(connection, params["dest"], container, name, expires=expires, method="GET")
    return {
        "changed": change.changed or reach,
        "diff": change.shown(),
        "replication_set": change.shown()["after"] or None,
        "seat": change.after.seat(party.uid) if change.after else None,
    }


def _reach(
    connection: t.Any, params: t.Mapping[str, t.Any], change: Change, parties: list[Party], *, check: bool
) -> bool:
    """Members reach each other before they are members, until they are none any more. Whether something is changed."""
    if params["state"] == "absent" and change.before is not None:
        last = change.after is None
        if last:
            left = _endpoint_cloud.remove(connection, change.before, check=check)
        else:
            left = _endpoint_cloud.leave(connection, change.before, parties[0].uid, check=check)
        return (
            _replication_network_cloud.disconnect(
                connection, change.before.id, params["instance"], last=last, check=check
            )
            or left
        )
    if params["state"] == "present" and change.after is not None and params["port"]:
        identity, port = change.after.id, params["port"]
        each = [
            _replication_network_cloud.connect(connection, identity, one.name, port, check=check) for one in parties
        ]
        return any(each)
    return False


def _party(connection: t.Any, row: Row, prefix: str) -> Party:
    told = row["replication_set"]
    named = _replication_sets_cloud.find(connection, told, prefix) if told else None
    there = named if named and row["uid"] in named.members else None
    return Party(row["name"], row["uid"], told, there, free=named is None)


def _planned(params: t.Mapping[str, t.Any], party: Party, other: Party | None, follows: str | None) -> Change:
    history = History(params["kind"], params["line"], params["base"])
    if params["state"] == "present":
        wish = Wish(
            params["mode"], params["receipts"], params["waits_for"], params["synchronous"], follows, params["delay"]
        )
        return wish.met(party, joined(party, other, history, uuid.uuid4().hex))
    return left(party) if params["state"] == "absent" else promoted(party, params["reign"], history)


def _carry_out(
    connection: t.Any, params: t.Mapping[str, t.Any], change: Change, parties: t.Mapping[str, tuple[Party, Row]]
) -> bool:
    """In this order what was stopped is found and done again: nobody is a member whose volume does not name the set. What _reach says."""
    prefix = params["store_prefix"]
    for uid in change.joining:
        _replication_sets_cloud.tell_volume(
            connection, _volume(parties[uid][1]), change.after.id if change.after else ""
        )
    reach = _reach(connection, params, change, [party for party, _row in parties.values()], check=False)
    if change.after is None and change.before is not None:
        _replication_sets_cloud.delete(connection, change.before, prefix)
    elif change.after is not None and change.after != change.before:
        _replication_sets_cloud.write(connection, change.after, change.before, prefix)
    for uid in change.leaving:
        _replication_sets_cloud.tell_volume(connection, _volume(parties[uid][1]), "")
    return reach


def _volume(row: Row) -> str:
    if not row["volume"]:
        raise DbaasError("not_actionable", f"{row['name']} has no data volume")
    return str(row["volume"]["id"])


def main() -> None:
    run(body, argument_spec(), required_if=[("state", "primary", ["base"])])


if __name__ == "__main__":
    main()
