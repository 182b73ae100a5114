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
from ansible_collections.dbaas.openstack.plugins.module_utils._endpoint import KINDS
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import Reign

FOLDER = "sets"
ASYNC, SEMI_SYNC, SYNC = "async", "semi_sync", "sync"
MODES = (ASYNC, SEMI_SYNC, SYNC)
"""Whether the primary waits for receipts before it tells a client that something is kept, and whose way of that it is."""
_MODE = {"gtid_set": SEMI_SYNC, "gtid_state": SEMI_SYNC, "wal": SYNC}
"""Which of them a datastore has beside async, by how its histories are written."""
_MOST = {"gtid_state": 1}
"""For how many receipts it can wait, where that is bounded: MariaDB 11.8 has no variable for their number."""
_LONGEST_DELAY = 30 * 86400
_ID = re.compile(r"[0-9a-f]{32}")


@dataclasses.dataclass(frozen=True)
class Seat:
    """A member. server_id: its number in the datastore's configuration, which no other member had before. synchronous: its receipts count.

    follows: the uid of the replica that it is to follow; empty: the primary, whoever that is. delay: seconds by which it is kept behind on
    purpose. Both say what it is while it is a replica, and stay while it is primary.
    """

    server_id: int
    synchronous: bool = True
    follows: str = ""
    delay: int = 0


@dataclasses.dataclass(frozen=True)
class ReplicationSet:
    """members: by the uid of each instance, the primary among them. reign: how many primaries there were, with this one.

    kind: how histories are written; line: the line of them that this primary writes; base: what it had when it began, in that way of writing.
    wanted: of how many synchronous members' receipts the primary is to wait for when all are there; 0: for none. receipts: for how many it waits at least.
    next_server_id: the number of the next member.
    endpoint: in which way one address leads clients to whoever is primary; empty: in none.
    """

    id: str
    primary: str
    kind: str
    line: str
    base: str
    members: t.Mapping[str, Seat]
    reign: int = 1
    mode: str = ASYNC
    wanted: int = 0
    receipts: int = 0
    next_server_id: int = 1
    endpoint: str = ""

    @property
    def rewinds(self) -> bool:
        """Whether a member that follows again takes back what it wrote by itself."""
        return self.kind == "wal"

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
        return {
            "set": self.id,
            "reign": self.reign,
            "role": "primary" if uid == self.primary else "replica",
            "server_id": self.members[uid].server_id,
            "receipts": self.receipts,
            "wanted": self.wanted,
            "receivers": [account(one) for one in self.receivers() if self.wanted],
            "followers": [account(one) for one, source in sorted(self.cascade().items()) if source == uid],
        }

    def receivers(self) -> list[str]:
        """The uids of the replicas whose receipts count. Who follows a replica gives none to the primary."""
        return sorted(
            uid
            for uid, seat in self.members.items()
            if seat.synchronous and uid != self.primary and self.upstream(uid) == self.primary
        )

    def upstream(self, uid: str, absent: t.Container[str] = ()) -> str:
        """The uid of whom a replica follows now: the primary, or the replica that its seat names.

        It is the primary where that one is none of the set, is absent, is kept behind itself, or follows this one, through however many others:
        so whoever goes from one to the next comes to the primary.
        """
        wanted = self.members[uid].follows
        if wanted in absent or not self._passes_on(wanted):
            return self.primary
        passed, one = {wanted}, self.members[wanted].follows
        while self._passes_on(one) and one not in passed:
            passed.add(one)
            one = self.members[one].follows
        return self.primary if uid in passed else wanted

    def _passes_on(self, uid: str) -> bool:
        return uid in self.members and uid != self.primary and not self.members[uid].delay

    def cascade(self, absent: t.Container[str] = ()) -> dict[str, str]:
        """For each replica that is not absent whom it follows now, in an order in which everybody comes after the one that he follows."""
        links = {uid: self.upstream(uid, absent) for uid in self.members if uid != self.primary and uid not in absent}

        def depth(uid: str) -> int:
            return 1 + depth(links[uid]) if uid in links else 0

        return {uid: links[uid] for uid in sorted(links, key=lambda uid: (depth(uid), uid))}

    def with_member(self, uid: str) -> ReplicationSet:
        """With another member, whose receipts count, and which follows the primary; one that is there stays as it is."""
        if uid in self.members:
            return self
        number = self.next_server_id
        members = {**self.members, uid: Seat(number)}
        return dataclasses.replace(self, members=members, next_server_id=number + 1)

    def seated(
        self, uid: str, *, synchronous: bool | None = None, follows: str | None = None, delay: int | None = None
    ) -> ReplicationSet:
        """With that member as it is to be; None leaves what is. follows: the uid of any member; the primary stands for whoever is that.

        Where somebody's receipts do not count any more, the primary waits for none until it is seen who gives them.
        DbaasError (invalid, not_actionable).
        """
        if uid == self.primary and (delay or follows not in (None, uid)):
            raise DbaasError("not_actionable", "the primary follows nobody, and nobody keeps it behind: name a replica")
        now = self.members[uid]
        after = dataclasses.replace(
            now,
            synchronous=now.synchronous if synchronous is None else synchronous,
            follows=now.follows if follows is None else "" if follows == self.primary else follows,
            delay=now.delay if delay is None else delay,
        )
        if not 0 <= after.delay <= _LONGEST_DELAY:
            raise DbaasError(
                "invalid", f"delay: {after.delay} is not from 0 to {_LONGEST_DELAY} seconds", option="delay"
            )
        found = dataclasses.replace(self, members={**self.members, uid: after})
        if follows and after.follows and found.upstream(uid) != after.follows:
            msg = "follows: a replica follows the primary, or a replica of its set that is not kept behind and does not follow it in turn"
            raise DbaasError("invalid", msg, option="follows")
        if after.delay and any(one.follows == uid for one in found.members.values()):
            msg = (
                "delay: other replicas follow this one, and would be behind with it; have them follow the primary first"
            )
            raise DbaasError("invalid", msg, option="delay")
        if set(self.receivers()) - set(found.receivers()):
            return dataclasses.replace(found, receipts=0)
        return found._bounded()

    def guarded(self, mode: str | None, wanted: int | None) -> ReplicationSet:
        """With another mode; None leaves what is. For how many receipts its primary waits is not raised by that: see waiting_for."""
        mode = mode or self.mode
        if mode == ASYNC:
            return dataclasses.replace(self, mode=ASYNC, wanted=0, receipts=0)
        if mode != _MODE[self.kind]:
            msg = f"mode: {mode} is not what this datastore has; it has {ASYNC} and {_MODE[self.kind]}"
            raise DbaasError("invalid", msg, option="mode")
        wanted = wanted or self.wanted or 1
        most = _MOST.get(self.kind)
        if wanted < 1 or (most is not None and wanted > most):
            msg = f"receipts: {wanted}; it has to be at least 1{f', and MariaDB waits for those of {most} replica at most' if most else ''}"
            raise DbaasError("invalid", msg, option="receipts")
        return dataclasses.replace(self, mode=mode, wanted=wanted)._bounded()

    def waiting_for(self, receipts: int) -> ReplicationSet:
        """With a primary that waits for so many, or for as many as are wanted, or as there are members whose receipts count, whichever is least."""
        return dataclasses.replace(self, receipts=max(receipts, 0))._bounded()

    def _bounded(self) -> ReplicationSet:
        return dataclasses.replace(self, receipts=min(self.receipts, self.wanted, len(self.receivers())))

    def without_member(self, uid: str) -> ReplicationSet:
        """Without a replica. DbaasError (not_actionable) for the primary."""
        if uid == self.primary:
            raise DbaasError(
                "not_actionable", "the primary is no replica: playbook replica_promote makes another one that first"
            )
        members = {
            one: dataclasses.replace(seat, follows="") if seat.follows == uid else seat
            for one, seat in self.members.items()
            if one != uid
        }
        return dataclasses.replace(self, members=members)._bounded()

    def under(self, uid: str, line: str, base: str) -> ReplicationSet:
        """With another primary, which had so much when it began, and writes that line from then on. It waits for nobody until it is known who follows it."""
        if uid not in self.members:
            raise DbaasError("not_found", f"{uid} is no member of the set")
        if uid == self.primary:
            return self
        return dataclasses.replace(self, primary=uid, line=line, base=base, reign=self.reign + 1, receipts=0)

    def writing(self, line: str, base: str) -> ReplicationSet:
        """With the line that its primary writes since it began, and what it has then: PostgreSQL says when it begins where the line before ended.

        What it wrote meanwhile into its own line makes no difference.
        """
        return self if line in ("", self.line) else dataclasses.replace(self, line=line, base=base or self.base)

    def as_told(self, names: t.Mapping[str, str], told: str | None = None) -> Reign:
        """What a decision has to know of it. names: of instances, by uid. told: what its primary had when it told last."""
        base = _histories.read(self.kind, self.base)
        last = None if told is None else _histories.read(self.kind, told)
        return Reign(names.get(self.primary, self.primary), self.line, base, last, self.receipts, self.rewinds)


def account(uid: str) -> str:
    """The name of the account by which a member follows another one."""
    return f"dbaas_replica_{uid[:8]}"


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
    known_words = found.mode in MODES and found.endpoint in ("", *KINDS)
    return found if _ID.fullmatch(str(found.id)) and known_words else None
