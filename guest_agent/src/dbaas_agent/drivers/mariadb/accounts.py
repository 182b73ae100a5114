# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How MariaDB keeps its accounts, and writes them down. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from dbaas_agent.drivers import tls_rules as tls
from dbaas_agent.drivers.mysql_family import users
from dbaas_agent.drivers.mysql_family.sql import Names, Statement
from dbaas_agent.drivers.mysql_family.users import Login
from dbaas_agent.drivers.secret_values import Secret
from dbaas_agent.tls_mode import Who

NATIVE = "mysql_native_password"
MONITORING = frozenset({"BINLOG MONITOR", "PROCESS", "SHOW DATABASES", "SLAVE MONITOR"})
SYNONYMS = {"REPLICATION CLIENT": "BINLOG MONITOR", "DELETE VERSIONING ROWS": "DELETE HISTORY"}


class Dialect(users.Dialect):
    """An account may have several logins, each with its plugin; the same password is always stored alike."""

    names = Names(80, users.SYSTEM_USERS | {"public", "mariadb.sys"})

    def login(self, password: str, held: Sequence[Login]) -> Login:  # noqa: ARG002 (the same is stored alike)
        return Login(NATIVE, password_hash(password))

    def created(self, who: Who, ways: Sequence[Login], require: str) -> Statement:
        return _identified("CREATE", who, ways, f" REQUIRE {require}")

    def changed(self, who: Who, held: Sequence[Login], ways: Sequence[Login]) -> list[Statement]:  # noqa: ARG002 (all are replaced)
        return [_identified("ALTER", who, ways)]


def password_hash(password: str) -> str:
    """What mysql_native_password stores."""
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 (the server's own scheme)
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def logins(stored: Mapping[str, Any]) -> tuple[Login, ...]:
    """An account's logins, from its ``Priv`` in mysql.global_priv; an empty alternative there is the top."""
    top = Login(stored.get("plugin", NATIVE), stored.get("authentication_string", ""))
    return tuple(
        Login(way["plugin"], way.get("authentication_string", "")) if way.get("plugin") else top
        for way in stored.get("auth_or", [{}])
    )


def requirement(stored: Mapping[str, Any]) -> str:
    """What an account requires, from its ``Priv`` in mysql.global_priv."""
    kind = stored.get("ssl_type", 0)
    if kind == 3:
        return tls.SUBJECT if stored.get("x509_issuer") or stored.get("x509_subject") else tls.CIPHER
    return (tls.NONE, tls.SSL, tls.X509)[kind]


def _identified(verb: str, who: Who, ways: Sequence[Login], rest: str = "") -> Statement:
    via = " OR ".join(f"{way.plugin} USING %s" for way in ways)
    return Statement(f"{verb} USER %s@%s IDENTIFIED VIA {via}{rest}", (*who, *(Secret(way.stored) for way in ways)))
