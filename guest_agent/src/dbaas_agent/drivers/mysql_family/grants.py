# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges on everything, on databases and on tables: pure functions over what the server showed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dbaas_agent.drivers.all_faults import foreign
from dbaas_agent.drivers.mysql_family.sql import (
    Statement,
    database_fault,
    escape_pattern,
    quote,
    table_fault,
    unescape_pattern,
)

EVERYTHING = "*"
ALL = "ALL"
MONITORING = "MONITORING"
PRESETS = {
    "READ_ONLY": frozenset({"SELECT", "SHOW VIEW"}),
    "READ_WRITE": frozenset(
        {"SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE", "SHOW VIEW", "CREATE TEMPORARY TABLES", "LOCK TABLES"}
    ),
}
_COLUMNS = {"CREATE TMP TABLE": "CREATE TEMPORARY TABLES"}


class Scope(NamedTuple):
    """Where privileges hold: EVERYTHING, a pattern of databases as the server stores it, or a database and its table."""

    database: str
    table: str = ""

    @property
    def on(self) -> str:
        """For a Statement's text."""
        if self.database == EVERYTHING:
            return "*.*"
        return f"{quote(self.database)}.{quote(self.table) if self.table else '*'}"


@dataclass(frozen=True)
class Held:
    """Privileges in a scope, and whether they may be passed on."""

    privileges: frozenset[str]
    grantable: bool = False


@dataclass(frozen=True)
class Known:
    """All privileges that the server has on a database, and on a table.

    monitoring: what a user may have on everything: to look at the server, not at the data; synonyms: other names of privileges.
    """

    database: frozenset[str]
    table: frozenset[str]
    monitoring: frozenset[str]
    synonyms: Mapping[str, str] = field(default_factory=dict)

    def of(self, scope: Scope) -> frozenset[str]:
        """Those that a user may have in this scope."""
        if scope.database == EVERYTHING:
            return self.monitoring
        return self.table if scope.table else self.database

    def is_all(self, scope: Scope, privileges: frozenset[str]) -> bool:
        """Whether these are what ALL PRIVILEGES stands for in a database or a table."""
        return scope.database != EVERYTHING and privileges == self.of(scope)

    def named(self, word: str) -> str:
        """The privilege as the server calls it."""
        name = plain(word)
        return self.synonyms.get(name, name)

    def expanded(self, words: Iterable[str], scope: Scope) -> frozenset[str]:
        """The privileges that words, presets among them, stand for in a scope."""
        names, allowed = set(map(self.named, words)), self.of(scope)
        if ALL in names:
            return allowed
        presets = {**PRESETS, MONITORING: self.monitoring}
        return frozenset(names - set(presets)).union(*(presets[name] & allowed for name in names if name in presets))


@dataclass(frozen=True)
class Places:
    """The databases that exist or will, and the tables, with their databases, of those that are named."""

    databases: frozenset[str]
    tables: frozenset[tuple[str, str]] = frozenset()

    def database_fault(self, name: str) -> str:
        """Why nothing can be granted on this database; empty when it can."""
        return database_fault(name) or ("" if name in self.databases else f"there is no database {name!r}")

    def table_fault(self, database: str, table: str | None) -> str:
        """The same of a table; None is none."""
        if table is None:
            return ""
        return table_fault(table) or (
            "" if (database, table) in self.tables else f"there is no table {table!r} in {database!r}"
        )


def tables_of(items: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The tables, with their databases, that items of user_set name."""
    grants = [grant for item in items for grant in item["grants"] or ()]
    return [(grant["database"], grant["table"]) for grant in grants if grant["table"] is not None]


def privilege_of_column(column: str) -> str:
    """The privilege that a column of mysql.db stands for: Create_tmp_table_priv is CREATE TEMPORARY TABLES."""
    name = column[: -len("_priv")].replace("_", " ").upper()
    return _COLUMNS.get(name, name)


def privileges_of_set(words: Iterable[str], synonyms: Mapping[str, str]) -> frozenset[str]:
    """The privileges that the words of mysql.tables_priv stand for, GRANT among them."""
    return frozenset(synonyms.get(plain(word), plain(word)) for word in words if word)


def plain(word: str) -> str:
    """A privilege in capitals, with single blanks."""
    name = " ".join(word.upper().split())
    return ALL if name == "ALL PRIVILEGES" else name


def shown(grants: Mapping[Scope, Held], known: Known) -> list[dict[str, Any]]:
    """Grants as a person writes them."""
    return [
        {
            "database": scope.database if scope.table else unescape_pattern(scope.database),
            "schema": None,
            "table": scope.table or None,
            "privileges": [ALL] if known.is_all(scope, held.privileges) else sorted(held.privileges),
        }
        for scope, held in sorted(grants.items())
        if held.privileges
    ]


def wanted(item: Mapping[str, Any], known: Known) -> dict[Scope, frozenset[str]] | None:
    """What a checked item of user_set asks for; None where it leaves privileges as they are."""
    if item["databases"] is None and item["grants"] is None:
        return None
    result: dict[Scope, frozenset[str]] = {}
    for name in item["databases"] or ():
        result[Scope(escape_pattern(name))] = known.database
    for grant in item["grants"] or ():
        scope = _scope(grant)
        result[scope] = result.get(scope, frozenset()) | known.expanded(grant["privileges"], scope)
    return result


def faults(item: Mapping[str, Any], known: Known, places: Places) -> list[str]:
    """Everything that is wrong with an item's databases and grants."""
    missing = [places.database_fault(name) for name in item["databases"] or ()]
    found = [f"databases: {fault}" for fault in missing if fault]
    for place, grant in enumerate(item["grants"] or ()):
        found += [f"grants[{place}].{fault}" for fault in _grant_faults(grant, known, places)]
    return found


def _grant_faults(grant: Mapping[str, Any], known: Known, places: Places) -> list[str]:
    database, table = grant["database"], grant["table"]
    found = foreign(grant, ["schema"])
    if database != EVERYTHING:
        missing = places.database_fault(database)
        found += [f"database: {missing}"] if missing else []
        found += [f"table: {fault}" for fault in [places.table_fault(database, table)] if fault and not missing]
    elif table is not None:
        found.append("table: none may be named with the database '*'")
    allowed = known.of(_scope(grant))
    words = {ALL, *PRESETS} if database != EVERYTHING else {MONITORING}
    unknown = [word for word in grant["privileges"] if known.named(word) not in allowed | words]
    if unknown:
        names = ", ".join([*sorted(words), *sorted(allowed)])
        found.append(f"privileges: {', '.join(map(repr, unknown))}: unknown here (known: {names})")
    if not grant["privileges"]:
        found.append("privileges: at least one is wanted")
    return found


def _scope(grant: Mapping[str, Any]) -> Scope:
    if grant["database"] == EVERYTHING:
        return Scope(EVERYTHING)
    return Scope(grant["database"], grant["table"]) if grant["table"] else Scope(escape_pattern(grant["database"]))


def plan(
    who: tuple[str, str],
    granted: Mapping[Scope, Held],
    asked: Mapping[Scope, frozenset[str]],
    known: Known,
    append: bool,
) -> list[Statement]:
    """Statements from the granted to the asked: what is new first, then, unless it is to be appended, what goes."""
    nothing = Held(frozenset())
    steps = [
        Statement(f"GRANT {_listed(scope, privileges, known)} ON {scope.on} TO %s@%s", who)
        for scope, privileges in sorted(asked.items())
        if privileges - granted.get(scope, nothing).privileges
    ]
    if append:
        return steps
    for scope, held in sorted(granted.items()):
        if held.grantable:
            steps.append(Statement(f"REVOKE GRANT OPTION ON {scope.on} FROM %s@%s", who))
        excess = held.privileges - asked.get(scope, frozenset())
        if excess:
            whole = scope not in asked and scope.database != EVERYTHING
            words = "ALL PRIVILEGES" if whole else ", ".join(sorted(excess))
            steps.append(Statement(f"REVOKE {words} ON {scope.on} FROM %s@%s", who))
    return steps


def after(granted: Mapping[Scope, Held], asked: Mapping[Scope, frozenset[str]], append: bool) -> dict[Scope, Held]:
    """What plan() leads to."""
    reached = {scope: Held(privileges) for scope, privileges in asked.items()}
    if append:
        for scope, held in granted.items():
            reached[scope] = Held(held.privileges | asked.get(scope, frozenset()), held.grantable)
    return reached


def _listed(scope: Scope, privileges: frozenset[str], known: Known) -> str:
    return "ALL PRIVILEGES" if known.is_all(scope, privileges) else ", ".join(sorted(privileges))
