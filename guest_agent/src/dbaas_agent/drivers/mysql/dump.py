# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of MySQL as statements, by mysqldump."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from dbaas_agent.backup.strategy import Position
from dbaas_agent.drivers.mysql.backup import position_now
from dbaas_agent.drivers.mysql.events import disable_all
from dbaas_agent.drivers.mysql_family import dump
from dbaas_agent.drivers.mysql_family.scratch_server import Scratch
from dbaas_agent.drivers.mysql_family.sessions import Execute
from dbaas_agent.drivers.mysql_family.sql import Statement

_ACCOUNTS = (
    "SELECT User AS user, Host AS host FROM mysql.user"
    " WHERE User NOT LIKE 'mysql.%%' AND NOT (User = 'root' AND Host = 'localhost') ORDER BY 1, 2"
)
_NAME = r"`(?:[^`]|``)*`@`(?:[^`]|``)*`"
_DEFAULT_ROLE = re.compile(rf" DEFAULT ROLE ({_NAME}(?:,{_NAME})*)")


class Dump(dump.Dump):
    """Accounts are told by the server: mysqldump knows nothing of them."""

    program = ("mysqldump", "--no-defaults", "--set-gtid-purged=OFF")
    client = ("mysql",)

    def accounts(self, execute: Execute, scratch: str) -> Sequence[str]:
        path = os.path.join(scratch, "accounts.sql")
        execute(Statement("SET SESSION print_identified_with_as_hex = ON"))
        with open(path, "w", encoding="utf-8", opener=_private) as stream:
            stream.writelines(f"{line};\n" for line in _statements(execute))
        return ["cat", path]

    def position(self, execute: Execute) -> Position:
        return position_now(execute)

    def disable_events(self, execute: Scratch) -> None:
        disable_all(execute)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _statements(execute: Execute) -> Iterator[str]:
    """All accounts, of which roles are some, then what they may do, then the roles that they begin with."""
    rows = execute(Statement(_ACCOUNTS))
    known = [(row["user"], row["host"]) for row in rows]
    roles = []
    for who in known:
        ((made,),) = (row.values() for row in execute(Statement("SHOW CREATE USER %s@%s", who)))
        if found := _DEFAULT_ROLE.search(made):
            made = made.replace(found[0], "", 1)
            roles.append((who, found[1]))
        yield made
    for who in known:
        for row in execute(Statement("SHOW GRANTS FOR %s@%s", who)):
            yield from row.values()
    for (user, host), names in roles:
        yield f"ALTER USER {_quoted(user)}@{_quoted(host)} DEFAULT ROLE {names}"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
