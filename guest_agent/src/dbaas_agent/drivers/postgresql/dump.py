# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of PostgreSQL as statements, by pg_dump, which later versions read too."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from dbaas_agent import data_directory
from dbaas_agent.backup.strategy import Position, Source, Strategy, Taking
from dbaas_agent.drivers.postgresql import objects, scratch_server
from dbaas_agent.drivers.postgresql.backup import server_of, size_of
from dbaas_agent.drivers.postgresql.sql import MAINTENANCE, SUPERUSER, Statement
from dbaas_agent.jobs.kind import Report

_DATABASES = "SELECT datname AS name FROM pg_database WHERE datallowconn AND datname <> 'template0' ORDER BY 1"
_LSN = "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text AS lsn"
_NEW = (MAINTENANCE, "template1")
"""Databases that a new cluster has."""
_LOCK_SECONDS = 60
"""Whoever wants to change a table waits behind the dump that waits for it."""
_RULES = "pg_hba.conf"
_RULES_END = "-- end of pg_hba.conf"
_TAKE_RULES = f"""
while IFS= read -r line; do
  [ "$line" = "{_RULES_END}" ] && break
  printf '%s\\n' "${{line#-- }}"
done > "$0"
[ "$line" = "{_RULES_END}" ]
exec "$@"
"""
"""Reads no more than that: the rest is the program's."""


class Dump(Strategy):
    """Who may come in, as comments; roles; then the databases, each as it is at one moment."""

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:  # noqa: ARG002
        with self.driver.session() as execute:
            (row,) = execute(Statement(_LSN))
            names = [row["name"] for row in execute(Statement(_DATABASES))]
            taking = _Taking(self._script(scratch, names), {**server_of(execute), **row}, size_of(execute))
        yield taking

    def _script(self, scratch: str, databases: Sequence[str]) -> str:
        roles = os.path.join(scratch, "roles.sql")
        lines = [
            shlex.join(["sed", "s/^/-- /", os.path.join(self.driver.config.data_dir, _RULES)]),
            _said(_RULES_END),
            f"{shlex.join(self._command('pg_dumpall', '--roles-only'))} > {shlex.quote(roles)}",
            shlex.join(["sed", f"/^CREATE ROLE {SUPERUSER};$/d", roles]),
        ]
        for name in databases:
            if name in _NEW:
                lines.append(_said(rf"\connect {name}"))
            made = [] if name in _NEW else ["--create"]
            lines.append(shlex.join(self._command("pg_dump", *made, f"--dbname={_named(name)}")))
        return "\n".join(lines)

    def _command(self, program: str, *options: str) -> list[str]:
        return [
            self.driver.program(program),
            f"--host={self.driver.config.socket}",
            f"--port={self.driver.port()}",
            f"--username={SUPERUSER}",
            "--no-password",
            f"--lock-wait-timeout={_LOCK_SECONDS}s",
            "--no-tablespaces",
            *options,
        ]

    @contextmanager
    def receiving(self, target: str) -> Iterator[None]:
        data_directory.initialise(self.driver, target)
        objects.before_start(target)
        with scratch_server.serving(self.driver, target):
            objects.lock_down(partial(self.driver.session, socket=scratch_server.SOCKET))
            yield

    def unpack(self, target: str, number: int) -> Sequence[str]:  # noqa: ARG002 (there is one, and a server takes it)
        client = [
            self.driver.program("psql"),
            f"--host={scratch_server.SOCKET}",
            f"--port={self.driver.port(scratch_server.SOCKET)}",
            f"--username={SUPERUSER}",
            f"--dbname={MAINTENANCE}",
            "--no-psqlrc",
            "--no-password",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
        ]
        return ["sh", "-ec", _TAKE_RULES, os.path.join(target, _RULES), *client]


class _Taking(Taking):
    def __init__(self, script: str, position: Position, total: int) -> None:
        self._script = script
        self._position = position
        self._total = total

    def source(self) -> Source:
        return Source([["sh", "-ec", self._script]], self._total)

    def ended(self, words: Sequence[str]) -> Position:  # noqa: ARG002
        return self._position


def _said(line: str) -> str:
    # echo would take a backslash for more.
    return shlex.join(["printf", r"%s\n", line])


def _named(database: str) -> str:
    """A database where a name with an equals sign would be taken for more."""
    return "dbname='" + database.replace("\\", "\\\\").replace("'", "\\'") + "'"
