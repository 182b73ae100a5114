# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of MariaDB's files by mariadb-backup, whole or what came since another one."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dbaas_agent import subproc
from dbaas_agent.backup.strategy import Position, Source, Strategy, Taking
from dbaas_agent.drivers.mysql_family import scratch_server
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

_DONE = "completed OK!"
_PREPARE_SECONDS = 86400.0
_LOCKED = ("BACKUP STAGE BLOCK_COMMIT", "BACKUP STAGE BLOCK_DDL")
_UNLOCKED = "BACKUP STAGE END"
_LSN = re.compile(r"[0-9]+")


class MariadbBackup(Strategy):
    """Full and incremental: the pages changed since an LSN."""

    incremental = True

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        if parent is not None and not _LSN.fullmatch(str(parent.get("lsn", ""))):
            raise AgentError("invalid", "parent: it has no LSN")
        self.driver.ping()

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:  # noqa: ARG002
        with self.driver.session() as execute:
            server, total = server_of(execute), _bytes(execute)
        yield _Taking(self.driver, parent, scratch, server, total)

    def unpack(self, target: str, number: int) -> Sequence[str]:
        place = _place_of(target, number)
        if number:
            os.mkdir(place, 0o700)
        return ["mbstream", "--extract", f"--directory={place}"]

    def apply(self, target: str, number: int, report: Report) -> None:
        report.progress("prepare", str(number))
        since = [f"--incremental-dir={_place_of(target, number)}"] if number else []
        done = subproc.run(["mariadb-backup", "--prepare", f"--target-dir={target}", *since], _PREPARE_SECONDS)
        if _DONE not in done.err[-1000:]:
            raise AgentError(
                "agent", "mariadb-backup did not say that it has prepared the data", output=done.err[-2000:]
            )
        if number:
            shutil.rmtree(_place_of(target, number))

    def settle(self, target: str, report: Report) -> None:
        """Started once by a server for nobody, and without events that are enabled."""
        report.progress("recover")
        with scratch_server.serving(self.driver, target) as execute:
            disable_events(execute)

    def complete(self, target: str, count: int, report: Report) -> None:  # noqa: ARG002
        for name in os.listdir(target):
            if name.startswith(("xtrabackup_", "mariadb_backup_", "backup-my.cnf")):
                os.unlink(os.path.join(target, name))


def server_of(execute: Any) -> dict[str, Any]:
    """Which server it is, and its version."""
    (row,) = execute(Statement("SELECT @@server_id AS server_id, @@version AS version, @@server_uid AS server_uid"))
    return dict(row)


def disable_events(execute: Any) -> None:
    """So that nothing is done twice that the original still does."""
    execute(Statement("UPDATE mysql.event SET status = 'DISABLED' WHERE status = 'ENABLED'"))


def _place_of(target: str, number: int) -> str:
    return f"{target}.{number}" if number else target


class _Taking(Taking):
    def __init__(
        self, driver: Any, parent: Mapping[str, Any] | None, place: str, server: dict[str, Any], total: int
    ) -> None:
        self._driver = driver
        self._parent = parent
        self._place = place
        self._server = server
        self._total = total

    def source(self) -> Source:
        since = [f"--incremental-lsn={self._parent['lsn']}"] if self._parent else []
        return Source(
            [
                [
                    "mariadb-backup",
                    "--backup",
                    "--stream=mbstream",
                    f"--socket={self._driver.config.socket}",
                    "--user=root",
                    f"--datadir={self._driver.config.data_dir}",
                    f"--target-dir={self._place}",
                    f"--extra-lsndir={self._place}",
                    *since,
                ]
            ],
            None if since else self._total,
        )

    def holds_up(self, words: Sequence[str]) -> bool:
        stages = [word for word in words if "BACKUP STAGE" in word]
        return bool(stages) and any(stage in stages[-1] for stage in _LOCKED)

    def ended(self, words: Sequence[str]) -> Position:
        if not any(_DONE in word for word in words[-3:]):
            raise AgentError("agent", f"mariadb-backup did not say that it is complete: {' '.join(words[-3:])}")
        points = _pairs(self._place, "mariadb_backup_checkpoints", "xtrabackup_checkpoints")
        info = _pairs(self._place, "mariadb_backup_info", "xtrabackup_info")
        return {"lsn": points["to_lsn"], "from_lsn": points["from_lsn"], **self._server, **_logged(info["binlog_pos"])}


def _bytes(execute: Any) -> int:
    (row,) = execute(
        Statement("SELECT COALESCE(SUM(FILE_SIZE), 0) AS bytes FROM information_schema.INNODB_SYS_TABLESPACES")
    )
    return int(row["bytes"])


def _pairs(place: str, *names: str) -> dict[str, str]:
    """The lines ``key = value`` of the first of the files that is there."""
    path = next((path for name in names if os.path.exists(path := os.path.join(place, name))), None)
    if path is None:
        raise AgentError("agent", f"mariadb-backup has not written {' or '.join(names)}")
    with open(path, encoding="utf-8") as stream:
        lines = (line.partition(" = ") for line in stream)
        return {key.strip(): value.strip() for key, _dummy, value in lines}


def _logged(told: str) -> dict[str, str]:
    """binlog_file, binlog_position and gtid of what it tells of the binary log; {} when that is off."""
    found = re.search(r"filename '([^']*)', position '([0-9]+)'(?:, GTID of the last change '([^']*)')?", told)
    return {"binlog_file": found[1], "binlog_position": found[2], "gtid": found[3] or ""} if found else {}
