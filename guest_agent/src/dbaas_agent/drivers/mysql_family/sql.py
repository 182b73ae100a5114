# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and quoting: pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbaas_agent.drivers.secret_values import HIDDEN, Secret
from dbaas_agent.replication import ACCOUNT

DATABASE_LENGTH = 64
SYSTEM_DATABASES = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
_HOST = re.compile(r"[A-Za-z0-9%_.:/-]{1,255}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Names:
    """What a server allows for users: how many characters, and not these, which are its own (in lower case)."""

    user_length: int
    system_users: frozenset[str]

    def are_systems(self, name: str) -> bool:
        """Whether the user is one of these, or a replica's."""
        return name.lower() in self.system_users or re.fullmatch(ACCOUNT, name) is not None


@dataclass(frozen=True)
class Statement:
    """SQL with ``%s`` for each value; identifiers are quoted in the text, every other per cent sign is doubled."""

    sql: str
    values: tuple[str | Secret, ...] = ()

    def bound(self) -> tuple[str, ...]:
        """The values for the server."""
        return tuple(map(str, self.values))

    def shown(self) -> str:
        """The statement for people, without its secrets."""
        return self.sql % tuple(HIDDEN if isinstance(value, Secret) else _literal(value) for value in self.values)


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def quote(name: str) -> str:
    """An identifier for a Statement's text."""
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


def escape_pattern(database: str) -> str:
    """A database's name where GRANT takes a pattern: exactly this one."""
    return re.sub(r"([\\_%])", r"\\\1", database)


def unescape_pattern(pattern: str) -> str:
    """The name that a stored pattern stands for."""
    return re.sub(r"\\([\\_%])", r"\1", pattern)


def database_fault(name: str) -> str:
    """Why this is no name for a user's database; empty when it is one."""
    if name.lower() in SYSTEM_DATABASES or name.startswith("#mysql50#"):
        return f"{name!r} belongs to the system"
    if not 1 <= len(name) <= DATABASE_LENGTH:
        return f"{name[:DATABASE_LENGTH]!r}: 1 to {DATABASE_LENGTH} characters are allowed, not {len(name)}"
    if _UNFIT.search(name) or set(name) & set("/\\.") or name != name.strip():
        return f"{name!r} holds a control or 4-byte character, '/', '\\', '.', or a blank at an end"
    return ""


def table_fault(name: str) -> str:
    """Why this is no name for a table; empty when it is one."""
    if not 1 <= len(name) <= DATABASE_LENGTH or _UNFIT.search(name) or name != name.rstrip():
        return (
            f"{name[:DATABASE_LENGTH]!r}: 1 to {DATABASE_LENGTH} characters are allowed,"
            " no control or 4-byte ones and no blank at the end"
        )
    return ""


def user_fault(name: str, names: Names) -> str:
    """Why this is no name for a user; empty when it is one."""
    if names.are_systems(name):
        return f"{name!r} belongs to the system"
    if len(name) > names.user_length:
        return f"{name[: names.user_length]!r}: 1 to {names.user_length} characters are allowed, not {len(name)}"
    if _UNFIT.search(name) or name != name.strip():
        return f"{name!r} holds a control or 4-byte character, or a blank at an end"
    return ""


def host_fault(host: str) -> str:
    """Why this is no pattern of hosts; empty when it is one."""
    return "" if _HOST.fullmatch(host) else f"{host!r} is no host pattern"
