# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak replica_kill`: promote, eject and rejoin of a replication set are killed at one task after the other, at their beginning or in their midst.

Each run goes on from where the one before was killed, until one comes to its end. Meanwhile a client writes to whoever takes it, and each member
is asked all the time whether it would: nobody may take writes beside another one, and after a promotion everything is there that clients were told is kept.
"""

from __future__ import annotations

import dataclasses
import random
import secrets
import time
from pathlib import Path
from typing import Any

from tests.e2e import replicas
from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database
from tests.e2e.halt import killed_until_done
from tests.e2e.instances import connect
from tests.e2e.kill_cells import give_lock_back
from tests.e2e.leaks import difference, inventory
from tests.e2e.modules import ENVIRONMENT
from tests.e2e.playbooks import play, playbook
from tests.soak.load import Load
from tests.soak.replication_judge import two_writers

FURTHER = 8
"""Tasks by which a run is killed later than the one before, at most."""
DEEPEST = 4.0
"""Seconds into a task at which it is killed, at most."""
MAX_LOST = 10**9
SETTLE_SECONDS = 300.0
Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Chain:
    """A playbook for the member that follows, or for the primary, which is without power then. leads: who follows is primary afterwards.

    repeats: whether a run that finds everything done ends well; replica_eject refuses, since it finds a replica.
    """

    playbook: str
    of_primary: bool = False
    leads: bool = True
    repeats: bool = True


PROMOTE, EJECT, REJOIN = (
    Chain("replica_promote"),
    Chain("replica_eject", of_primary=True, repeats=False),
    Chain("replica_rejoin", leads=False),
)
PLAN = (PROMOTE, PROMOTE, EJECT, REJOIN)
"""In this order: an ejected primary is started before it rejoins."""


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: chains with faults, moments with two writers, and what is left."""
    cloud, chance = connect(), random.Random(seed)  # noqa: S311
    before = inventory(cloud)
    ends = time.monotonic() + 60 * minutes
    place = directory / secrets.token_hex(3)
    place.mkdir()
    first = Database(f"kill-{place.name}", place)
    try:
        pair = Pair(first)
        chains, rows = pair.run(chance, ends)
    finally:
        replicas.remove(first, first.name, replica_of(first))
    left = difference(cloud, before)
    two = two_writers(pair.load.looks)
    return {
        "complete": len(chains) == len(PLAN),
        "datastore": f"{TESTED.name} {TESTED.version}",
        "kills": len(rows),
        "chains": chains,
        "acknowledged": len(pair.load.rows),
        "looks": len(pair.load.looks),
        "two_writers": len(two),
        "left": [str(one) for one in left],
        "violations": sum(bool(chain["faults"]) for chain in chains) + len(two) + len(left),
        "rows": rows,
    }


def replica_of(first: Database) -> str:
    """The name of its replica."""
    return f"{first.name}-2"


class Pair:
    """An instance, its replica, and their clients."""

    def __init__(self, first: Database) -> None:
        made = play("instance_create", first.wish(volume_size=1))
        assert made.ok, made.failures
        second = replicas.joined(first, replica_of(first))
        self._members = {first.name: first, second.name: second}
        logins = {name: member.login for name, member in self._members.items()}
        self.load = Load(TESTED.name, logins, replicas.PACE_SECONDS)
        self.load.begin(first.name)
        self._gone: set[int] = set()

    def run(self, chance: random.Random, ends: float) -> tuple[list[Row], list[Row]]:
        """A row for each chain for which there is time, and one for each kill."""
        rows: list[Row] = []
        chains: list[Row] = []
        with self.load:
            for chain in PLAN:
                if time.monotonic() < ends and not any(one["faults"] for one in chains):
                    chains.append(self._killed(chain, chance, rows))
                    print(chains[-1], flush=True)
        return chains, rows

    def _killed(self, chain: Chain, chance: random.Random, rows: list[Row]) -> Row:
        """The chain, killed until it comes to its end; each kill becomes a row."""
        primary, follows = self._roles()
        if chain is REJOIN:
            started = play("instance_start", follows.way)
            assert started.ok, started.failures
        began = time.monotonic()
        self.load.until_written(primary.name)
        if chain.of_primary:
            replicas.lose_power(primary)
        named = primary if chain.of_primary else follows
        command = playbook(chain.playbook, {**named.way, **({"max_lost": MAX_LOST} if chain.of_primary else {})})
        begun = len(rows)

        def killed(at: str, where: str) -> None:
            rows.append({"playbook": chain.playbook, "task": at, "killed": where})
            print(rows[-1], flush=True)
            for member in self._members.values():
                give_lock_back(member.place, member.name)

        well = killed_until_done(
            command, ENVIRONMENT, primary.place / "halted", chance, further=FURTHER, deepest=DEEPEST, killed=killed
        )
        faults = [] if well or not chain.repeats else ["the last run, which nobody killed, failed"]
        leads = follows if chain.leads else primary
        faults += self._faults(chain, leads, named)
        gap = round(self.load.gap(began))
        return {
            "playbook": chain.playbook,
            "kills": len(rows) - begun,
            "gap": gap,
            "lost": len(self._gone),
            "faults": faults,
        }

    def _faults(self, chain: Chain, leads: Database, named: Database) -> list[str]:
        """What does not hold when it is done."""
        primary, follows = self._roles()
        if primary is not leads:
            return [f"{primary.name} is the primary"]
        self.load.until_written(primary.name)
        there = {one.id for one in list(self.load.rows)} - self._gone
        lost = there - self.load.ids(primary.name)
        self._gone |= lost
        faults = [f"{len(lost)} rows lost"] if lost and not chain.of_primary else []
        again = play(chain.playbook, named.way)
        if chain.repeats:
            faults += [f"again: {failure}" for failure in again.failures]
            faults += [f"a run without change changed {again.changed}"] if again.changed else []
            faults += [] if self._settles(follows, there - lost) else [f"{follows.name} does not have all rows"]
        elif again.ok:
            faults.append("again: not refused")
        faults += [f"{one.name} is locked" for one in self._members.values() if one.info()["lock"]]
        return faults

    def _roles(self) -> tuple[Database, Database]:
        """Whom the record names, and the other one."""
        first = next(iter(self._members.values()))
        name = replicas.the_set(first)["primary"]
        (other,) = self._members.keys() - {name}
        return self._members[name], self._members[other]

    def _settles(self, member: Database, rows: set[int]) -> bool:
        deadline = time.monotonic() + SETTLE_SECONDS
        while not self.load.ids(member.name) >= rows:
            if time.monotonic() > deadline:
                return False
            time.sleep(1)
        return True
