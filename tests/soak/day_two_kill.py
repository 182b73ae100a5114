# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak day_two_kill`: resizes, rebuild and upgrade are killed at one kind of request to the cloud after the other, while a client writes.

Each run goes on from where the one before was killed, until one comes to its end. Then everything is there that the client was ever told is kept.
Requests for the lock are part of every step; steps in the guest are killed with them, since they lie between two of them.
"""

from __future__ import annotations

import random
import secrets
import time
from pathlib import Path
from typing import Any

from tests.e2e.guests import Database
from tests.e2e.instances import connect
from tests.e2e.kill import Victim
from tests.e2e.kill_cells import HOWS, give_lock_back
from tests.e2e.leaks import difference, inventory
from tests.e2e.playbooks import play, playbook
from tests.e2e.proxy import Boundary
from tests.e2e.test_day_two import OLDER, STATE, less_memory
from tests.soak.operation import Look, Operation


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: chains that end with something lost, wrong, or changed by a run without change. The seed orders the ways of killing."""
    cloud = connect()
    before = inventory(cloud)
    ends = time.monotonic() + 60 * minutes
    database = Database(f"kill-{secrets.token_hex(3)}", directory)
    for known in ("host", "ca.pem"):
        (directory / known).unlink(missing_ok=True)
    rows: list[dict[str, Any]] = []
    chains = []
    with less_memory() as smaller:
        made = play("instance_create", database.wish(volume_size=1))
        assert made.ok, made.failures
        for size, how in enumerate(random.Random(seed).sample(HOWS, len(HOWS)), start=2):  # noqa: S311
            for chain in _chains(size, smaller):
                if time.monotonic() < ends:
                    chains.append(chain.run(database, how, rows))
                    print(chains[-1], flush=True)
        gone = play("instance_delete", {"instance": database.name})
    left = difference(cloud, before)
    return {
        "complete": len(chains) == len(HOWS) * len(_chains(0, "")),
        "kills": len(rows),
        "chains": chains,
        "left": [str(pair) for pair in left],
        "violations": sum(bool(chain["faults"]) for chain in chains) + len(left) + (not gone.ok),
        "rows": rows,
    }


def _chains(size: int, smaller: str) -> list[Chain]:
    """One for each operation. size: GiB of the volume then. smaller: a flavor with less memory than m1.medium."""
    return [
        Chain("volume", "instance_resize", {"volume_size": size}, lambda at, _rows: at.info()["volume"]["size"], size),
        Chain("rebuild", "instance_rebuild", {}, lambda at, _rows: len(at.info()["host_keys"]), 1),
        Chain("upgrade", "instance_upgrade", {}, _opened_and_held, ["0", "5"]),
        Chain("larger flavor", "instance_resize", {"flavor": "m1.medium"}, _flavor, "m1.medium"),
        Chain("smaller flavor", "instance_resize", {"flavor": smaller}, _flavor, smaller),
    ]


def _flavor(database: Database, _acknowledged: set[int]) -> str:
    return str(database.info()["flavor"])


def _opened_and_held(database: Database, _acknowledged: set[int]) -> list[str]:
    """Whether the server takes no clients, and how many packages are held."""
    server, *rest = database.shell(STATE)
    return [*server.split()[1:], *rest]


class Chain:
    """One operation, killed until it comes to its end."""

    def __init__(self, label: str, playbook: str, change: dict[str, Any], look: Look, wanted: Any) -> None:
        self._label, self._playbook, self._change, self._look, self._wanted = label, playbook, change, look, wanted

    def run(self, database: Database, how: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """One chain; each kill becomes a row."""
        if self._label == "upgrade":
            database.shell(OLDER, timeout=900)
        wish = {**database.way, **self._change}
        operation = Operation(self._label, self._playbook, wish, self._look, self._wanted)
        reinstall = {"reinstall": True, "force": True} if self._label == "rebuild" else {}
        done: set[Boundary] = set()
        with database.writer() as writer:
            while True:
                victim = Victim(
                    playbook(self._playbook, {**wish, **reinstall}), lambda at, _number: at not in done, how
                )
                with victim.fate():
                    pass
                if victim.killed_at is None:
                    break
                done.add(victim.killed_at)
                rows.append({"operation": self._label, "how": how, "boundary": str(victim.killed_at)})
                print(rows[-1], flush=True)
                give_lock_back(database.place, database.name)
                if how != "before" and victim.killed_at.place.endswith("/action rebuild"):
                    reinstall.pop("reinstall", None)  # the request has reached Nova
        faults = [] if victim.ended_well else ["the last run, which nobody killed, failed"]
        faults += operation.faults(database, writer.acknowledged)
        written, gap = len(writer.acknowledged), round(writer.gap())
        return {"operation": self._label, "how": how, "kills": len(done), "rows": written, "gap": gap, "faults": faults}
