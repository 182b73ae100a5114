# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: replica_endpoint
short_description: Keep the addresses by which clients reach a replication set where they belong
version_added: 0.1.0
description:
  - A set can have addresses for writers, which lead to its primary, and for readers, which lead to a replica. They stay the same whoever is primary.
  - Has the writer's addresses at the member that the set's record names as its primary, and at no other. They are taken from all others first.
  - It configures no guest, which is what playbooks C(replica_create), C(replica_promote), C(replica_eject) and C(replica_rejoin) do.
    They hold the locks of all members meanwhile.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  instance:
    description:
      - Name of an instance of the set.
      - In check mode it may be in none, which tells what the endpoint of a new set would be.
    type: str
    required: true
  kind:
    description:
      - In which way. Without it the set keeps what it has.
      - V(address) is an address of the network in which the primary is, IPv4 and IPv6, reserved by a port of the set, and used by the ports of members by
        C(allowed_address_pairs). Where the primary has a floating address, each of these ports gets one, too. The pairs must be allowed, as they are in
        networks of the project itself.
      - V(floating) is a floating address that is moved between the ports of members, which have none of their own.
      - V(auto) is V(address) where pairs are allowed, and otherwise V(floating). Neutron is asked for a port that it cannot make.
      - V(none) takes the endpoint away.
    type: str
    choices: [auto, address, floating, none]
  followers:
    description:
      - Names of the replicas that follow the primary. The reader's addresses stay where they are, if that is one of them; otherwise the first one gets them,
        or the primary where there is none.
      - Without it the reader's addresses stay where they are.
    type: list
    elements: str
  floating_network:
    description: External network of floating addresses; without it that of the primary's own, or else the first one to which a router leads.
    type: str
seealso:
  - module: dbaas.openstack.replica
  - module: dbaas.openstack.replica_info
"""

EXAMPLES = r"""
- name: Have an endpoint
  dbaas.openstack.replica_endpoint:
    cloud: devcloud
    instance: orders
    kind: auto
    followers: [orders-2]

- name: Have it where the record says
  dbaas.openstack.replica_endpoint:
    cloud: devcloud
    instance: orders
"""

RETURN = r"""
endpoint:
  description: The endpoint as it is now; in check mode, as far as it can be known. Null when there is none.
  returned: success
  type: dict
  contains:
    kind:
      description: V(address) or V(floating).
      type: str
      sample: address
    writer:
      description: Addresses that lead to the primary, those for clients outside of the network first.
      type: list
      elements: str
      sample: [203.0.113.9, 10.0.0.9]
    reader:
      description: Addresses that lead to who is to be read from.
      type: list
      elements: str
      sample: [203.0.113.8, 10.0.0.8]
    writer_at:
      description: Name of the instance at which the writer's addresses are; empty if at none.
      type: str
      sample: orders
    reader_at:
      description: Name of the instance at which the reader's addresses are; empty if at none.
      type: str
      sample: orders-2
told:
  description:
    - For programs, what the agent of the member at RV(endpoint.reader_at) is to be told with its verb C(member_set).
    - For others C(reader_addresses) are none.
  returned: success
  type: dict
  sample: {writer_addresses: [10.0.0.9], reader_addresses: [10.0.0.8], endpoint_addresses: [10.0.0.8, 10.0.0.9]}
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: unsupported
"""

import dataclasses
import typing as t
import uuid

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _endpoint,
    _endpoint_cloud,
    _replication_sets_cloud,
    _store,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._endpoint import READER
from ansible_collections.dbaas.openstack.plugins.module_utils._endpoint_cloud import Seen
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import require
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ReplicationSet, founded

Row = t.Mapping[str, t.Any]
_NOTHING: dict[str, list[str]] = {"writer_addresses": [], "reader_addresses": [], "endpoint_addresses": []}


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "instance": {"type": "str", "required": True},
        "kind": {"type": "str", "choices": ["auto", "address", "floating", "none"]},
        "followers": {"type": "list", "elements": "str"},
        "floating_network": {"type": "str"},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """Decide on the way, and have everything there and where it belongs."""
    params, check = module.params, module.check_mode
    found = _set_of(connection, params, check)
    kind = _endpoint.chosen(params["kind"], found.endpoint, lambda: _endpoint_cloud.pairs_allowed(connection, found))
    wanted = dataclasses.replace(found, endpoint=kind)
    if kind:
        seen, done = _present(connection, params, _endpoint_cloud.look(connection, found, kind), found, check)
        told: dict[str, t.Any] = {"endpoint": seen.shown(), "told": seen.told()}
    else:
        done = _absent(connection, params, found, check)
        told = {"endpoint": None, "told": _NOTHING}
    diff = {"before": {"endpoint": found.endpoint}, "after": {"endpoint": kind, "done": done}}
    return {"changed": bool(done) or wanted != found, "diff": diff, **told}


def _set_of(connection: t.Any, params: t.Mapping[str, t.Any], check: bool) -> ReplicationSet:
    row = require(connection, params["instance"], params["store_prefix"])
    found = _replication_sets_cloud.of_instance(connection, row, params["store_prefix"])
    if found is not None:
        return found
    if not check:
        msg = f"instance: {row['name']} is in no replication set; playbook replica_create makes replicas of an instance"
        raise DbaasError("not_found", msg, option="instance")
    return founded(uuid.uuid4().hex, row["uid"], "", "", "")


def _present(
    connection: t.Any, params: t.Mapping[str, t.Any], seen: Seen, found: ReplicationSet, check: bool
) -> tuple[Seen, list[str]]:
    """The record says it first, so that a run that was killed is made up for by any operation. What was done, too."""
    if params["kind"] is not None:
        _endpoint_cloud.refuse_unfit(seen, found)
    if not check:
        _record(connection, params, found, seen.kind)
    made = _endpoint_cloud.make(connection, seen, found, params["floating_network"], check=check)
    if made and not check:
        seen = _endpoint_cloud.look(connection, found, seen.kind)
    at = _endpoint.holders(seen.kind, found.primary, seen.at(READER), _uids(seen, params["followers"]))
    moves = _endpoint.moves(seen.standing(), _endpoint.standing(seen.moved(), at))
    if moves.changed and not check:
        _endpoint_cloud.carry_out(connection, seen, found, moves)
        seen = _endpoint_cloud.look(connection, found, seen.kind)
    done = [f"{way} {name}" for way, names in (("make", made), *_shown(seen, moves)) for name in names]
    return seen, done


def _shown(seen: Seen, moves: _endpoint.Moves) -> list[tuple[str, list[str]]]:
    steps = (("take", moves.taken), ("give", moves.given))
    return [
        (way, [f"{', '.join(sorted(addresses))} at {seen.names.get(uid, uid)}" for uid, addresses in each])
        for way, each in steps
    ]


def _absent(connection: t.Any, params: t.Mapping[str, t.Any], found: ReplicationSet, check: bool) -> list[str]:
    """The record says it last."""
    removed = _endpoint_cloud.remove(connection, found, check=check)
    if not check:
        _record(connection, params, found, "")
    return ["remove"] if removed else []


def _record(connection: t.Any, params: t.Mapping[str, t.Any], found: ReplicationSet, kind: str) -> None:
    wanted = dataclasses.replace(found, endpoint=kind)
    if wanted != found:
        _replication_sets_cloud.write(connection, wanted, found, params["store_prefix"])


def _uids(seen: Seen, names: list[str] | None) -> list[str] | None:
    """Members of those names; others are none that could be read from."""
    return None if names is None else [uid for uid in seen.seats if seen.names.get(uid) in names]


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
