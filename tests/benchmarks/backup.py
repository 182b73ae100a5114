# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What backups and restores cost beside the bare tools, and those who write meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from tests.benchmarks.instances import databases, must
from tests.e2e.guests import Database
from tests.e2e.playbooks import play

ROWS = 400_000
"""Of some 500 bytes each, of which half can be compressed."""
QUIET_SECONDS = 60
FREEZE_SECONDS = 30
_RAW = "sudo mariadb-backup --backup --stream=mbstream --user=root --target-dir=/tmp/raw 2> /dev/null"
Figures = dict[str, float]


def _fill(database: Database) -> None:
    database.rows("CREATE TABLE filler (id INT PRIMARY KEY, body VARCHAR(600))")
    text = f"CONCAT({'MD5(RAND()), ' * 7}REPEAT('x', 250))"
    for first in range(1, ROWS, ROWS // 20):
        database.rows(f"INSERT INTO filler SELECT seq, {text} FROM seq_{first}_to_{first + ROWS // 20 - 1}")  # noqa: S608


def _timed(database: Database, script: str) -> float:
    began = time.monotonic()
    database.shell(script, timeout=1800)
    return time.monotonic() - began


def _job(database: Database, kind: str) -> float:
    """Seconds of the newest job of a kind, as the guest's agent tells."""
    told = json.loads("".join(database.shell("sudo python3 -I /usr/lib/dbaas/agent.pyz call job_list < /dev/null")))
    job = max((one for one in told["jobs"] if one["kind"] == kind), key=lambda one: one["created"])
    return float(job["ended"] - job["created"])


def _pace(database: Database, act: Callable[[], object]) -> tuple[float, float]:
    """Rows that a client writes in a second meanwhile, and its longest gap in seconds."""
    with database.writer() as writer:
        began = time.monotonic()
        act()
        seconds = time.monotonic() - began
        return len(writer.times) / seconds, writer.gap()


def backup() -> Figures:
    """The agent's job against mariadb-backup with zstd -1 and with gzip -6 into nothing; rows of a writer during another one; the restore against tools."""
    with databases(1) as (database,):
        _fill(database)
        name = {"backup": database.name}
        second = {"backup": f"{database.name}-2"}
        try:
            zstd = _timed(database, f"{_RAW} | zstd -1 -q > /dev/null")
            gzip = _timed(database, f"{_RAW} | gzip -6 > /dev/null")
            quiet, _gap = _pace(database, lambda: time.sleep(QUIET_SECONDS))
            must(play("backup_create", {**database.way, **name}))
            taken = _job(database, "backup")
            pace, gap = _pace(database, lambda: must(play("backup_create", {**database.way, **second})))
            during = _job(database, "backup")
            bare = _timed(
                database,
                f"sudo mkdir /var/lib/dbaas/raw && {_RAW} | sudo mbstream -x -C /var/lib/dbaas/raw"
                " && sudo mariadb-backup --prepare --target-dir=/var/lib/dbaas/raw 2> /dev/null; sudo rm -r /var/lib/dbaas/raw",
            )
            must(play("restore_in_place", {**database.way, **name}))
            restored = _job(database, "restore")
        finally:
            play("backup_delete", second)
            play("backup_delete", name)
    return {
        "raw_zstd_s": zstd,
        "raw_gzip_s": gzip,
        "backup_s": taken,
        "backup_beside_writer_s": during,
        "ratio_zstd": taken / zstd,
        "ratio_gzip": taken / gzip,
        "rows_quiet": quiet,
        "rows_during": pace,
        "rows_ratio": pace / quiet,
        "gap_s": gap,
        "raw_copy_and_prepare_s": bare,
        "restore_s": restored,
        "ratio_restore": restored / bare,
    }


def snapshot() -> Figures:
    """The longest gap of a writer while a snapshot is taken, as it comes and frozen, beside one in a minute without anything."""
    with databases(1) as (database,):
        gaps = []
        for number, options in enumerate(({}, {"backup_freeze": FREEZE_SECONDS})):
            wish = {**database.way, "backup": f"{database.name}-{number}", "backup_strategy": "snapshot", **options}
            try:
                gaps.append(_pace(database, lambda wish=wish: must(play("backup_create", wish)))[1])  # type: ignore[misc]
            finally:
                play("backup_delete", {"backup": wish["backup"]})
        quiet = _pace(database, lambda: time.sleep(QUIET_SECONDS))[1]
    unfrozen, frozen = gaps
    return {"quiet_gap_s": quiet, "gap_s": unfrozen, "frozen_gap_s": frozen, "ratio": frozen / quiet}


BENCHMARKS: dict[str, Callable[[], Figures]] = {"backup": backup, "snapshot": snapshot}
