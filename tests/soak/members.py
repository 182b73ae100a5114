# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A replication set of molecule's guests: what role `replica` does with one, in the same order, by the same verbs of the agents, over SSH.

Its record lies in the store's stand-in; the decisions are the collection's. Each function names the file of the role's tasks that it stands for.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import time
from collections.abc import Collection, Iterator
from typing import Any

from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _histories,
    _replica_decision,
    _replica_facts,
    _replication_set,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import AgentError
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import Decision, Limits, Member, Reign
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore_files import load, places

from tests.soak.guests import FOREVER, Guest

AWAIT_SECONDS = 120
HEARS_SECONDS = 60.0
SETTLE_SECONDS = 90.0
Facts = dict[str, dict[str, Any]]


class Members:
    """A set that is founded by the first of the guests. mode: async, or the one of its datastore in which the primary waits for a receipt."""

    def __init__(self, guests: list[Guest], mode: str) -> None:
        self.guests = {guest.name: guest for guest in guests}
        self._names = {guest.uid: guest.name for guest in guests}
        first = guests[0]
        definition = load(first.datastore, first.version, places([]))
        self.service, self.port = definition["service"], definition["port"]
        self.data_dir = definition["data_dir"]
        self._strategy = definition["strategies"]["backup"]
        told = first.status()["replication"]
        founded = _replication_set.founded(
            secrets.token_hex(16), first.uid, told["kind"], told["line"], told["applied"]
        )
        for guest in guests[1:]:
            founded = founded.with_member(guest.uid)
        self.set = founded.guarded(mode, None)
        self._began = founded.base
        self._write()
        self.lead()

    @property
    def primary(self) -> Guest:
        """Whom the record names."""
        return self.guests[self._names[self.set.primary]]

    @property
    def replicas(self) -> list[Guest]:
        """The other ones."""
        return [guest for guest in self.guests.values() if guest is not self.primary]

    def facts(self, away: Collection[Guest] = ()) -> Facts:
        """facts.yml: what the members tell, the primary last; who does not answer tells nothing. away: to whom nobody comes."""
        asked = [guest for guest in [*self.replicas, self.primary] if guest not in away]
        told = {guest.name: guest.status() for guest in asked}
        return {name: status for name, status in told.items() if status}

    def switchover(self, facts: Facts, new: Guest) -> Decision:
        """decide.yml, as planned, for that replica."""
        return _replica_decision.switchover(self._reign(), self._told(facts), new.name)

    def failover(self, facts: Facts, max_lost: int) -> Decision:
        """decide.yml, for who has most, once the primary is fenced."""
        return _replica_decision.failover(
            self._reign(), self._told(facts), limits=Limits(max_lost=max_lost), fenced=True
        )

    def switch(self, new: Guest) -> None:
        """switch.yml; what goes wrong before the record is written goes back."""
        old = self.primary
        told = old.call("status")["replication"]["applied"]
        new.call("replica_await", {"position": told, "seconds": AWAIT_SECONDS})
        try:
            drained = old.call("writes_drain")["position"]
            new.call("replica_await", {"position": drained, "seconds": AWAIT_SECONDS})
        except AgentError:
            self.lead()
            raise
        self._name(new, drained)
        self.lead()

    def take_over(self, facts: Facts, decision: Decision) -> None:
        """The second half of fence.yml, and lead.yml."""
        new = self.guests[decision.primary]
        received = facts[new.name]["replication"]["received"]
        new.call("replica_await", {"position": received, "seconds": AWAIT_SECONDS})
        self._name(new, received)
        self.lead()

    def lead(self) -> None:
        """lead.yml."""
        self._seat(self.primary)
        told = self.primary.status()["replication"]
        self.set = self.set.writing(told["line"], told["applied"])
        self._write()

    def protect(self, away: Collection[Guest] = (), *, leaving: Collection[str] = (), settled: bool = True) -> None:
        """protect.yml: the record is lowered before the primary is, and raised after it."""
        told = self._told(self.facts(away))
        receipts = _replica_decision.receipts(self.primary.name, self.set.wanted, told, leaving)
        before, after = self.set, self.set.waiting_for(receipts)
        if after.receipts < before.receipts:
            self.set = after
            self._write()
        if after != before:
            self._seat(self.primary, receipts=after.receipts)
        if settled and after.receipts > before.receipts:
            self.set = after
            self._write()

    def follow(self, away: Collection[Guest] = ()) -> None:
        """follow.yml, for those that answer and have no writes of their own that they cannot take back. AgentError: one of them does not follow."""
        self.protect(away, settled=False)
        facts = self.facts(away)
        told = self._told(facts)
        errant = {one.member for one in _replica_decision.errant(self._reign(), told)}
        for one in told:
            if one.name in facts and one.name not in errant and one.name != self.primary.name:
                self._follow_one(self.guests[one.name], one, facts[one.name])
        self.protect(away)

    def _follow_one(self, guest: Guest, one: Member, facts: dict[str, Any]) -> None:
        """follow_one.yml, in a set in which all follow the primary."""
        seat = self.set.seat(guest.uid) or {}
        delay = self.set.members[guest.uid].delay
        knows = facts["membership"].get("receivers") == seat["receivers"]
        if one.follows and one.delay == delay and knows:
            return
        self._seat(guest)
        guest.call("replica_follow", {**self._upstream(guest), "delay": delay})
        deadline = time.monotonic() + HEARS_SECONDS
        while not ((guest.call("status")["replication"] or {}).get("source") or {}).get("receiving"):
            if time.monotonic() > deadline:
                raise AgentError("timeout", f"{guest.name} does not hear {self.primary.name}")
            time.sleep(0.5)

    def tell(self, guest: Guest) -> None:
        """endpoint_tell.yml, for one that has no addresses: what it is anyway."""
        self._seat(guest)

    def delay(self, guest: Guest, seconds: int) -> None:
        """place.yml, and follow.yml."""
        self.set = self.set.seated(guest.uid, delay=seconds)
        self._write()
        self.follow()

    def discard(self, guest: Guest) -> None:
        """Have a replica that has no data, and gives no receipts."""
        self.protect(leaving=[guest.name])
        self._seat(guest)
        guest.call("replica_discard")

    @contextlib.contextmanager
    def backup(self, guest: Guest) -> Iterator[dict[str, Any]]:
        """Where a backup of it is, and what the agent told of it; it is removed in the end."""
        name = f"soak-{secrets.token_hex(4)}"
        address, port = guest.store
        secret = {"url": f"http://{address}:{port}/{guest.uid}/{name}/", "expires": FOREVER}
        wish = {"strategy": self._strategy, "recipients": [], "parent": None}
        taken = guest.job("backup", name, wish, secret)
        try:
            yield {**taken, "name": name, "url": secret["url"]}
        finally:
            shutil.rmtree(guest.state / "store" / guest.uid / name)

    def copy(self, guest: Guest) -> None:
        """seat_one.yml, and guest.yml of role `instance`: a replica without data begins with a backup of the primary."""
        upstream = self._upstream(guest)
        with self.backup(self.primary) as taken:
            restore = {
                "strategy": self._strategy,
                "follows": True,
                "chain": [{"sha256": taken["sha256"], "encrypted": False}],
            }
            guest.job("restore", taken["name"], restore, {"urls": [taken["url"]], "expires": FOREVER})
        names = {"names": [f"{guest.name}.example"], "addresses": [guest.address]}
        guest.call("datastore_initialise", {**names, "tls_mode": "preferred"})
        guest.call("replica_follow", {**upstream, "position": taken["position"]})

    def settle(self) -> None:
        """Wait until all have applied what the primary has now. AgentError (timeout): one does not."""
        wanted = self.primary.call("status")["replication"]["applied"]
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            told = [one for one in self._told(self.facts()) if one.name != self.primary.name]
            late = [one for one in told if not (one.running and one.applied.has_all_of(self._read(wanted)))]
            if not late:
                return
            if time.monotonic() > deadline:
                raise AgentError("timeout", f"not caught up after {SETTLE_SECONDS:.0f} s: {late}")
            time.sleep(0.3)

    def own_writes(self, guest: Guest, facts: Facts) -> _histories.History:
        """What a replica has that came from no primary."""
        return _replica_decision.own_writes(self._member(guest, facts), self._reign())

    def missing(self, guest: Guest, facts: Facts) -> int:
        """How much a replica, as it told, has of what the primary had not when it began."""
        return self._read(self._began).missing(self._member(guest, facts).received)

    def _member(self, guest: Guest, facts: Facts) -> Member:
        return next(one for one in self._told(facts) if one.name == guest.name)

    def _read(self, position: str) -> _histories.History:
        return _histories.read(self.set.kind, position)

    def _told(self, facts: Facts) -> list[Member]:
        reign, hosts = self.set.reign, {self.primary.address}
        return [
            _replica_facts.member(
                self._names[uid],
                facts.get(self._names[uid], {}),
                reign=reign,
                hosts=hosts,
                synchronous=seat.synchronous,
            )
            for uid, seat in self.set.members.items()
        ]

    def _reign(self) -> Reign:
        """With what the primary's last heartbeat said, as module replica_info has it."""
        beat = self.primary.state / "store" / f"{self.primary.uid}.body"
        told = json.loads(beat.read_text()).get("replication") if beat.exists() else None
        return self.set.as_told(self._names, told["applied"] if told else None)

    def _name(self, new: Guest, base: str) -> None:
        """Have the record say that another one is primary, as module replica does with state primary: this is the switch."""
        self.set = self.set.under(new.uid, "", base)
        self._began = base
        self._write()

    def _write(self) -> None:
        place = self.primary.state / "store" / f"{self.set.record()}.body"
        place.parent.mkdir(exist_ok=True)
        place.with_suffix(".new").write_text(self.set.body())
        place.with_suffix(".new").rename(place)

    def _seat(self, guest: Guest, **beside: int) -> None:
        address, port = guest.store
        seat = {**(self.set.seat(guest.uid) or {}), "record": f"http://{address}:{port}/{self.set.record()}"}
        guest.call("member_set", {**seat, **beside})

    def _upstream(self, guest: Guest) -> dict[str, Any]:
        """How a replica comes to the primary, which has an account for it from now on with a password that nobody else knows."""
        account = {"name": _replication_set.account(guest.uid), "password": secrets.token_hex(16)}
        self.primary.call("replica_account", account)
        return {
            "host": self.primary.address,
            "port": self.port,
            "user": account["name"],
            "password": account["password"],
            "ca_certificate": self.primary.call("status")["tls"]["ca_certificate"],
        }
