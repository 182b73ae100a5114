# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of MySQL: whole ones by the server's clone of its own data, and the binary log since one."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from dbaas_agent.backup.strategy import Position, Source, Strategy, Taking
from dbaas_agent.drivers.mysql import events
from dbaas_agent.drivers.mysql_family import scratch_server
from dbaas_agent.drivers.mysql_family.sessions import Execute
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report
from dbaas_agent.pipe import Pipe
from dbaas_agent.volume import usage

_CLONE_SECONDS = 86400
_LEFT_PERCENT = 10
"""Of the volume, that stay free beside the clone: the datastore goes on writing meanwhile."""
SIZE = Statement("SELECT COALESCE(SUM(FILE_SIZE), 0) AS bytes FROM information_schema.INNODB_TABLESPACES")
"""Asks for the bytes of all tablespaces."""
_NOT_CLONED = (
    "SELECT TABLE_SCHEMA AS place, TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES"
    " WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE NOT IN ('InnoDB', 'MEMORY', 'BLACKHOLE', 'PERFORMANCE_SCHEMA')"
    " AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1, 2"
)


_TOGETHER = "SELECT GTID_SUBTRACT(CONCAT_WS(',', NULLIF(@@GLOBAL.gtid_purged, ''), NULLIF(%s, '')), '') AS gtid"
"""The writes that a binary log tells to have come before it, and those that never were in one here: a copy of another server's data begins with some."""


class CloneBackup(Strategy):
    """A whole one has a copy on the data volume for as long as it takes: MySQL has no other tool that comes with it."""

    incremental = True
    follows = True

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        with self.driver.session() as execute:
            if parent is None:
                self._require_fit(execute)
            else:
                _files_since(execute, parent)

    def _require_fit(self, execute: Execute) -> None:
        left = [f"{row['place']}.{row['name']} ({row['engine']})" for row in execute(Statement(_NOT_CLONED))]
        if left:
            msg = f"the clone would leave out what is in {', '.join(left)}: have them be of the engine InnoDB first"
            raise AgentError("not_actionable", msg, tables=left)
        (row,) = execute(SIZE)
        seen = usage(self.driver.config.mount_point) or {"size_bytes": 0, "free_bytes": 0}
        wanted = int(row["bytes"]) + seen["size_bytes"] * _LEFT_PERCENT // 100
        if seen["free_bytes"] < wanted:
            msg = (
                f"the clone needs {wanted >> 20} MiB on the data volume, {_LEFT_PERCENT} % of it left free, and {seen['free_bytes'] >> 20} MiB are free:"
                " have it grow, or make room"
            )
            raise AgentError("not_actionable", msg, needed_bytes=wanted, free_bytes=seen["free_bytes"])

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:
        with self.driver.session(_CLONE_SECONDS) as execute:
            execute(Statement("FLUSH BINARY LOGS"))
            position = position_now(execute)
            if parent is not None:
                yield _Tar(self.driver.config.data_dir, _files_since(execute, parent), position)
                with self.driver.session() as again:
                    _files_since(again, parent)  # Nobody has removed one meanwhile.
            else:
                report.progress("clone")
                yield _Tar(self._clone(execute, os.path.join(scratch, "clone")), ["."], position)

    def _clone(self, execute: Execute, directory: str) -> str:
        plugins = execute(Statement("SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'"))
        if not plugins:
            execute(Statement("INSTALL PLUGIN clone SONAME 'mysql_clone.so'"))
        (row,) = execute(Statement("SELECT CONNECTION_ID() AS id"))
        try:
            execute(Statement("CLONE LOCAL DATA DIRECTORY = %s", (directory,)))
        except BaseException:
            # Its connection may have ended by itself: what is told is why it was to end.
            with suppress(AgentError), self.driver.session() as another:
                another(Statement(f"KILL {int(row['id'])}"))
            raise
        return directory

    def unpack(self, target: str, number: int) -> Sequence[str]:
        place = _logs_of(target) if number else target
        os.makedirs(place, 0o700, exist_ok=True)
        return ["tar", "--extract", "--ignore-zeros", "--no-same-owner", "--no-overwrite-dir", f"--directory={place}"]

    def revive(self, target: str) -> None:
        scratch_server.recover(self.driver, target)

    def settle(self, target: str, report: Report) -> None:
        """Recovered by a server for nobody, with the binary logs applied, and without events that are enabled, and a source."""
        report.progress("recover")
        with scratch_server.serving(self.driver, target) as execute:
            scratch_server.forget_source(self.driver, execute)
            logs = sorted(glob.glob(f"{glob.escape(_logs_of(target))}/*"))
            if logs:
                report.progress("apply")
                _apply(logs)
            events.disable_all(execute)
        for path in logs:
            os.unlink(path)
        if logs:
            os.rmdir(_logs_of(target))

    def follow(self, target: str, report: Report) -> None:
        """Started once, too; its events are enabled where it becomes primary."""
        report.progress("recover")
        scratch_server.start_once(self.driver, target)


def _logs_of(target: str) -> str:
    return f"{target}.logs"


def position_now(execute: Execute) -> Position:
    """The beginning of the newest binary log: what came before it is in any backup that begins now."""
    (row,) = execute(Statement("SHOW BINARY LOG STATUS"))
    events = execute(Statement("SHOW BINLOG EVENTS IN %s LIMIT 2", (row["File"],)))
    (known,) = execute(Statement(_TOGETHER, (events[1]["Info"],)))
    return {
        **server_of(execute),
        "binlog_file": row["File"],
        "binlog_position": "4",
        "gtid": known["gtid"].replace("\n", ""),
    }


def server_of(execute: Execute) -> dict[str, Any]:
    """Which server it is, and its version."""
    (server,) = execute(
        Statement("SELECT @@server_uuid AS server_uuid, @@server_id AS server_id, VERSION() AS version")
    )
    return dict(server)


def _files_since(execute: Execute, parent: Mapping[str, Any]) -> list[str]:
    """The binary logs from the parent's on, without the newest; AgentError(not_actionable) when they are not there any more."""
    names = [row["Log_name"] for row in execute(Statement("SHOW BINARY LOGS"))]
    (server,) = execute(Statement("SELECT @@server_uuid AS uuid"))
    if parent.get("server_uuid") != server["uuid"] or parent.get("binlog_file") not in names:
        msg = f"parent: its binary log {parent.get('binlog_file')} is not there any more: take a full one"
        raise AgentError("not_actionable", msg, logs=names)
    return names[names.index(parent["binlog_file"]) : -1]


def _apply(logs: Sequence[str]) -> None:
    """What the data have already is known by its GTID, and left out."""
    client = scratch_server.client("mysql")
    with Pipe([["mysqlbinlog", "--no-defaults", *logs], client]) as pipe:
        pipe.read(1)
        pipe.finish()


class _Tar(Taking):
    """Files of a directory, as they are."""

    def __init__(self, directory: str, names: Sequence[str], position: Position) -> None:
        self._directory = directory
        self._names = names
        self._position = position

    def source(self) -> Source:
        command = [
            "tar",
            "--create",
            "--sparse",
            "--files-from=/dev/null",
            f"--directory={self._directory}",
            *self._names,
        ]
        return Source([command], _bytes([os.path.join(self._directory, name) for name in self._names]))

    def ended(self, words: Sequence[str]) -> Position:  # noqa: ARG002
        return self._position


def _bytes(paths: Sequence[str]) -> int:
    """What files, and those below directories, take on the disk."""
    files = [path for path in paths if not os.path.isdir(path)]
    for path in paths:
        files += [os.path.join(place, name) for place, _directories, names in os.walk(path) for name in names]
    return sum(os.stat(path).st_blocks * 512 for path in files)
