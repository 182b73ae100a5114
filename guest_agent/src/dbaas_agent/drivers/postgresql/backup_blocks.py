# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incremental backups of PostgreSQL 17 and later: the blocks that changed since another one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from dbaas_agent import subproc
from dbaas_agent.backup import kept
from dbaas_agent.backup.strategy import Position, Source, Taking
from dbaas_agent.config import Config
from dbaas_agent.drivers.postgresql.backup import Base, PgBasebackup, place_of
from dbaas_agent.drivers.postgresql.log_files import lsn
from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

_MANIFEST = "backup_manifest"
_COMBINE_SECONDS = 7 * 86400.0
_TAP_SECONDS = 60


class BlockBackup(PgBasebackup):
    """Whole ones, and those that follow one whose manifest is kept on the volume."""

    incremental = True

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        super().verify(parent)
        if parent is not None and not os.path.exists(_kept(self.driver.config, parent)):
            raise AgentError(
                "not_actionable", "parent: its manifest is not on the data volume any more: take a full one"
            )

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:  # noqa: ARG002
        since = _kept(self.driver.config, parent) if parent else ""
        if parent:
            with self.driver.session(seconds=0) as execute:
                _require_checkpoint(execute, parent)
        with self.whole() as whole, _Tap(scratch) as tap:
            yield _Tapped(self.driver, whole, since, tap)

    def complete(self, target: str, count: int, report: Report) -> None:
        if count > 1:
            report.progress("combine")
            parts, combined = [place_of(target, number) for number in range(count)], f"{target}.combined"
            subproc.run([self.driver.program("pg_combinebackup"), f"--output={combined}", *parts], _COMBINE_SECONDS)
            for place in parts[1:]:
                shutil.rmtree(place)
            _replace_content(target, combined)
        super().complete(target, count, report)


def _require_checkpoint(execute: Any, parent: Mapping[str, Any]) -> None:
    """A backup begins at a checkpoint. A replica makes none of its own, but only of those of its primary that it has applied."""
    if execute(Statement("SELECT pg_is_in_recovery() AS follows"))[0]["follows"]:
        execute(Statement("CHECKPOINT"))
        (row,) = execute(Statement("SELECT redo_lsn::text AS redo FROM pg_control_checkpoint()"))
        if lsn(row["redo"]) < lsn(parent["lsn"]):
            msg = (
                "parent: this replica has applied no checkpoint of its primary since then, so nothing can follow it yet;"
                " checkpoint_timeout says how soon there is one"
            )
            raise AgentError("not_actionable", msg)


def _kept(config: Config, position: Mapping[str, Any]) -> str:
    return kept.path_of(config, f"{position.get('lsn', '')}.manifest")


def _replace_content(target: str, other: str) -> None:
    """The directory itself stays, whose owner is right."""
    with os.scandir(target) as entries:
        for entry in list(entries):
            shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
    for name in os.listdir(other):
        os.rename(os.path.join(other, name), os.path.join(target, name))
    os.rmdir(other)


class _Tapped(Base):
    """Keeps the manifest, which the stream has at its end."""

    def __init__(self, driver: Any, whole: Base, since: str, tap: _Tap) -> None:
        super().__init__(driver, whole.server, whole.total, since)
        self._tap = tap

    def source(self) -> Source:
        source = super().source()
        return Source([*source.commands, ["tee", self._tap.entry]], source.total)

    def ended(self, words: Sequence[str]) -> Position:
        position = super().ended(words)
        kept.keep(self.driver.config, f"{position['lsn']}.manifest", self._tap.file())
        return position


class _Tap:
    """Takes the manifest out of a copy of the stream, which is written to ``entry``."""

    def __init__(self, scratch: str) -> None:
        self.entry = os.path.join(scratch, "tap")
        self._file = os.path.join(scratch, _MANIFEST)
        os.mkfifo(self.entry, 0o600)
        command = [
            "tar",
            "--extract",
            "--ignore-zeros",
            "--no-same-owner",
            f"--file={self.entry}",
            f"--directory={scratch}",
            _MANIFEST,
        ]
        self._process = subproc.started(command, out=subprocess.DEVNULL, errors=subprocess.DEVNULL)

    def file(self) -> str:
        """The stream has ended: where the manifest lies."""
        try:
            code = self._process.wait(_TAP_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        if code != 0:
            raise AgentError("agent", f"the backup's manifest could not be read from it: tar ended with {code}")
        return self._file

    def __enter__(self) -> _Tap:
        return self

    def __exit__(self, *_fault: object) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
