# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak settings_kill`: configuration groups and guest logs are set, and logs published, by runs that are killed at one task after another.

Each run is killed one to three tasks later than the one before, in turns at the task's beginning and in its midst, until one comes to its end.
A client writes all the time.
"""

from __future__ import annotations

import collections
import random
import re
import secrets
import time
from pathlib import Path
from typing import Any

from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database
from tests.e2e.halt import killed_until_done
from tests.e2e.instances import connect
from tests.e2e.kill_cells import give_lock_back
from tests.e2e.leaks import difference, inventory
from tests.e2e.modules import ENVIRONMENT, run_tasks, task
from tests.e2e.playbooks import play, playbook
from tests.soak.operation import Operation

FURTHER = 3
"""Tasks by which a run is killed later than the one before, at most."""
DEEPEST = 2.0
"""Seconds into a task at which it is killed, at most."""
INSERTED = re.compile(r"INSERT INTO written VALUES \((\d+)\)")


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: operations that end with something lost, doubled, wrong, or changed by a run without change."""
    cloud, chance = connect(), random.Random(seed)  # noqa: S311
    before = inventory(cloud)
    ends = time.monotonic() + 60 * minutes
    name = f"kill-{secrets.token_hex(3)}"
    for known in ("host", "ca.pem"):
        (directory / known).unlink(missing_ok=True)
    database, group = Database(name, directory), f"{name}-group"
    made = play("instance_create", database.wish(volume_size=1))
    assert made.ok, made.failures
    assert play("configuration_set", _group(group, max_connections=77)).ok
    operations = _operations(database, group)
    rows: list[dict[str, Any]] = []
    done = []
    for operation in operations:
        if time.monotonic() < ends:
            done.append(_killed(operation, database, chance, rows))
            print(done[-1], flush=True)
    uid = database.info()["uid"]
    removed = run_tasks(
        directory,
        task("instance", name=name, state="absent", timeout=300),
        task("configuration", name=group, state="absent"),
        task("log_archive", uid=uid, name="general", state="absent"),
    )
    left = difference(cloud, before)
    return {
        "complete": len(done) == len(operations),
        "kills": len(rows),
        "operations": done,
        "left": [str(pair) for pair in left],
        "violations": sum(bool(one["faults"]) for one in done)
        + len(left)
        + sum(bool(one.get("failed")) for one in removed),
        "rows": rows,
    }


def _group(group: str, **values: Any) -> dict[str, Any]:
    return {"configuration": group, **TESTED.wish, "configuration_values": values}


def _operations(database: Database, group: str) -> list[Operation]:
    key = {"ssh_private_key_file": database.way["ssh_private_key_file"], "configuration_restart": True}
    named = {**key, "instances": [database.name]}
    logs = {**database.way, "logs": ["general"], "log_directory": str(database.place)}
    changed = {**key, **_group(group, max_connections=78, innodb_sort_buffer_size="2M")}
    return [
        Operation("attach", "configuration_attach", {**named, "configuration": group}, _values, ["77", "1048576", "0"]),
        Operation("change", "configuration_set", changed, _values, ["78", "2097152", "0"]),
        Operation("log on", "log_set", {**database.way, "enable_logs": ["general"]}, _values, ["78", "2097152", "1"]),
        Operation("publish", "log_publish", logs, lambda at, rows: _not_once(at, rows, logs), {}),
        Operation("log off", "log_set", {**database.way, "disable_logs": ["general"]}, _values, ["78", "2097152", "0"]),
        Operation("detach", "configuration_detach", named, lambda at, rows: _values(at, rows)[1:], ["1048576", "0"]),
    ]


def _values(database: Database, _acknowledged: set[int]) -> list[str]:
    return database.rows("SELECT @@max_connections, @@innodb_sort_buffer_size, @@general_log")


def _not_once(database: Database, acknowledged: set[int], logs: dict[str, Any]) -> dict[int, int]:
    """Rows whose statements do not stand in the published log exactly once, with how often they do; after the last of them was published."""
    assert play("log_publish", logs).ok
    text = (database.place / f"{database.name}-general.log").read_text(encoding="utf-8")
    found = collections.Counter(map(int, INSERTED.findall(text)))
    return {row: found[row] for row in acknowledged if found[row] != 1}


def _killed(
    operation: Operation, database: Database, chance: random.Random, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """The operation, killed until it comes to its end; each kill becomes a row."""
    command = playbook(operation.playbook, operation.wish)
    begun = len(rows)

    def killed(at: str, where: str) -> None:
        rows.append({"operation": operation.label, "task": at, "killed": where})
        print(rows[-1], flush=True)
        give_lock_back(database.place, database.name)

    with database.writer() as writer:
        well = killed_until_done(
            command, ENVIRONMENT, database.place / "halted", chance, further=FURTHER, deepest=DEEPEST, killed=killed
        )
    faults = [] if well else ["the last run, which nobody killed, failed"]
    faults += operation.faults(database, writer.acknowledged)
    written, gap = len(writer.acknowledged), round(writer.gap())
    return {"operation": operation.label, "kills": len(rows) - begun, "rows": written, "gap": gap, "faults": faults}
