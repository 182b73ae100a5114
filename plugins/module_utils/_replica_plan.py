# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a replication set when an instance joins it, leaves it, or becomes its primary. Pure; private to the collection."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ReplicationSet, founded


class Party(t.NamedTuple):
    """An instance. told: what its data volume says of its set. there: that set, if it is a member of it. free: no set has that id."""

    name: str
    uid: str
    told: str = ""
    there: ReplicationSet | None = None
    free: bool = True


class History(t.NamedTuple):
    """How the agent of a primary tells its history: see ReplicationSet."""

    kind: str | None = None
    line: str | None = None
    base: str | None = None


@dataclasses.dataclass(frozen=True)
class Change:
    """joining: uids of those whose volumes are to name the set before its record has them; leaving: of those that are to name none after that."""

    before: ReplicationSet | None
    after: ReplicationSet | None
    joining: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after or bool(self.joining or self.leaving)

    def shown(self) -> dict[str, t.Any]:
        """For a diff."""
        sides = {"before": self.before, "after": self.after}
        return {name: dataclasses.asdict(one) if one else {} for name, one in sides.items()}


def joined(party: Party, other: Party | None, history: History, new_id: str) -> Change:
    """other: whose set it joins; one that is in none founds it. new_id: for that, unless a run that was killed has chosen one."""
    if other is None:
        if party.there is None:
            msg = f"replica_of: {party.name} is in no set, so it has to be said whose it joins"
            raise DbaasError("invalid", msg, option="replica_of")
        return Change(party.there, party.there)
    if party.there is not None and other.uid != party.uid and (other.there is None or other.there.id != party.there.id):
        msg = f"{party.name} is in another set: playbook replica_detach makes it an instance of its own"
        raise DbaasError("conflict", msg)
    after = (other.there or _founded(other, history, new_id)).with_member(party.uid)
    joining = {one.uid for one in (party, other) if one.told != after.id}
    return Change(other.there, after, tuple(sorted(joining)))


def _founded(founder: Party, history: History, new_id: str) -> ReplicationSet:
    missing = [name for name, value in history._asdict().items() if value is None]
    if missing:
        raise DbaasError("invalid", f"{', '.join(missing)}: needed for a new set", option=missing[0])
    identity = founder.told if founder.told and founder.free else new_id
    return founded(identity, founder.uid, history.kind or "", history.line or "", history.base or "")


@dataclasses.dataclass(frozen=True)
class Wish:
    """What becomes of a set's mode; None leaves what is. mode, wanted: see ReplicationSet.guarded. waits_for: see ReplicationSet.waiting_for.

    synchronous, follows, delay: of the instance that it is about, see ReplicationSet.seated.
    """

    mode: str | None = None
    wanted: int | None = None
    waits_for: int | None = None
    synchronous: bool | None = None
    follows: str | None = None
    delay: int | None = None

    def met(self, party: Party, change: Change) -> Change:
        """The change with that."""
        after = change.after
        if after is None:
            return change
        after = after.seated(party.uid, synchronous=self.synchronous, follows=self.follows, delay=self.delay)
        if self.mode is not None or self.wanted is not None:
            after = after.guarded(self.mode, self.wanted)
        if self.waits_for is not None:
            after = after.waiting_for(self.waits_for)
        return dataclasses.replace(change, after=after)


def left(party: Party) -> Change:
    """Out of its set. The last member of a set takes it along; its primary cannot leave before."""
    leaving = (party.uid,) if party.told else ()
    if party.there is None:
        return Change(None, None, leaving=leaving)
    after = None if len(party.there.members) == 1 else party.there.without_member(party.uid)
    return Change(party.there, after, leaving=leaving)


def promoted(party: Party, reign: int | None, history: History) -> Change:
    """Primary of its set. Of one that is that already, only the line that it writes is brought up to date, and what it had then.

    reign: that of the set about which it was decided.
    """
    there = party.there
    if there is None:
        raise DbaasError("not_found", f"instance: {party.name} is in no replication set", option="instance")
    if there.primary == party.uid:
        return Change(there, there.writing(history.line or "", history.base or ""))
    if reign != there.reign:
        msg = f"reign: {reign} is over, it is {there.reign}: somebody else made another one primary meanwhile"
        raise DbaasError("conflict", msg, option="reign")
    return Change(there, there.under(party.uid, history.line or "", history.base or ""))
