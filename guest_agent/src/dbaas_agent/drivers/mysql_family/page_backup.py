# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of the files of a server of the family by a tool that copies pages, whole or what changed since an LSN."""

from __future__ import annotations

import os
import re
import shutil
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from dbaas_agent import subproc
from dbaas_agent.backup.strategy import Position, Source, Strategy, Taking
from dbaas_agent.drivers.mysql_family import scratch_server
from dbaas_agent.drivers.mysql_family.scratch_server import Scratch
from dbaas_agent.drivers.mysql_family.sessions import Execute
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

_DONE = "completed OK!"
_PREPARE_SECONDS = 86400.0
_LSN = re.compile(r"[0-9]+")


class PageBackup(Strategy):
    """Full and incremental."""

    incremental = True
    follows = True

    tool: ClassVar[str]
    """The program."""
    stream: ClassVar[str]
    """Its word for the format of what it writes, in which it has no directories."""
    unstream: ClassVar[str]
    """The program that reads that."""
    more_follow: ClassVar[Sequence[str]] = ()
    """The option with which it prepares what others of the chain are applied to; then it prepares once more at the end."""
    files: ClassVar[Sequence[str]]
    """What the names of its own files begin with, the newest first."""
    without_tls: ClassVar[str]
    """The option with which it comes to the server's socket without TLS, which takes a slow guest too long there."""
    size: ClassVar[Statement]
    """Asks for the bytes of all tablespaces."""

    @abstractmethod
    def server_of(self, execute: Execute) -> dict[str, Any]:
        """Which server it is, and its version."""

    @abstractmethod
    def disable_events(self, execute: Scratch) -> None:
        """So that nothing is done twice that the original still does."""

    @abstractmethod
    def is_locked(self, words: Sequence[str]) -> bool:
        """Whether it holds up those who write, when it has said so much."""

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        if parent is not None and not _LSN.fullmatch(str(parent.get("lsn", ""))):
            raise AgentError("invalid", "parent: it has no LSN")
        self.driver.ping()

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:  # noqa: ARG002
        with self.driver.session() as execute:
            server, total = self.server_of(execute), int(execute(self.size)[0]["bytes"])
        yield _Taking(self, parent, scratch, server, total)

    def unpack(self, target: str, number: int) -> Sequence[str]:
        place = _place_of(target, number)
        if number:
            os.mkdir(place, 0o700)
        return [self.unstream, "--extract", f"--directory={place}"]

    def apply(self, target: str, number: int, report: Report) -> None:
        report.progress("prepare", str(number))
        since = [f"--incremental-dir={_place_of(target, number)}"] if number else []
        self._prepare(target, [*self.more_follow, *since])
        if number:
            shutil.rmtree(_place_of(target, number))

    def _prepare(self, target: str, options: Sequence[str]) -> None:
        done = subproc.run([self.tool, "--prepare", f"--target-dir={target}", *options], _PREPARE_SECONDS)
        if _DONE not in done.err[-1000:]:
            raise AgentError("agent", f"{self.tool} did not say that it has prepared the data", output=done.err[-2000:])

    def complete(self, target: str, count: int, report: Report) -> None:  # noqa: ARG002
        if self.more_follow:
            report.progress("prepare")
            self._prepare(target, [])
        for name in os.listdir(target):
            if name.startswith((*(f"{begin}_" for begin in self.files), "backup-my.cnf")):
                os.unlink(os.path.join(target, name))

    def revive(self, target: str) -> None:
        scratch_server.recover(self.driver, target)

    def settle(self, target: str, report: Report) -> None:
        """Started once by a server for nobody, and without events that are enabled, and a source."""
        report.progress("recover")
        with scratch_server.serving(self.driver, target) as execute:
            scratch_server.forget_source(self.driver, execute)
            self.disable_events(execute)

    def follow(self, target: str, report: Report) -> None:
        """Started once, too; its events are enabled where it becomes primary."""
        report.progress("recover")
        scratch_server.start_once(self.driver, target)


def _place_of(target: str, number: int) -> str:
    return f"{target}.{number}" if number else target


class _Taking(Taking):
    def __init__(
        self,
        strategy: PageBackup,
        parent: Mapping[str, Any] | None,
        place: str,
        server: dict[str, Any],
        total: int,
    ) -> None:
        self._strategy = strategy
        self._parent = parent
        self._place = place
        self._server = server
        self._total = total

    def source(self) -> Source:
        config = self._strategy.driver.config
        since = [f"--incremental-lsn={self._parent['lsn']}"] if self._parent else []
        command = [
            self._strategy.tool,
            "--backup",
            f"--stream={self._strategy.stream}",
            f"--socket={config.socket}",
            "--user=root",
            self._strategy.without_tls,
            f"--datadir={config.data_dir}",
            f"--target-dir={self._place}",
            f"--extra-lsndir={self._place}",
            *since,
        ]
        return Source([command], None if since else self._total)

    def holds_up(self, words: Sequence[str]) -> bool:
        return self._strategy.is_locked(words)

    def ended(self, words: Sequence[str]) -> Position:
        tool = self._strategy.tool
        if not any(_DONE in word for word in words[-3:]):
            raise AgentError("agent", f"{tool} did not say that it is complete: {' '.join(words[-3:])}")
        points, info = self._pairs("checkpoints"), self._pairs("info")
        logged = _logged(info.get("binlog_pos", ""))
        return {"lsn": points["to_lsn"], "from_lsn": points["from_lsn"], **self._server, **logged}

    def _pairs(self, name: str) -> dict[str, str]:
        """The lines ``key = value`` of the newest file of the name that is there."""
        names = [f"{begin}_{name}" for begin in self._strategy.files]
        path = next((path for name in names if os.path.exists(path := os.path.join(self._place, name))), None)
        if path is None:
            raise AgentError("agent", f"{self._strategy.tool} has not written {' or '.join(names)}")
        with open(path, encoding="utf-8") as stream:
            lines = (line.partition(" = ") for line in stream)
            return {key.strip(): value.strip() for key, _dummy, value in lines}


def _logged(told: str) -> dict[str, str]:
    """binlog_file, binlog_position and gtid of what it tells of the binary log; {} when that is off."""
    found = re.search(r"filename '([^']*)', position '([0-9]+)'(?:, GTID of the last change '([^']*)')?", told)
    return {"binlog_file": found[1], "binlog_position": found[2], "gtid": found[3] or ""} if found else {}
