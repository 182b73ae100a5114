# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incremental backups of PostgreSQL before 17: the write-ahead log since another one, which a slot keeps until then."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dbaas_agent import data_directory
from dbaas_agent.backup.strategy import Position, Source, Taking
from dbaas_agent.drivers.postgresql.backup import PgBasebackup, server_of
from dbaas_agent.drivers.postgresql.log_files import files_between, lsn
from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

_SLOTS = (
    "SELECT slot_name AS name, wal_status = 'lost' AS lost FROM pg_replication_slots"
    " WHERE slot_name LIKE 'dbaas\\_backup\\_%%' ORDER BY 1"
)
_RESERVE = "SELECT pg_create_physical_replication_slot(%s, true)"
_DROP = "SELECT pg_drop_replication_slot(%s)"
_END = (
    "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_switch_wal() END)::text AS lsn,"
    " setting AS size FROM pg_settings WHERE name = 'wal_segment_size'"
)
"""A replica cannot have a file of the log end: the last one is sent as it is, and read as far as it is written."""


class LogBackup(PgBasebackup):
    """Each backup has a slot, which keeps the log for the one that follows it. Two stay: the newest one's, and its parent's."""

    incremental = True

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        super().verify(parent)
        if parent is not None:
            with self.driver.session() as execute:
                _require(execute, parent)

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:
        with self.driver.session(seconds=0) as execute:
            slot = _reserve(execute, parent)
            try:
                if parent is None:
                    with super().take(None, scratch, report) as whole:
                        yield _Kept(whole, slot)
                else:
                    yield _Log(self.driver, execute, parent, slot)
            except BaseException:
                execute(Statement(_DROP, (slot,)))
                raise

    def unpack(self, target: str, number: int) -> Sequence[str]:
        if not number:
            return super().unpack(target, number)
        os.makedirs(_log_of(target), 0o700, exist_ok=True)
        return ["tar", "--extract", "--ignore-zeros", "--no-same-owner", f"--directory={_log_of(target)}"]

    def restore_command(self, target: str) -> str:
        return f"cp {_log_of(target)}/%f %p" if os.path.isdir(_log_of(target)) else super().restore_command(target)

    def settle(self, target: str, report: Report) -> None:
        if os.path.isdir(_log_of(target)):
            data_directory.give_away(self.driver.config, _log_of(target))
        super().settle(target, report)
        shutil.rmtree(_log_of(target), ignore_errors=True)


def _log_of(target: str) -> str:
    return f"{target}.log"


def _require(execute: Any, parent: Mapping[str, Any]) -> None:
    slots = {row["name"]: row["lost"] for row in execute(Statement(_SLOTS))}
    if slots.get(parent.get("slot", ""), True):
        msg = "parent: the log since then is not kept any more: take a full one (max_slot_wal_keep_size bounds what is kept)"
        raise AgentError("not_actionable", msg, slots=sorted(slots))


def _reserve(execute: Any, parent: Mapping[str, Any] | None) -> str:
    """A new slot; of the old ones, only the parent's stays, or the newest."""
    names = [row["name"] for row in execute(Statement(_SLOTS))]
    stays = parent["slot"] if parent else (names or [""])[-1]
    for name in names:
        if name != stays:
            execute(Statement(_DROP, (name,)))
    slot = f"dbaas_backup_{time.time_ns():020d}"
    execute(Statement(_RESERVE, (slot,)))
    return slot


class _Kept(Taking):
    """A whole one, and its slot."""

    def __init__(self, whole: Taking, slot: str) -> None:
        self._whole = whole
        self._slot = slot

    def source(self) -> Source:
        return self._whole.source()

    def ended(self, words: Sequence[str]) -> Position:
        return {**self._whole.ended(words), "slot": self._slot}


class _Log(Taking):
    """The files of the log from the parent's end to now."""

    def __init__(self, driver: Any, execute: Any, parent: Mapping[str, Any], slot: str) -> None:
        self._driver = driver
        self._execute = execute
        self._parent = parent
        (row,) = execute(Statement(_END))
        self._size = int(row["size"])
        self._end = max(row["lsn"], parent["lsn"], key=lsn)
        self._position = {**server_of(execute), "start_lsn": parent["lsn"], "lsn": self._end, "slot": slot}

    def source(self) -> Source:
        files = files_between(int(self._position["timeline"]), lsn(self._parent["lsn"]), lsn(self._end), self._size)
        log = os.path.join(self._driver.config.data_dir, "pg_wal")
        return Source(
            [["tar", "--create", "--files-from=/dev/null", f"--directory={log}", *files]], len(files) * self._size
        )

    def ended(self, words: Sequence[str]) -> Position:  # noqa: ARG002
        _require(self._execute, self._parent)
        return self._position
