# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of MariaDB's files by mariadb-backup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dbaas_agent.drivers.mariadb import replication
from dbaas_agent.drivers.mysql_family import scratch_server
from dbaas_agent.drivers.mysql_family.page_backup import PageBackup
from dbaas_agent.drivers.mysql_family.scratch_server import Scratch
from dbaas_agent.drivers.mysql_family.sessions import Execute
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.jobs.kind import Report

_LOCKED = ("BACKUP STAGE BLOCK_COMMIT", "BACKUP STAGE BLOCK_DDL")


class MariadbBackup(PageBackup):
    """It needs no preparation but that of each part."""

    tool = "mariadb-backup"
    stream = "mbstream"
    unstream = "mbstream"
    files = ("mariadb_backup", "xtrabackup")
    without_tls = "--skip-ssl"
    size = Statement("SELECT COALESCE(SUM(FILE_SIZE), 0) AS bytes FROM information_schema.INNODB_SYS_TABLESPACES")

    def server_of(self, execute: Execute) -> dict[str, Any]:
        return server_of(execute)

    def disable_events(self, execute: Scratch) -> None:
        disable_events(execute)

    def follow_revived(self, target: str, report: Report) -> None:
        """Its binary log tells where it is."""
        report.progress("recover")
        with scratch_server.serving(self.driver, target, logged=True) as execute:
            (server,) = execute(replication.SERVER)
            for statement in replication.resume(server):
                execute(statement)

    def is_locked(self, words: Sequence[str]) -> bool:
        stages = [word for word in words if "BACKUP STAGE" in word]
        return bool(stages) and any(stage in stages[-1] for stage in _LOCKED)


def server_of(execute: Execute) -> dict[str, Any]:
    """Which server it is, its version, and who wrote into its binary log before."""
    ask = "SELECT @@gtid_binlog_state AS gtid_state, @@server_id AS server_id, @@version AS version, @@server_uid AS server_uid"
    (row,) = execute(Statement(ask))
    return dict(row)


def disable_events(execute: Scratch) -> None:
    """So that nothing is done twice that the original still does; nor what rests there as long as it is a replica."""
    execute(Statement("UPDATE mysql.event SET status = 'DISABLED' WHERE status <> 'DISABLED'"))
