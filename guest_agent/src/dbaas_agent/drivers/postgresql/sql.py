# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's names, quoting and statements: pure functions."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from dbaas_agent.drivers.secret_values import HIDDEN, Secret
from dbaas_agent.replication import ACCOUNT

SUPERUSER = "postgres"
"""The role of the agent; it comes by the local socket only."""
ROOT = "root"
"""The role that root_set lets in."""
MAINTENANCE = "postgres"
"""The database in which shared things are asked for and changed."""
ANYWHERE = "%"
LENGTH = 63
"""Bytes of a name; the server cuts off what is longer."""
SYSTEM_DATABASES = frozenset({"postgres", "template0", "template1"})
SYSTEM_SCHEMAS = frozenset({"information_schema"})
_SYSTEM_ROLES = frozenset({SUPERUSER, ROOT, "public", "none", "all"})
"""Besides the server's own, words of GRANT, SET ROLE and pg_hba.conf."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Statement:
    """SQL with ``%s`` for each value; identifiers are quoted in the text, every other per cent sign is doubled.

    database: in which it runs. Several with ``;`` between them are one transaction.
    """

    sql: str
    values: tuple[str | Secret, ...] = ()
    database: str = MAINTENANCE

    def bound(self) -> tuple[str, ...]:
        """The values for the server."""
        return tuple(map(str, self.values))

    def shown(self) -> str:
        """The statement for people, without its secrets; where it runs, if that is not the usual place, goes before it."""
        text = self.sql % tuple(HIDDEN if isinstance(value, Secret) else _literal(value) for value in self.values)
        return text if self.database == MAINTENANCE else f"{text} -- in {self.database}"


AT_ONCE = Statement("SET synchronous_commit = local")
"""For what the agent writes so that others may follow: it is done also where no replica gives receipts."""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quote(name: str) -> str:
    """An identifier for a Statement's text."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def name_fault(name: str) -> str:
    """Why this is no name at all; empty when it is one."""
    if _SURROGATE.search(name):
        return f"{name!r} holds half a character (a lone surrogate)"
    if not 1 <= len(name.encode()) <= LENGTH:
        return f"{name[:LENGTH]!r}: 1 to {LENGTH} bytes are allowed, not {len(name.encode())}"
    if _CONTROL.search(name) or name != name.strip():
        return f"{name!r} holds a control character, or a blank at an end"
    return ""


def database_fault(name: str) -> str:
    """Why this is no name for a user's database; empty when it is one."""
    return f"{name!r} belongs to the system" if name in SYSTEM_DATABASES else name_fault(name)


def schema_fault(name: str) -> str:
    """Why this is no name for a user's schema; empty when it is one."""
    system = name in SYSTEM_SCHEMAS or name.startswith("pg_")
    return f"{name!r} belongs to the system" if system else name_fault(name)


def role_fault(name: str) -> str:
    """Why this is no name for a user or a role; empty when it is one."""
    if name in _SYSTEM_ROLES or name.startswith("pg_") or re.fullmatch(ACCOUNT, name):
        return f"{name!r} belongs to the system"
    if name.startswith("/"):
        return f"{name!r}: a '/' at the beginning makes a regular expression of it in pg_hba.conf"
    return name_fault(name)


def normal_host(host: str) -> str | None:
    """``%``, an address, or a network in CIDR form, each in one way of writing; None when it is none of them."""
    if host == ANYWHERE:
        return host
    try:
        network = ipaddress.ip_network(host)
    except ValueError:
        return None
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def host_fault(host: str) -> str:
    """Why nobody can come from there; empty when somebody can."""
    return "" if normal_host(host) else f"{host!r} is neither '%', nor an address, nor a network such as 192.0.2.0/24"
