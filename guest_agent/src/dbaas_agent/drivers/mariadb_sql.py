# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB's names, quoting and plans: pure functions over what the server showed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dbaas_agent.drivers.base import Plan
from dbaas_agent.errors import AgentError

DATABASE_LENGTH = 64
USER_LENGTH = 80
SYSTEM_DATABASES = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
SYSTEM_USERS = frozenset(
    {"", "root", "mysql", "public", "mariadb.sys", "mysql.sys", "mysql.session", "mysql.infoschema", "debian-sys-maint"}
)
_HOST = re.compile(r"[A-Za-z0-9%_.:/-]{1,255}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Statement:
    """SQL with ``%s`` for each value; identifiers are quoted in the text, every other per cent sign is doubled."""

    sql: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grant:
    """Privileges on one database pattern: any, all of them, and the right to pass them on."""

    any: bool
    all: bool
    grantable: bool


@dataclass(frozen=True)
class Account:
    """A user as the server has it; ``grants`` by database pattern as stored."""

    name: str
    host: str
    plugin: str
    password_hash: str
    require_tls: bool
    grants: dict[str, Grant]

    @property
    def databases(self) -> list[str]:
        return sorted(unescape_pattern(pattern) for pattern in self.grants)


def quote(name: str) -> str:
    """An identifier for a Statement's text."""
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


def escape_pattern(database: str) -> str:
    """A database's name where GRANT takes a pattern: exactly this one."""
    return re.sub(r"([\\_%])", r"\\\1", database)


def unescape_pattern(pattern: str) -> str:
    """The name that a stored pattern stands for."""
    return re.sub(r"\\([\\_%])", r"\1", pattern)


def password_hash(password: str) -> str:
    """What mysql_native_password stores."""
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 (the server's own scheme)
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def database_fault(name: str) -> str:
    """Why this is no name for a user's database; empty when it is one."""
    if name.lower() in SYSTEM_DATABASES or name.startswith("#mysql50#"):
        return f"{name!r} belongs to the system"
    if not 1 <= len(name) <= DATABASE_LENGTH:
        return f"{name[:DATABASE_LENGTH]!r}: 1 to {DATABASE_LENGTH} characters are allowed, not {len(name)}"
    if _UNFIT.search(name) or set(name) & set("/\\.") or name != name.strip():
        return f"{name!r} holds a control or 4-byte character, '/', '\\', '.', or a blank at an end"
    return ""


def user_fault(name: str) -> str:
    """Why this is no name for a user; empty when it is one."""
    if name.lower() in SYSTEM_USERS:
        return f"{name!r} belongs to the system"
    if len(name) > USER_LENGTH:
        return f"{name[:USER_LENGTH]!r}: 1 to {USER_LENGTH} characters are allowed, not {len(name)}"
    if _UNFIT.search(name) or name != name.strip():
        return f"{name!r} holds a control or 4-byte character, or a blank at an end"
    return ""


@dataclass(frozen=True)
class CharacterSets:
    """What the server knows: full collation name to character set, character set to its default collation, and what a
    database gets that names neither."""

    collations: dict[str, str]
    defaults: dict[str, str]
    server: tuple[str, str]


def plan_databases(wanted: list[dict[str, Any]], existing: dict[str, dict[str, Any]], known: CharacterSets) -> Plan:
    """Statements for database_set; existing: name to {name, character_set, collation}."""
    faults: list[str] = []
    for place, item in enumerate(wanted):
        where = f"databases[{place}]"
        faults.extend(f"{where}.name: {fault}" for fault in [database_fault(item["name"])] if fault)
        faults.extend(f"{where}.{fault}" for fault in _character_faults(item, known))
    faults.extend(_repeated("databases", [item["name"] for item in wanted]))
    _refuse(faults)

    statements, before, after = [], {}, {}
    for item in wanted:
        name, now = item["name"], existing.get(item["name"])
        target = None if item["state"] == "absent" else _target(item, now, known)
        if target == now:
            continue
        before[name], after[name] = now, target
        statements.append(_database_statement(name, now, target))
    return Plan(statements, before, after)


def _character_faults(item: dict[str, Any], known: CharacterSets) -> list[str]:
    character_set, collation = item["character_set"], item["collation"]
    faults = []
    if character_set is not None and character_set not in known.defaults:
        faults.append(f"character_set: {character_set!r} is unknown to this server")
    if collation is not None and collation not in known.collations:
        faults.append(f"collation: {collation!r} is unknown to this server")
    elif collation is not None and character_set not in (None, known.collations[collation]):
        faults.append(f"collation: {collation!r} is not of character set {character_set}")
    return faults


def _target(item: dict[str, Any], now: dict[str, Any] | None, known: CharacterSets) -> dict[str, Any]:
    """What the database shall be; what the item leaves open stays as it is, or becomes the server's default."""
    character_set, collation = item["character_set"], item["collation"]
    current = (now["character_set"], now["collation"]) if now else known.server
    if collation:
        current = (known.collations[collation], collation)
    elif character_set and character_set != current[0]:
        current = (character_set, known.defaults[character_set])
    return {"name": item["name"], "character_set": current[0], "collation": current[1]}


def _database_statement(name: str, now: dict[str, Any] | None, target: dict[str, Any] | None) -> Statement:
    if target is None:
        return Statement(f"DROP DATABASE {quote(name)}")
    verb = "ALTER" if now else "CREATE"
    character_set, collation = target["character_set"], target["collation"]
    return Statement(f"{verb} DATABASE {quote(name)} CHARACTER SET {character_set} COLLATE {collation}")


def _password_fault(password: str | None) -> str:
    if password == "":
        return "may not be empty"
    if password is not None and re.search("[\ud800-\udfff]", password):
        return "holds half a character (a lone surrogate)"
    return ""


def plan_users(wanted: list[dict[str, Any]], existing: dict[tuple[str, str], Account]) -> Plan:
    """Statements for user_set; existing: (name, host) to Account. The server keeps hosts in lower case."""
    wanted = [{**item, "host": item["host"].lower()} for item in wanted]
    faults: list[str] = []
    for place, item in enumerate(wanted):
        where = f"users[{place}]"
        faults.extend(f"{where}.name: {fault}" for fault in [user_fault(item["name"])] if fault)
        if not _HOST.fullmatch(item["host"]):
            faults.append(f"{where}.host: {item['host']!r} is no host pattern")
        faults.extend(f"{where}.databases: {fault}" for fault in map(database_fault, item["databases"]) if fault)
        faults.extend(f"{where}.password: {fault}" for fault in [_password_fault(item["password"])] if fault)
        new = item["state"] == "present" and (item["name"], item["host"]) not in existing
        if new and item["password"] is None:
            faults.append(f"{where}.password: required for a new user")
    faults.extend(_repeated("users", [(item["name"], item["host"]) for item in wanted]))
    _refuse(faults)

    statements: list[Statement] = []
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for item in wanted:
        now = existing.get((item["name"], item["host"]))
        steps = _drop(item, now) if item["state"] == "absent" else _converge(item, now)
        if steps:
            label = f"{item['name']}@{item['host']}"
            before[label] = _shown(now.databases, now.require_tls) if now else None
            after[label] = None
            if item["state"] == "present":
                after[label] = _shown(sorted(set(item["databases"])), item["require_tls"])
                after[label]["password_changed"] = any("USING" in step.sql for step in steps)
        statements.extend(steps)
    return Plan(statements, before, after)


def _shown(databases: list[str], require_tls: bool) -> dict[str, Any]:
    return {"databases": databases, "require_tls": require_tls}


def _drop(item: dict[str, Any], now: Account | None) -> list[Statement]:
    return [Statement("DROP USER %s@%s", (item["name"], item["host"]))] if now else []


def _converge(item: dict[str, Any], now: Account | None) -> list[Statement]:
    who = (item["name"], item["host"])
    require = "REQUIRE SSL" if item["require_tls"] else "REQUIRE NONE"
    using = "IDENTIFIED VIA mysql_native_password USING %s"
    steps = []
    stored = password_hash(item["password"]) if item["password"] is not None else ""
    if now is None:
        steps.append(Statement(f"CREATE USER %s@%s {using} {require}", (*who, stored)))
    else:
        same = (now.plugin, now.password_hash) == ("mysql_native_password", stored)
        if stored and item["update_password"] == "always" and not same:  # noqa: S105 (a word, no password)
            steps.append(Statement(f"ALTER USER %s@%s {using}", (*who, stored)))
        if now.require_tls != item["require_tls"]:
            steps.append(Statement(f"ALTER USER %s@%s {require}", who))
    return steps + _grants(who, now.grants if now else {}, {escape_pattern(name) for name in item["databases"]})


def _grants(who: tuple[str, str], granted: dict[str, Grant], wanted: set[str]) -> list[Statement]:
    steps = []
    for pattern, grant in sorted(granted.items()):
        if grant.grantable:
            steps.append(Statement(f"REVOKE GRANT OPTION ON {quote(pattern)}.* FROM %s@%s", who))
        if grant.any and pattern not in wanted:
            steps.append(Statement(f"REVOKE ALL PRIVILEGES ON {quote(pattern)}.* FROM %s@%s", who))
    steps.extend(
        Statement(f"GRANT ALL PRIVILEGES ON {quote(pattern)}.* TO %s@%s", who)
        for pattern in sorted(wanted)
        if pattern not in granted or not granted[pattern].all
    )
    return steps


def _repeated(where: str, keys: Iterable[Any]) -> list[str]:
    seen: set[Any] = set()
    doubles = {key for key in keys if key in seen or seen.add(key)}  # type: ignore[func-returns-value]
    return [f"{where}: {key!r} is named twice" for key in sorted(doubles)]


def _refuse(faults: list[str]) -> None:
    if faults:
        raise AgentError("invalid", "; ".join(faults), faults=faults)
