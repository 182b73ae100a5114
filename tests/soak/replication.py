# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak replication`: two of molecule's guests, or three, are a replication set, which has its primary changed under a client that writes.

In rounds by chance: planned switchovers; ejects after the primary lost its power; the server's processes killed alone; a primary that is
parted from the store and its replicas, and comes back when another one leads; replicas that are behind when their primary dies; an old primary
that comes back when the new one has written a lot; a primary that is stopped for a while and that nobody replaces; in a set of three, a replica that
loses its power, too. What a client was told is kept is compared with what is there; all the time each member is asked whether it would take a
write.

The fence is a stand-in for Nova: all processes of the guest are killed, and were seen to be gone; in a parted primary, its own packet filter
drops what comes to the server's port, as a cut of the port by Neutron would. The store is molecule's stand-in.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import AgentError
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import DELAYED, LOSS, Decision
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ASYNC

from tests.e2e import replicas
from tests.e2e.datastores import TESTED, Login
from tests.soak import guests
from tests.soak.load import PACE_SECONDS, PATIENCE, Load
from tests.soak.members import Facts, Members
from tests.soak.replication_judge import loss_faults, spread, two_writers

INVENTORY = "inventory_sets"
MODE = os.environ.get("DBAAS_SOAK_MODE", ASYNC)
SIZE = os.environ.get("DBAAS_SOAK_SET", "pair")
ONCE = bool(os.environ.get("DBAAS_SOAK_ONCE"))
"""Whether few kinds of rounds come, once each, and clients take their time, as in `./dev test`, beside a cloud on the same cores."""
SWITCHOVER, EJECT, ENGINE, PARTITION, BEHIND, DELAY, LATE, AWAY, STOPPED = (
    "switchover",
    "eject",
    "engine killed",
    "partition",
    "eject, replica behind",
    "eject, replica delayed",
    "eject, back late",
    "eject, a replica away",
    "primary stopped for a while",
)
PAIR = {SWITCHOVER: 20, EJECT: 20, ENGINE: 3, PARTITION: 3, BEHIND: 3, DELAY: 2, LATE: 2, STOPPED: 2}
ROUNDS = {"pair": PAIR, "trio": {**PAIR, SWITCHOVER: 10, EJECT: 10, AWAY: 10}}[SIZE]
KEEP_ALL = {SWITCHOVER, ENGINE, STOPPED}
"""Rounds in which nothing may be lost, in each mode: nobody takes over from a primary that is gone."""
if ONCE:
    ROUNDS = dict.fromkeys((SWITCHOVER, EJECT, PARTITION), 1)
BEAT_SECONDS = 5
PAUSE_SECONDS = (0.5, 3.0)
"""Of load before something happens."""
PARTED_SECONDS = 3.0
DELAY_SECONDS = 8
STOPPED_SECONDS = 90
"""For which a primary is stopped that nobody replaces: longer than servers try by themselves (MySQL: ten times)."""
CLOSED_SECONDS = 60.0
"""Within which a primary that is parted no more has to know that it is none: it reads the record every 30 seconds."""
DWELL_SECONDS = 3.0
"""For which one that booted is watched before it is told anything."""
MAX_LOST = 1 << 40
OWN_WRITES, LOG_GONE = "made anew for its own writes", "made anew for want of log"
FILLER = 64
"""Megabytes that a replica has to begin with."""
REWRITE = "UPDATE filler SET body = REVERSE(body) WHERE MOD(id, 3) = 0"
"""What is written before one comes back late: PostgreSQL logs less than 50 MiB of it, with images of pages, and keeps 128."""
Row = dict[str, Any]
"""gap: seconds without a row. lost: rows that were acknowledged. told: how much the decision said may be lost at most; None: that cannot be bounded.

known_lost, missing: see loss_faults. errant: writes of its own that the old primary is found to have. closed: seconds until a parted one knew.
rejoined: how each came back that was away, the old primary last.
"""


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: rounds with faults, moments with two writers, and rows that are not there in the end."""
    chance = random.Random(seed)  # noqa: S311
    plan = [kind for kind, count in ROUNDS.items() for _number in range(count)]
    chance.shuffle(plan)
    ends = time.monotonic() + 60 * minutes
    state = directory / "molecule"
    group = f"{SIZE}_{TESTED.name}"
    with guests.made(state, INVENTORY, group, {"guest_agent_heartbeat_interval": BEAT_SECONDS}):
        found = guests.found(state, INVENTORY, group)
        figures = run(found, chance, plan, ends)
        if figures["violations"]:
            for guest in found:
                journal = guest.shell("journalctl --no-pager --no-hostname --boot --lines=20000")
                (directory / f"{guest.name}.journal").write_text(journal.stdout)
        return figures


def run(found: list[guests.Guest], chance: random.Random, plan: list[str], ends: float) -> dict[str, Any]:
    """The figures of as many rounds as there is time for. found: guests that are members of nothing."""
    members = Members(found, MODE)
    load = Load(TESTED.name, _logins(found, members.port), replicas.PACE_SECONDS if ONCE else PACE_SECONDS)
    load.begin(members.primary.name)
    creation = _created(members, load)
    rows: list[Row] = []
    gone: set[int] = set()
    with load:
        for kind in plan:
            if time.monotonic() > ends or any(row["faults"] for row in rows):
                break
            rows.append(Round(members, load, chance, gone).row(kind))
            print(rows[-1], flush=True)
    left = [] if any(row["faults"] for row in rows) else _compared(members, load, gone)
    two = two_writers(load.looks)
    return {
        "complete": len(rows) == len(plan),
        "versions": {guest.name: f"{guest.datastore} {guest.version}" for guest in found},
        "mode": MODE,
        "client_waits_s": PATIENCE,
        "fence": "stand-in for Nova: all processes of the guest killed and seen gone; in a partition, its packet filter",
        **{kind: _figures([row for row in rows if row["kind"] == kind]) for kind in ROUNDS},
        "replica_creation": creation,
        "acknowledged": len(load.rows),
        "lost": len(gone),
        "looks": dict(Counter(look.member for look in load.looks)),
        "two_writers": len(two),
        "not_there": left,
        "violations": sum(bool(row["faults"]) for row in rows) + len(two) + len(left),
        "rows": rows,
    }


def _figures(rows: list[Row]) -> dict[str, Any]:
    return {
        "gap_s": spread([row["gap"] for row in rows if row["gap"] is not None]),
        "lost": sum(row["lost"] or 0 for row in rows),
        "lost_where_none_was_told_of": sum(row["lost"] or 0 for row in rows if row["told"] == 0),
        "rejoined": dict(Counter(word for row in rows for word in row["rejoined"])),
    }


def _logins(found: list[guests.Guest], port: int) -> dict[str, Login]:
    """Accounts come with the data of the first one; each server keeps its authority."""
    state = found[0].state
    password = (state / f"{found[0].name}.clerk").read_text().strip()
    return {
        guest.name: Login(guest.address, port, "clerk", password, "shop", state / f"{guest.name}.ca") for guest in found
    }


def _created(members: Members, load: Load) -> dict[str, Any]:
    """How long it takes to have the last replica, beside a plain copy of the primary's files by tar and SSH from one guest to the other.

    A backup is taken of it, too.
    """
    name = members.primary.name
    load.run(name, "CREATE TABLE filler (id INT PRIMARY KEY, body TEXT)")
    for number in range(FILLER * 16):
        load.run(name, "INSERT INTO filler VALUES (%s, %s)", (number, os.urandom(32768).hex()[:65535]))
    *others, replica = members.replicas
    for other in others:
        members.discard(other)
        members.copy(other)
    primary = members.primary
    members.discard(replica)
    stream = f"tar -C {members.data_dir} --warning=no-file-changed -cf - ."
    began = time.monotonic()
    with subprocess.Popen(primary.ssh(stream), stdout=subprocess.PIPE) as source:
        target = replica.ssh("mkdir /var/lib/dbaas/raw && tar -C /var/lib/dbaas/raw -xf - && sync")
        subprocess.run(target, stdin=source.stdout, check=True, timeout=600)
    raw = time.monotonic() - began
    replica.must("rm -r /var/lib/dbaas/raw")
    began = time.monotonic()
    members.copy(replica)
    members.settle()
    seconds = time.monotonic() - began
    with members.backup(replica):
        members.protect()
    return {"seconds": round(seconds, 1), "raw_stream_s": round(raw, 1), "ratio": round(seconds / raw, 1)}


def _compared(members: Members, load: Load, gone: set[int]) -> list[str]:
    """What is not as it should be when all is over."""
    members.settle()
    kept = {row.id for row in load.rows} - gone
    here = load.ids(members.primary.name)
    faults = [f"{len(kept - here)} rows of {members.primary.name}"] if kept - here else []
    others = {guest.name: load.ids(guest.name) ^ here for guest in members.replicas}
    return faults + [f"{len(rows)} rows that {name} or the primary alone has" for name, rows in others.items() if rows]


class Round:
    """Something that happens to the set, from which it is whole again in the end."""

    def __init__(self, members: Members, load: Load, chance: random.Random, gone: set[int]) -> None:
        self._members = members
        self._load = load
        self._chance = chance
        self._gone = gone
        self._acts: dict[str, Callable[[Row], None]] = {
            SWITCHOVER: self._switchover,
            EJECT: self._eject,
            ENGINE: self._engine,
            PARTITION: self._partition,
            BEHIND: self._behind,
            DELAY: self._delay,
            LATE: self._late,
            AWAY: self._away,
            STOPPED: self._stopped,
        }

    def row(self, kind: str) -> Row:
        """What came of it."""
        primary = self._members.primary.name
        row: Row = dict.fromkeys(
            ("kind", "primary", "gap", "lost", "told", "known_lost", "missing", "errant", "closed")
        )
        row |= {"kind": kind, "primary": primary, "rejoined": [], "faults": []}
        began = time.monotonic()
        try:
            self._members.settle()
            time.sleep(self._chance.uniform(*PAUSE_SECONDS))
            self._acts[kind](row)
            self._members.settle()
            self._members.protect()
        except (AgentError, OSError, subprocess.SubprocessError) as fault:
            row["faults"].append(f"{type(fault).__name__}: {fault}")
        return {**row, "seconds": round(time.monotonic() - began)}

    def _switchover(self, row: Row) -> None:
        """Half of them while a client has a transaction that it does not end. Who follows is told again what it is then: that disturbs nobody."""
        members, load, began = self._members, self._load, time.monotonic()
        open_one = (
            load.open_transaction(members.primary.name) if self._chance.random() < 0.5 else contextlib.nullcontext()
        )
        with open_one:
            new = self._chance.choice(members.replicas)
            decision = members.switchover(members.facts(), new)
            if decision.blockers:
                row["faults"] += [one.msg for one in decision.blockers]
                return
            members.switch(new)
            load.until_written(members.primary.name)
        self._count(row, decision, began)
        members.follow()
        row["rejoined"].append("followed")
        for replica in members.replicas:
            with load.reader(replica.name):
                members.tell(replica)

    def _eject(self, row: Row) -> None:
        members, began = self._members, time.monotonic()
        old = members.primary
        old.kill()
        self._taken_over(row, began)
        self._back(row, old)

    def _taken_over(self, row: Row, began: float, away: Sequence[guests.Guest] = ()) -> None:
        """eject.yml, where the old primary was seen to be gone. Where a loss cannot be ruled out it has to be refused at first.

        away: replicas to which nobody comes.
        """
        members = self._members
        gone = [*away, members.primary]
        facts = members.facts(gone)
        refused = members.failover(facts, max_lost=0)
        if (refused.lost == 0) == (LOSS in [one.word for one in refused.blockers]):
            row["faults"].append(f"max_lost=0: {refused}")
        facts = members.facts(gone)
        decision = members.failover(facts, max_lost=MAX_LOST)
        if decision.blockers:
            row["faults"] += [one.msg for one in decision.blockers]
            return
        members.take_over(facts, decision)
        self._load.until_written(members.primary.name)
        self._count(row, decision, began)
        members.follow(gone)

    def _count(self, row: Row, decision: Decision, began: float) -> None:
        """What a client noticed."""
        row["gap"] = round(self._load.gap(began), 2)
        row["told"], row["known_lost"] = decision.lost, decision.known_lost
        acknowledged = {one.id for one in list(self._load.rows)} - self._gone
        lost = acknowledged - self._load.ids(self._members.primary.name)
        self._gone |= lost
        row["lost"] = len(lost)
        if row["kind"] in KEEP_ALL and lost:
            row["faults"].append(f"{len(lost)} rows lost: {sorted(lost)[:5]}")

    def _back(self, row: Row, old: guests.Guest) -> None:
        """The old primary boots, takes no writes, and becomes a replica."""
        old.boot()
        time.sleep(DWELL_SECONDS)  # watched meanwhile, not a wait for anything
        self._judged(row, old, self._until_closed(old))

    def _until_closed(self, old: guests.Guest) -> Facts:
        deadline = time.monotonic() + CLOSED_SECONDS
        while True:
            told = old.status()
            if told and told["role"] == "replica" and not (told["replication"] or {}).get("writable"):
                return {old.name: told}
            if time.monotonic() > deadline:
                raise AgentError("timeout", f"{old.name} does not know that it is no primary: {told}")
            time.sleep(0.3)

    def _judged(self, row: Row, old: guests.Guest, facts: Facts) -> None:
        """The old primary has what it was told to have, and becomes a replica."""
        members = self._members
        own = members.own_writes(old, facts)
        row["errant"], row["missing"] = own.shown() or None, members.missing(old, facts)
        told = Decision(lost=row["told"], known_lost=row["known_lost"], unit=own.unit)
        row["faults"] += loss_faults(told, row["lost"], row["missing"])
        self._rejoined(row, old, facts)

    def _rejoined(self, row: Row, guest: guests.Guest, facts: Facts) -> None:
        """rejoin.yml, or replica_rebuild for one that has writes of its own; PostgreSQL takes those back. facts: its own at least."""
        members = self._members
        own = members.own_writes(guest, facts)
        if own.lines and not members.set.rewinds:
            self._rebuilt(row, guest, OWN_WRITES)
            return
        try:
            members.follow()
            row["rejoined"].append("rewound" if own.lines else "followed")
        except AgentError as fault:
            if fault.reason != "conflict":
                raise
            self._rebuilt(row, guest, LOG_GONE)

    def _rebuilt(self, row: Row, guest: guests.Guest, why: str) -> None:
        self._members.discard(guest)
        self._members.copy(guest)
        row["rejoined"].append(why)

    def _engine(self, row: Row) -> None:
        """F1: systemd starts the server again, and it is primary without anybody being asked: the store does not answer."""
        members, load, began = self._members, self._load, time.monotonic()
        refuse = members.primary.state / "store" / "sets" / "refuse"
        refuse.write_text("503")
        try:
            members.primary.must(f"systemctl kill --signal=KILL {members.service}")
            load.until_written(members.primary.name)
        finally:
            refuse.unlink()
        self._count(row, Decision(), began)

    def _partition(self, row: Row) -> None:
        """F6: nobody but clients comes to the primary, and it does not reach the store; its port is cut, and another one takes over."""
        members = self._members
        old = members.primary
        address, port = old.store
        peers = ", ".join(peer.address for peer in members.replicas)
        old.cut(
            "parted",
            incoming=[f"ip saddr {{ {peers} }}"],
            outgoing=[f"ip daddr {{ {peers} }}", f"ip daddr {address} tcp dport {port}"],
        )
        time.sleep(PARTED_SECONDS)  # clients write what nobody else has
        began = time.monotonic()
        old.cut("fence", incoming=[f"tcp dport {members.port}"])
        self._taken_over(row, began)
        healed = time.monotonic()
        old.heal("parted")
        facts = self._until_closed(old)
        row["closed"] = round(time.monotonic() - healed, 1)
        old.heal("fence")
        if row["lost"] and not members.own_writes(old, facts).lines:
            row["faults"].append("the old primary has writes that nobody has, and they are not named")
        self._judged(row, old, facts)

    def _behind(self, row: Row) -> None:
        """F8: one replica, or more, receive nothing for a while in which the primary tells of what it has, and then it dies."""
        members = self._members
        old, replicas = members.primary, members.replicas
        behind = self._chance.sample(replicas, self._chance.randint(1, len(replicas)))
        for replica in behind:
            replica.cut("behind", incoming=[f"ip saddr {old.address}"])
        time.sleep(2 * BEAT_SECONDS)  # the primary tells of what it has
        began = time.monotonic()
        old.kill()
        for replica in behind:
            replica.heal("behind")
        self._taken_over(row, began)
        alike = len(behind) == len(replicas)
        if alike and MODE == ASYNC and not row["known_lost"]:
            row["faults"].append("nothing is known to be lost, where the primary told of more")
        if not alike and members.primary in behind:
            row["faults"].append(f"{members.primary.name} takes over, which had less than another one")
        self._back(row, old)

    def _delay(self, row: Row) -> None:
        """F8: a replica is kept behind; what it has received is not lost."""
        members = self._members
        kept = self._chance.choice(members.replicas)
        members.delay(kept, DELAY_SECONDS)
        time.sleep(DELAY_SECONDS / 2)  # some of the delay is used up
        blockers = [one.word for one in members.switchover(members.facts(), kept).blockers]
        if DELAYED not in blockers:
            row["faults"].append(f"a delayed replica may be promoted: {blockers}")
        self._eject(row)
        members.delay(kept, 0)

    def _away(self, row: Row) -> None:
        """F4 and F8: a replica loses its power, and soon after it the primary; those that are left take over, and both come back."""
        members = self._members
        old, away = members.primary, self._chance.choice(members.replicas)
        away.kill()
        time.sleep(self._chance.choice([0.0, self._chance.uniform(*PAUSE_SECONDS)]))  # of load, which it does not get
        began = time.monotonic()
        old.kill()
        self._taken_over(row, began, [away])
        away.boot()
        self._rejoined(row, away, self._until_closed(away))
        self._back(row, old)

    def _stopped(self, row: Row) -> None:
        """Nobody takes over from a primary that is stopped and started again, nobody tells its replicas, and all follow it."""
        members, load, began = self._members, self._load, time.monotonic()
        primary = members.primary
        primary.call("datastore_stop")
        time.sleep(STOPPED_SECONDS)
        primary.call("datastore_start")
        load.until_written(primary.name)
        self._count(row, Decision(), began)

    def _late(self, row: Row) -> None:
        """The old primary boots when the new one has removed from its log what it does not have to keep. It follows without being made anew."""
        members, began = self._members, time.monotonic()
        old = members.primary
        old.kill()
        self._taken_over(row, began)
        self._load.run(members.primary.name, REWRITE)
        members.primary.must(TESTED.ask(*TESTED.rotates))
        self._back(row, old)
        if LOG_GONE in row["rejoined"]:
            row["faults"].append(f"{old.name} could not follow: what it needs of the log is gone")
