# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak backup`: backups under a writer, while something is killed, stopped or filled at a random moment.

Each run of the playbook is disturbed once, and then repeated as its operator would, until the backup is there. Backups come in chains;
each chain is restored from its end, which takes all of its backups, and has to hold what was acknowledged before the last one began.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import signal
import subprocess
import time
import urllib.parse
from pathlib import Path
from typing import Any

from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database
from tests.e2e.instances import connect
from tests.e2e.kill_cells import give_lock_back
from tests.e2e.leaks import difference, inventory
from tests.e2e.modules import ENVIRONMENT, kill_tree, run_tasks, task
from tests.e2e.playbooks import play, playbook

RUNS = 50
CHAIN = 5
"""Backups in a chain, of which the first is a whole one."""
LATEST = 50.0
"""Seconds after the beginning of a run at which it is disturbed, at most."""
TRIES = 4
"""Runs, with the one that is disturbed, in which a backup has to be there."""
LONGEST_GAP = 120.0
"""Seconds without a write after which the datastore counts as frozen: it may be started anew meanwhile, on an emulated processor."""
AWAY = 45
"""Seconds for which the store does not answer, or the volume is full."""
NONE = "none"

GUEST = {
    "agent": "sudo systemctl kill --signal=KILL dbaas-agent",
    "job": "sudo systemctl kill --signal=KILL 'dbaas-job-*' || true",
    "database": "sudo systemctl kill --signal=KILL {service}",
    "network": f"sudo ip route add blackhole {{store}} && sleep {AWAY}; sudo ip route del blackhole {{store}}",
    "volume": (
        "free=$(df --output=avail -B1 /var/lib/dbaas | tail -1) && sudo fallocate -l $((free - 20971520)) /var/lib/dbaas/soak.full"
        f" && sleep {AWAY}; sudo rm -f /var/lib/dbaas/soak.full"
    ),
}
"""What disturbs a backup, as scripts in the guest."""
CONTROLLER, STORE = "controller", "store"
FAULTS = (CONTROLLER, STORE, *GUEST)


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: backups that are not there in the end or do not restore, writes that stood still, and what is left."""
    cloud, chance = connect(), random.Random(seed)  # noqa: S311
    before = inventory(cloud)
    ends = time.monotonic() + 60 * minutes
    name = f"soak-{secrets.token_hex(3)}"
    for known in ("host", "ca.pem"):
        (directory / known).unlink(missing_ok=True)
    database = Database(name, directory)
    made = play("instance_create", database.wish(volume_size=1))
    assert made.ok, made.failures
    store = urllib.parse.urlsplit(cloud.object_store.get_endpoint()).hostname
    rows: list[dict[str, Any]] = []
    chains: list[dict[str, Any]] = []
    copy = database.sibling(f"{name}-copy")
    while _disturbed_runs(rows) < RUNS and time.monotonic() < ends:
        chain, acknowledged = _chain(database, chance, rows, str(store))
        chains.append({"backups": len(chain), "faults": _restored(database, copy, chain, acknowledged, len(chains))})
        print(chains[-1], flush=True)
        play("backup_delete", {"backup": chain[0], "backup_with_followers": True} if chain else {"backup": "none"})
    run_tasks(directory, *(task("instance", name=one, state="absent", timeout=300) for one in (name, copy.name)))
    assert play("backup_prune", {"backup_keep_minimum": 1}).ok
    for one in run_tasks(directory, task("backup_info"))[0]["backups"]:
        play("backup_delete", {"backup": one["id"], "backup_with_followers": True})
    left = difference(cloud, before)
    return {
        "complete": _disturbed_runs(rows) >= RUNS,
        "runs": len(rows),
        "disturbed": _disturbed_runs(rows),
        "restored": len(chains),
        "left": [str(pair) for pair in left],
        "violations": sum(bool(row["faults"]) for row in rows) + sum(bool(one["faults"]) for one in chains) + len(left),
        "rows": rows,
        "chains": chains,
    }


def _disturbed_runs(rows: list[dict[str, Any]]) -> int:
    return sum(row["fault"] != NONE for row in rows)


def _chain(
    database: Database, chance: random.Random, rows: list[dict[str, Any]], store: str
) -> tuple[list[str], set[int]]:
    """The names of its backups, and what was acknowledged before the last one began."""
    names: list[str] = []
    acknowledged: set[int] = set()
    with database.writer() as writer:
        for number in range(CHAIN):
            known = set(writer.acknowledged)
            name = f"{database.name}-{len(rows)}"
            kind = "incremental" if number else "full"
            fault, moment = chance.choice(FAULTS), chance.uniform(0, LATEST)
            rows.append(_taken(database, name, kind, fault, moment, store))
            print(rows[-1], flush=True)
            if not rows[-1]["faults"]:
                names.append(name)
                acknowledged = known
        gap = round(writer.gap())
    rows[-1]["gap"] = gap
    if gap > LONGEST_GAP:
        rows[-1]["faults"].append(f"nothing was written for {gap} s")
    return names, acknowledged


def _taken(  # noqa: PLR0917 (a row of the table)
    database: Database, name: str, kind: str, fault: str, moment: float, store: str
) -> dict[str, Any]:
    wish = {**database.way, "backup": name, "backup_type": kind}
    began = time.monotonic()
    ended, disturbed = _begun(database, wish, fault, moment, store)
    tries = 1
    while not ended and tries < TRIES:
        give_lock_back(database.place, database.name)
        ended = play("backup_create", wish).ok
        tries += 1
    (told,) = run_tasks(database.place, task("backup_info", name=name))
    states = [one["status"] for one in told["backups"]]
    left = database.shell("sudo ls -A /var/lib/dbaas/backups/.new 2>/dev/null || true")
    faults = [] if states == ["COMPLETED"] else [f"it is {states}"]
    faults += [f"left in the guest: {left}"] if left else []
    return {
        "backup": name,
        "type": kind,
        "fault": fault if disturbed else NONE,
        "after": round(moment),
        "runs": tries,
        "seconds": round(time.monotonic() - began),
        "faults": faults,
        "gap": None,
    }


def _begun(database: Database, wish: dict[str, Any], fault: str, moment: float, store: str) -> tuple[bool, bool]:
    """Whether the run ended well all the same, and whether it was disturbed: some are at their end before."""
    process = subprocess.Popen(
        playbook("backup_create", wish), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(moment)
        return process.returncode == 0, False
    if fault == CONTROLLER:
        kill_tree(process)
        return False, True
    if fault == STORE:
        _stop_store()
    else:
        database.shell(GUEST[fault].format(service=TESTED.service, store=store), timeout=AWAY + 120)
    return process.wait(900) == 0, True


def _stop_store() -> None:
    """The store of this machine's devcloud takes connections, and answers nobody for a while."""
    found = subprocess.run(["pgrep", "-f", "swift-proxy-server"], check=True, capture_output=True, text=True)
    processes = [int(word) for word in found.stdout.split()]
    try:
        for one in processes:
            os.kill(one, signal.SIGSTOP)
        time.sleep(AWAY)
    finally:
        for one in processes:
            os.kill(one, signal.SIGCONT)


def _restored(database: Database, copy: Database, chain: list[str], acknowledged: set[int], number: int) -> list[str]:
    """What is wrong with what was restored of a chain; the first time into a new instance, then in its place."""
    if not chain:
        return ["no backup is there"]
    if number == 0:
        left_out = ("users", "databases", "volume_size", "datastore", "datastore_version")
        wish = {key: value for key, value in copy.wish().items() if key not in left_out}
        run = play("backup_restore", {**wish, "backup": chain[-1]})
        (copy.place / "password").write_text(database.password)
    else:
        run = play("restore_in_place", {**copy.way, "backup": chain[-1]})
    if not run.ok:
        return [str(failure) for failure in run.failures]
    lost = copy.lost(acknowledged)
    if number:
        run = play("restore_confirm", {"instance": copy.name})
    return ([f"{len(lost)} rows lost"] if lost else []) + [str(failure) for failure in run.failures]
