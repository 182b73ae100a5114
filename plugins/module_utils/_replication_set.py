# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a replication set: who is its primary since when, and who its members are. Pure; private to the collection.

It is one object in the store, where no guest can write; to write it is to switch. docs/decisions/replication.md says why.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _histories
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import Reign

FOLDER = "sets"
ASYNC, SEMI_SYNC, SYNC = "async", "semi_sync", "sync"
MODES = (ASYNC, SEMI_SYNC, SYNC)
"""Whether the primary waits for receipts before it tells a client that something is kept, and whose way of that it is."""
_ID = re.compile(r"[0-9a-f]{32}")


@dataclasses.dataclass(frozen=True)
class Seat:
    """A member. server_id: its number in the datastore's configuration, which no other member had before. synchronous: its receipts count."""

    server_id: int
    synchronous: bool = False


@dataclasses.dataclass(frozen=True)
class ReplicationSet:
    """members: by the uid of each instance, the primary among them. reign: how many primaries there were, with this one.

    kind: how histories are written; line: the line of them that this primary writes; base: what it had when it began, in that way of writing.
    receipts: of how many synchronous members it waits for; 0: for none. next_server_id: the number of the next member.
    """

    id: str
    primary: str
    kind: str
    line: str
    base: str
    members: t.Mapping[str, Seat]
    reign: int = 1
    mode: str = ASYNC
    receipts: int = 0
    next_server_id: int = 1

    def record(self) -> str:
        """The name of its record."""
        return f"{FOLDER}/{self.id}"

    def body(self) -> str:
        """The record in the store."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    def seat(self, uid: str) -> dict[str, t.Any] | None:
        """What the agent of a member is told with its verb member_set, but for the ticket; None for who is no member."""
        if uid not in self.members:
            return None
        role = "primary" if uid == self.primary else "replica"
        return {"set": self.id, "reign": self.reign, "role": role, "server_id": self.members[uid].server_id}

    def with_member(self, uid: str, *, synchronous: bool = False) -> ReplicationSet:
        """With another member, or with the same ones where it is one already."""
        if uid in self.members:
            return self
        seat = Seat(self.next_server_id, synchronous)
        return dataclasses.replace(self, members={**self.members, uid: seat}, next_server_id=self.next_server_id + 1)

    def without_member(self, uid: str) -> ReplicationSet:
        """Without a replica. DbaasError (not_actionable) for the primary."""
        if uid == self.primary:
            raise DbaasError(
                "not_actionable", "the primary is no replica: playbook replica_promote makes another one that first"
            )
        return dataclasses.replace(self, members={one: seat for one, seat in self.members.items() if one != uid})

    def under(self, uid: str, line: str, base: str) -> ReplicationSet:
        """With another primary, which had so much when it began, and writes that line from then on."""
        if uid not in self.members:
            raise DbaasError("not_found", f"{uid} is no member of the set")
        if uid == self.primary:
            return self
        return dataclasses.replace(self, primary=uid, line=line, base=base, reign=self.reign + 1)

    def as_told(self, names: t.Mapping[str, str], told: str | None = None) -> Reign:
        """What a decision has to know of it. names: of instances, by uid. told: what its primary had when it told last."""
        base = _histories.read(self.kind, self.base)
        last = None if told is None else _histories.read(self.kind, told)
        return Reign(names.get(self.primary, self.primary), self.line, base, last, self.receipts)


def founded(identity: str, primary: str, kind: str, line: str, base: str) -> ReplicationSet:
    """A set of an instance alone."""
    alone = ReplicationSet(identity, primary, kind, line, base, members={})
    return alone.with_member(primary)


def parse(body: t.Any, name: str) -> ReplicationSet:
    """A record from the store. DbaasError (conflict) when it is none: nobody but this collection writes there."""
    found = _of(body)
    if found is None or found.record() != name or found.primary not in found.members:
        raise DbaasError("conflict", f"the record {name} is damaged: nobody can tell who is the primary of that set")
    return found


def _of(body: t.Any) -> ReplicationSet | None:
    """Words that are not known are another version's."""
    if not isinstance(body, dict):
        return None
    known = {field.name for field in dataclasses.fields(ReplicationSet)}
    words = {key: value for key, value in body.items() if key in known}
    seats = {field.name for field in dataclasses.fields(Seat)}
    try:
        members = {
            uid: Seat(**{key: value for key, value in seat.items() if key in seats})
            for uid, seat in words.pop("members").items()
        }
        found = ReplicationSet(**words, members=members)
        _histories.read(found.kind, found.base)
    except (AttributeError, DbaasError, KeyError, TypeError):
        return None
    return found if _ID.fullmatch(str(found.id)) and found.mode in MODES else None
