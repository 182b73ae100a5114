# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A replication set of molecule's guests: what role `replica` does with one, in the same order, by the same verbs of the agents, over SSH.

Its record lies in the store's stand-in; the decisions are the collection's. Each function names the file of the role's tasks that it stands for.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
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
    def replica(self) -> Guest:
        """The other one."""
        (name,) = self.guests.keys() - {self.primary.name}
        return self.guests[name]

    def facts(self, *, dead: bool = False) -> Facts:
        """facts.yml: what the members tell, the primary last; who does not answer tells nothing. dead: nobody comes to the primary."""
        asked = {guest.name: guest.status() for guest in ([self.replica] if dead else [self.replica, self.primary])}
        return {name: told for name, told in asked.items() if told}

    def switchover(self, facts: Facts) -> Decision:
        """decide.yml, as planned, for the replica."""
        return _replica_decision.switchover(self._reign(), self._told(facts), self.replica.name)

    def failover(self, facts: Facts, max_lost: int) -> Decision:
        """decide.yml, for who has most, once the primary is fenced."""
        return _replica_decision.failover(
            self._reign(), self._told(facts), limits=Limits(max_lost=max_lost), fenced=True
        )

    def switch(self) -> None:
        """switch.yml; what goes wrong before the record is written goes back."""
        old, new = self.primary, self.replica
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

    def protect(self) -> None:
        """protect.yml."""
        receipts = _replica_decision.receipts(self.primary.name, self.set.wanted, self._told(self.facts()))
        self._wait_for(receipts)

    def _wait_for(self, receipts: int) -> None:
        """The record is lowered before the primary is, and raised after it."""
        before, self.set = self.set, self.set.waiting_for(receipts)
        if self.set.receipts < before.receipts:
            self._write()
        if self.set != before:
            self._seat(self.primary)
        if self.set.receipts > before.receipts:
            self._write()

    def follow(self, delay: int = 0) -> None:
        """follow_one.yml, for the replica, after protect.yml."""
        self.protect()
        self._seat(self.replica)
        self.replica.call("replica_follow", {**self._upstream(), "delay": delay})

    def discard(self) -> None:
        """Have a replica that has no data, and gives no receipts."""
        self._wait_for(0)
        self._seat(self.replica)
        self.replica.call("replica_discard")

    def copy(self) -> None:
        """seat_one.yml, and guest.yml of role `instance`: a replica without data begins with a backup of the primary."""
        name = f"soak-{secrets.token_hex(4)}"
        upstream = self._upstream()
        address, port = self.primary.store
        ticket = f"http://{address}:{port}/{self.primary.uid}/{name}/"
        wish = {"strategy": self._strategy, "recipients": [], "parent": None}
        taken = self.primary.job("backup", name, wish, {"url": ticket, "expires": FOREVER})
        restore = {
            "strategy": self._strategy,
            "follows": True,
            "chain": [{"sha256": taken["sha256"], "encrypted": False}],
        }
        self.replica.job("restore", name, restore, {"urls": [ticket], "expires": FOREVER})
        shutil.rmtree(self.primary.state / "store" / self.primary.uid / name)
        names = {"names": [f"{self.replica.name}.example"], "addresses": [self.replica.address]}
        self.replica.call("datastore_initialise", {**names, "tls_mode": "preferred"})
        self.replica.call("replica_follow", {**upstream, "position": taken["position"]})

    def settle(self) -> None:
        """Wait until the replica has applied what the primary has now. AgentError (timeout): it does not."""
        wanted = self.primary.call("status")["replication"]["applied"]
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            told = self._told(self.facts())
            replica = next(one for one in told if one.name == self.replica.name)
            if replica.answers and replica.running and replica.applied.has_all_of(self._read(wanted)):
                return
            if time.monotonic() > deadline:
                raise AgentError(
                    "timeout", f"{self.replica.name} has not caught up after {SETTLE_SECONDS:.0f} s: {replica}"
                )
            time.sleep(0.3)

    def own_writes(self, facts: Facts) -> _histories.History:
        """What the replica has that came from no primary."""
        return _replica_decision.own_writes(self._member(facts), self._reign())

    def missing(self, facts: Facts) -> int:
        """How much the replica, as it told, has of what the primary had not when it began."""
        return self._read(self._began).missing(self._member(facts).received)

    def _member(self, facts: Facts) -> Member:
        return next(one for one in self._told(facts) if one.name == self.replica.name)

    def _read(self, position: str) -> _histories.History:
        return _histories.read(self.set.kind, position)

    def _told(self, facts: Facts) -> list[Member]:
        primary = {"reign": self.set.reign, "hosts": {self.primary.address}}
        return [
            _replica_facts.member(
                self._names[uid], facts.get(self._names[uid], {}), **primary, synchronous=seat.synchronous
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

    def _seat(self, guest: Guest) -> None:
        address, port = guest.store
        seat = {**(self.set.seat(guest.uid) or {}), "record": f"http://{address}:{port}/{self.set.record()}"}
        guest.call("member_set", seat)

    def _upstream(self) -> dict[str, Any]:
        """How the replica comes to the primary, which has an account for it from now on with a password that nobody else knows."""
        account = {"name": f"dbaas_replica_{self.replica.uid[:8]}", "password": secrets.token_hex(16)}
        self.primary.call("replica_account", account)
        return {
            "host": self.primary.address,
            "port": self.port,
            "user": account["name"],
            "password": account["password"],
            "ca_certificate": self.primary.call("status")["tls"]["ca_certificate"],
        }
