# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a PostgreSQL cluster by pg_basebackup, whole; what can follow them depends on the version."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from dbaas_agent.backup.strategy import Position, Source, Strategy, Taking
from dbaas_agent.drivers.postgresql.following import Placed, Unreserved
from dbaas_agent.drivers.postgresql.recovery import recover
from dbaas_agent.drivers.postgresql.replication import FOLLOWED_TIMELINE
from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

_RECOVERS, _FOLLOWS = "recovery.signal", "standby.signal"
_LSN = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
_POINT = re.compile(r"write-ahead log (start|end) point: ([0-9A-F]+/[0-9A-F]+)(?: on timeline ([0-9]+))?")
_SERVER = (
    "SELECT system_identifier::text AS system, (CASE WHEN pg_is_in_recovery() THEN"  # noqa: S608 (a constant)
    f" ({FOLLOWED_TIMELINE}) ELSE timeline_id END)::text AS timeline, current_setting('server_version') AS version"
    " FROM pg_control_system(), pg_control_checkpoint()"
)
_ELSEWHERE = "SELECT spcname AS name FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY 1"
_SIZE = "SELECT sum(pg_database_size(oid))::text AS bytes FROM pg_database"
_RESERVE = "SELECT pg_create_physical_replication_slot(%s, true, true)"


class PgBasebackup(Strategy):
    """Whole ones, with the write-ahead log that they need."""

    follows = True

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        super().verify(parent)
        with self.driver.session() as execute:
            elsewhere = [row["name"] for row in execute(Statement(_ELSEWHERE))]
            (server,) = execute(Statement(_SERVER))
        if elsewhere:
            msg = f"tablespaces {', '.join(elsewhere)} lie outside the data directory: move their tables into pg_default first"
            raise AgentError("not_actionable", msg, tablespaces=elsewhere)
        if parent and not _LSN.fullmatch(str(parent.get("lsn", ""))):
            raise AgentError("invalid", "parent: it has no LSN")
        differs = [word for word in ("system", "timeline") if parent and parent.get(word) != server[word]]
        if differs:
            msg = f"parent: it was taken of another {differs[0]}: take a full one"
            raise AgentError("not_actionable", msg, differs=differs)

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:  # noqa: ARG002
        with self.whole() as base:
            yield base

    @contextmanager
    def whole(self) -> Iterator[Base]:
        """One by pg_basebackup."""
        # The log that the backup needs stays until this session ends, however that is.
        with self.driver.session(seconds=0) as execute:
            execute(Statement(_RESERVE, (f"dbaas_{os.getpid()}",)))
            yield Base(self.driver, server_of(execute), size_of(execute))

    def unpack(self, target: str, number: int) -> Sequence[str]:
        place = place_of(target, number)
        if number:
            os.mkdir(place, 0o700)
        return ["tar", "--extract", "--ignore-zeros", "--no-same-owner", f"--directory={place}"]

    def complete(self, target: str, count: int, report: Report) -> None:  # noqa: ARG002
        # By this file the next start knows that sort orders may have to be looked after.
        shutil.copyfile(os.devnull, os.path.join(target, "postmaster.opts"))
        # Its further life is another timeline. One of a replica comes with the word that it is one.
        shutil.copyfile(os.devnull, os.path.join(target, _RECOVERS))
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(target, _FOLLOWS))

    def revive(self, target: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(target, "postmaster.pid"))
        with suppress(FileNotFoundError):
            os.rename(os.path.join(target, _FOLLOWS), os.path.join(target, _RECOVERS))
        Unreserved(target).put()

    def settle(self, target: str, report: Report) -> None:
        """Recovered, and without subscriptions that are enabled: they are the original's."""
        report.progress("recover")
        recover(self.driver, target, self.restore_command(target))

    def follow(self, target: str, report: Report) -> None:  # noqa: ARG002 (it takes no time)
        """Not recovered: that would begin writes of its own. A copy of a primary does not tell that it is to recover."""
        Placed(os.path.join(target, _FOLLOWS), "", target).put()
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(target, _RECOVERS))

    def restore_command(self, target: str) -> str:  # noqa: ARG002
        """Fetches a file of the log that did not come with the whole backup."""
        return "false"


def server_of(execute: Any) -> dict[str, str]:
    """Which cluster it is, and its version."""
    (row,) = execute(Statement(_SERVER))
    return dict(row)


def size_of(execute: Any) -> int:
    """The bytes of all databases."""
    return int(execute(Statement(_SIZE))[0]["bytes"])


def place_of(target: str, number: int) -> str:
    """Where a backup of a chain is unpacked."""
    return f"{target}.{number}" if number else target


class Base(Taking):
    """One that pg_basebackup takes. since: the manifest of the one that it follows."""

    def __init__(self, driver: Any, server: dict[str, str], total: int, since: str = "") -> None:
        self.driver = driver
        self.server = server
        self.total = total
        self._since = since

    def source(self) -> Source:
        command = [
            self.driver.program("pg_basebackup"),
            "--pgdata=-",
            "--format=tar",
            "--wal-method=fetch",
            "--checkpoint=fast",
            "--no-password",
            "--verbose",
            f"--host={self.driver.config.socket}",
            f"--port={self.driver.port()}",
            "--username=postgres",
            "--label=dbaas",
            *([f"--incremental={self._since}"] if self._since else []),
        ]
        return Source([command], None if self._since else self.total)

    def ended(self, words: Sequence[str]) -> Position:
        points = {found[1]: found for found in map(_POINT.search, words) if found}
        if set(points) != {"start", "end"}:
            raise AgentError("agent", f"pg_basebackup did not say where it ended: {' '.join(words[-3:])}")
        timeline, start, end = points["start"][3], points["start"][2], points["end"][2]
        return {**self.server, "timeline": timeline, "start_lsn": start, "lsn": end}
