# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as statements, which other versions of the server read too."""

from __future__ import annotations

import shlex
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from dbaas_agent import data_directory
from dbaas_agent.backup.strategy import Position, Source, Strategy, Taking
from dbaas_agent.drivers.mysql_family import scratch_server
from dbaas_agent.drivers.mysql_family.driver import user_databases
from dbaas_agent.drivers.mysql_family.scratch_server import Scratch
from dbaas_agent.drivers.mysql_family.sessions import Execute
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.jobs.kind import Report

_SIZE = Statement("SELECT COALESCE(SUM(DATA_LENGTH), 0) AS bytes FROM information_schema.TABLES")


class Dump(Strategy):
    """Accounts, then all databases but the server's own. Tables of a transactional engine are of one moment."""

    program: ClassVar[Sequence[str]]
    """The program that dumps, with the options that only this server's has."""
    client: ClassVar[Sequence[str]]
    """The program that carries statements out, with the options that only this server's has."""

    @abstractmethod
    def accounts(self, execute: Execute, scratch: str) -> Sequence[str]:
        """A command that prints statements for all accounts which a new server does not have."""

    @abstractmethod
    def position(self, execute: Execute) -> Position:
        """What is written already is in a dump that begins now."""

    @abstractmethod
    def disable_events(self, execute: Scratch) -> None:
        """So that nothing is done twice that the original still does."""

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:  # noqa: ARG002
        with self.driver.session() as execute:
            commands = [self.accounts(execute, scratch)]
            if names := sorted(user_databases(execute)):
                commands.append([*self.command(), "--databases", "--", *names])
            taking = _Taking(commands, self.position(execute), int(execute(_SIZE)[0]["bytes"]))
        yield taking

    def command(self) -> list[str]:
        """The program with the options that each dump has."""
        return [
            *self.program,
            f"--socket={self.driver.config.socket}",
            "--user=root",
            "--single-transaction",
            "--quick",
            "--routines",
            "--events",
            "--triggers",
            "--hex-blob",
            "--no-tablespaces",
            "--default-character-set=utf8mb4",
            "--max-allowed-packet=1G",
        ]

    @contextmanager
    def receiving(self, target: str) -> Iterator[None]:
        data_directory.initialise(self.driver, target)
        with scratch_server.serving(self.driver, target) as execute:
            self.driver.secure(execute)
            yield

    def unpack(self, target: str, number: int) -> Sequence[str]:  # noqa: ARG002 (there is one, and a server takes it)
        return scratch_server.client(*self.client)

    def settle(self, target: str, report: Report) -> None:
        report.progress("recover")
        with scratch_server.serving(self.driver, target) as execute:
            self.disable_events(execute)


class _Taking(Taking):
    def __init__(self, commands: Sequence[Sequence[str]], position: Position, total: int) -> None:
        self._commands = commands
        self._position = position
        self._total = total

    def source(self) -> Source:
        return Source([["sh", "-ec", "\n".join(map(shlex.join, self._commands))]], self._total)

    def ended(self, words: Sequence[str]) -> Position:  # noqa: ARG002
        return self._position
