# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of MariaDB as statements, by mariadb-dump."""

from __future__ import annotations

from collections.abc import Sequence

from dbaas_agent.backup.strategy import Position
from dbaas_agent.drivers.mariadb.backup import disable_events, server_of
from dbaas_agent.drivers.mysql_family import dump
from dbaas_agent.drivers.mysql_family.scratch_server import Scratch
from dbaas_agent.drivers.mysql_family.sessions import Execute
from dbaas_agent.drivers.mysql_family.sql import Statement


class Dump(dump.Dump):
    """Accounts are told by mariadb-dump, too."""

    program = ("mariadb-dump", "--no-defaults")
    client = ("mariadb", "--skip-ssl")

    def accounts(self, execute: Execute, scratch: str) -> Sequence[str]:  # noqa: ARG002
        # So an account that each server has is left as it is.
        return [*self.command(), "--system=users", "--insert-ignore"]

    def position(self, execute: Execute) -> Position:
        (row,) = execute(Statement("SHOW GLOBAL STATUS LIKE 'Innodb_lsn_current'"))
        return {"lsn": row["Value"], **server_of(execute)}

    def disable_events(self, execute: Scratch) -> None:
        disable_events(execute)
