# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How MySQL keeps its accounts, and writes them down. Pure, but for new salts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dbaas_agent.drivers import tls_rules as tls
from dbaas_agent.drivers.mysql import passwords
from dbaas_agent.drivers.mysql_family import users
from dbaas_agent.drivers.mysql_family.sql import Names, Statement
from dbaas_agent.drivers.mysql_family.users import Account, Login
from dbaas_agent.drivers.secret_values import Secret
from dbaas_agent.tls_mode import Who

SHA2 = "caching_sha2_password"
MONITORING = frozenset({"PROCESS", "REPLICATION CLIENT", "SHOW DATABASES"})
_REQUIREMENTS = {"ANY": tls.SSL, "X509": tls.X509}


class Dialect(users.Dialect):
    """An account has one login, and may keep the password that it had before. The same password is stored otherwise each time."""

    names = Names(32, users.SYSTEM_USERS)
    roles = True
    password_bytes = 255

    def login(self, password: str, held: Sequence[Login]) -> Login:
        for way in held:
            if way.plugin == SHA2 and passwords.matches(password, way.stored):
                return way
        salt = "".join(secrets.choice(passwords.ALPHABET) for _place in range(passwords.SALT_LENGTH))
        return Login(SHA2, passwords.stored(password, salt))

    def created(self, who: Who, ways: Sequence[Login], require: str) -> Statement:
        return _identified("CREATE", who, ways[0], f" REQUIRE {require}")

    def changed(self, who: Who, held: Sequence[Login], ways: Sequence[Login]) -> list[Statement]:
        """Only the password that an account has now can be the one that it retains."""
        steps = []
        if ways[0] != held[0]:
            retained = len(ways) > 1 and ways[1].plugin == ways[0].plugin
            steps.append(_identified("ALTER", who, ways[0], " RETAIN CURRENT PASSWORD" if retained else ""))
        if len(ways) == 1 and len(held) > 1:
            steps.append(Statement("ALTER USER %s@%s DISCARD OLD PASSWORD", who))
        return steps


def accounts(rows: Iterable[Mapping[str, Any]], edges: Iterable[Mapping[str, Any]]) -> dict[Who, Account]:
    """All accounts, without grants, from the rows of mysql.user and mysql.role_edges."""
    roles: dict[Who, set[Who]] = {}
    for edge in edges:
        roles.setdefault((edge["TO_USER"], edge["TO_HOST"]), set()).add((edge["FROM_USER"], edge["FROM_HOST"]))
    found = [_account(row, frozenset(roles.get((row["User"], row["Host"]), ()))) for row in rows]
    return {account.who: account for account in found}


def _account(row: Mapping[str, Any], roles: frozenset[Who]) -> Account:
    is_role = {row["account_locked"], row["password_expired"]} == {"Y"} and not row["authentication_string"]
    return Account(
        row["User"], row["Host"], () if is_role else _logins(row), requirement(row), login=not is_role, roles=roles
    )


def _logins(row: Mapping[str, Any]) -> tuple[Login, ...]:
    """The login, and the same with the password that it had before."""
    kept = json.loads(row["User_attributes"] or "{}").get("additional_password")
    stored = [row["authentication_string"], *([kept] if kept else [])]
    return tuple(Login(row["plugin"], text or "") for text in stored)


def requirement(row: Mapping[str, Any]) -> str:
    """What an account requires, from its row in mysql.user."""
    if row["ssl_type"] == "SPECIFIED":
        return tls.SUBJECT if row["x509_issuer"] or row["x509_subject"] else tls.CIPHER
    return _REQUIREMENTS.get(row["ssl_type"], tls.NONE)


def _identified(verb: str, who: Who, way: Login, rest: str) -> Statement:
    return Statement(f"{verb} USER %s@%s IDENTIFIED WITH {way.plugin} AS %s{rest}", (*who, Secret(way.stored)))
