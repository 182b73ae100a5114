# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a PostgreSQL cluster by pg_basebackup, and of the write-ahead log since one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dbaas_agent.backup.strategy import Position, Source, Strategy, Taking
from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

_LSN = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
_POINT = re.compile(r"write-ahead log (start|end) point: ([0-9A-F]+/[0-9A-F]+)(?: on timeline ([0-9]+))?")
_SERVER = (
    "SELECT system_identifier::text AS system, timeline_id::text AS timeline, current_setting('server_version') AS version"
    " FROM pg_control_system(), pg_control_checkpoint()"
)
_ELSEWHERE = "SELECT spcname AS name FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY 1"
_SIZE = "SELECT sum(pg_database_size(oid))::text AS bytes FROM pg_database"
_SLOT = "dbaas_backup"


class PgBasebackup(Strategy):
    """A full one, with the write-ahead log that it needs."""

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        super().verify(parent)
        with self.driver.session() as execute:
            elsewhere = [row["name"] for row in execute(Statement(_ELSEWHERE))]
        if elsewhere:
            msg = f"tablespaces {', '.join(elsewhere)} lie outside the data directory: move their tables into pg_default first"
            raise AgentError("not_actionable", msg, tablespaces=elsewhere)

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:  # noqa: ARG002
        # The log that the backup needs stays until this session ends, however that is.
        with self.driver.session(seconds=0) as execute:
            execute(
                Statement("SELECT pg_create_physical_replication_slot(%s, true, true)", (f"{_SLOT}_{os.getpid()}",))
            )
            (server,) = execute(Statement(_SERVER))
            (row,) = execute(Statement(_SIZE))
            yield _Base(self.driver, dict(server), int(row["bytes"]))


class _Base(Taking):
    def __init__(self, driver: Any, server: dict[str, str], total: int) -> None:
        self._driver = driver
        self._server = server
        self._total = total

    def source(self) -> Source:
        return Source(
            [
                self._driver.program("pg_basebackup"),
                "--pgdata=-",
                "--format=tar",
                "--wal-method=fetch",
                "--checkpoint=fast",
                "--no-password",
                "--verbose",
                f"--host={self._driver.config.socket}",
                f"--port={self._driver.port()}",
                "--username=postgres",
                "--label=dbaas",
            ],
            self._total,
        )

    def ended(self, words: Sequence[str]) -> Position:
        points = {found[1]: found for found in map(_POINT.search, words) if found}
        if set(points) != {"start", "end"}:
            raise AgentError("agent", f"pg_basebackup did not say where it ended: {' '.join(words[-3:])}")
        return {
            **self._server,
            "timeline": points["start"][3],
            "start_lsn": points["start"][2],
            "lsn": points["end"][2],
        }
