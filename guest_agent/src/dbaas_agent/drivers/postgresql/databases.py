# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for PostgreSQL's databases: pure functions over what the server showed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas_agent.drivers.all_faults import refuse, repeated
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql import owners
from dbaas_agent.drivers.postgresql.grants import Atom
from dbaas_agent.drivers.postgresql.roles import World
from dbaas_agent.drivers.postgresql.sql import Statement, database_fault, quote, role_fault, schema_fault

C = "C"
"""The collation that goes by bytes; every other one is a locale of ICU."""
_NOT_WITH_ICU = frozenset({"SQL_ASCII", "EUC_JIS_2004", "MULE_INTERNAL", "LATIN10", "WIN874"})
"""Encodings of the server for which there is only the collation C: seen with 15 and 17."""
_ALWAYS_THERE = "plpgsql"
_HARMLESS = frozenset(
    {
        "amcheck",
        "autoinc",
        "bloom",
        "dict_xsyn",
        "earthdistance",
        "insert_username",
        "moddatetime",
        "pg_buffercache",
        "pg_freespacemap",
        "pg_prewarm",
        "pg_stat_statements",
        "pg_visibility",
        "pgrowlocks",
        "pgstattuple",
        "refint",
        "sslinfo",
        "tcn",
    }
)
"""Extensions that the server does not call trusted, and that reach neither files, nor other servers, nor the pages behind the tables."""


@dataclass(frozen=True)
class Extension:
    """One that the server could make. schema: the only one that it can be in, or nothing."""

    trusted: bool
    schema: str = ""
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Database:
    """A database as it is. public: what everybody may do with it; public_creates: whether everybody may fill its schema
    public; defaults: the default privileges that its owner gives, by who gets them."""

    name: str
    character_set: str
    collation: str
    owner: str
    schemas: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()
    public_creates: bool = False
    defaults: Mapping[str, frozenset[Atom]] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """As database_list tells it."""
        return {
            "name": self.name,
            "character_set": self.character_set,
            "collation": self.collation,
            "owner": self.owner,
            "schemas": sorted(self.schemas),
            "extensions": sorted(self.extensions - {_ALWAYS_THERE}),
        }


@dataclass(frozen=True)
class Known:
    """What the server has: encodings by the names that were asked for, locales of ICU by their names in lower case,
    extensions, and what a database has that asks for nothing."""

    encodings: Mapping[str, str]
    locales: Mapping[str, str]
    extensions: Mapping[str, Extension]
    character_set: str = "UTF8"
    collation: str = "und"

    def collation_named(self, name: str) -> str | None:
        """The server's name of a collation; None when it has none such."""
        return C if name.upper() == C else self.locales.get(name.replace("_", "-").lower())

    def with_required(self, names: Iterable[str]) -> frozenset[str]:
        """The extensions with those that they need."""
        found: set[str] = set()
        coming = set(names)
        while coming:
            found |= coming
            known = [self.extensions[name] for name in coming if name in self.extensions]
            coming = {other for extension in known for other in extension.requires} - found
        return frozenset(found)


def plan_databases(wanted: list[dict[str, Any]], existing: Mapping[str, Database], known: Known, world: World) -> Plan:
    """Statements for database_set; world: with where the databases' owners can be found."""
    items = [_Item(given, existing.get(given["name"]), known, world) for given in wanted]
    found = [f"databases[{place}].{fault}" for place, item in enumerate(items) for fault in item.faults()]
    refuse(found + repeated("databases", [given["name"] for given in wanted]))

    statements: list[Statement] = []
    before, after = {}, {}
    ownership = owners.Ownership(world)
    for item in items:
        steps = item.steps(ownership)
        if steps:
            before[item.name] = item.now.shown() if item.now else None
            after[item.name] = item.target().shown() if item.present else None
        statements += steps
    return Plan(statements, before, after)


class _Item:
    """One wanted database beside what there is."""

    def __init__(self, given: dict[str, Any], now: Database | None, known: Known, world: World) -> None:
        self.name, self.now, self.present = given["name"], now, given["state"] == "present"
        self._given, self._known, self._world = given, known, world
        self._character_set = self._wanted_character_set()
        self._collation = self._wanted_collation()
        self._owner = given["owner"] or (now.owner if now else owners.default(self.name))

    def _wanted_character_set(self) -> str | None:
        """None when the server does not know the one that was asked for."""
        if self._given["character_set"] is not None:
            return self._known.encodings.get(self._given["character_set"]) or None
        return self.now.character_set if self.now else self._known.character_set

    def _wanted_collation(self) -> str | None:
        if self._given["collation"] is not None:
            return self._known.collation_named(self._given["collation"])
        return self.now.collation if self.now else self._known.collation

    def faults(self) -> list[str]:
        found = [f"name: {fault}" for fault in [database_fault(self.name)] if fault]
        if not self.present:
            return found
        if self.now and self.name not in self._world.catalogs:
            return ["name: it lets nobody in"]
        # A name that does not do makes no owner's name either.
        found += self._owner_faults() if self._given["owner"] or not found else []
        found += self._character_faults()
        found += [
            f"schemas: {fault}" for name in self._given["schemas"] or () for fault in [schema_fault(name)] if fault
        ]
        return found + self._extension_faults()

    def _character_faults(self) -> list[str]:
        given, now, found = self._given, self.now, []
        if self._character_set is None:
            found.append(f"character_set: {given['character_set']!r} is unknown to this server")
        if self._collation is None:
            found.append(
                f"collation: {given['collation']!r} is unknown to this server: 'C', or a locale of ICU such as 'de-AT'"
            )
        if found:
            return found
        if now and self._character_set != now.character_set:
            found.append(
                f"character_set: {self.name!r} has {now.character_set}, which cannot become {self._character_set}"
            )
        if now and self._collation != now.collation:
            found.append(f"collation: {self.name!r} has {now.collation}, which cannot become {self._collation}")
        if not now and self._character_set in _NOT_WITH_ICU and self._collation != C:
            found.append(f"collation: with {self._character_set} there is only 'C'")
        return found

    def _owner_faults(self) -> list[str]:
        given, owner = self._given["owner"], self._owner
        if self.now and not given:
            return []
        role, fault = self._world.roles.get(owner), role_fault(owner)
        if fault:
            return [f"owner: {fault}" if given else f"owner: required, since the usual one does not do: {fault}"]
        if role and role.superuser:
            return [f"owner: {owner!r} is a superuser"]
        if role and not role.marked and not given:
            return [f"owner: required, since the usual one, {owner!r}, exists as somebody else"]
        if role and role.login and self.now and owners.members(self.now.owner, self._world) - {owner}:
            return [
                f"owner: {owner!r} logs in, and others have all on {self.name!r}: only what has no login can be shared"
            ]
        return []

    def _extension_faults(self) -> list[str]:
        asked = self._known.with_required(self._given["extensions"] or ())
        found = [f"extensions: {fault}" for name in sorted(asked) for fault in [self._extension_fault(name)] if fault]
        if asked - (self.now.extensions if self.now else set()) and "public" not in self.target_schemas():
            found.append("extensions: they go into schema 'public', which is not there: name it in schemas")
        return found

    def _extension_fault(self, name: str) -> str:
        extension = self._known.extensions.get(name)
        if extension is None:
            return f"{name!r} is not installed with this server"
        return "" if extension.trusted or name in _HARMLESS else f"{name!r} reaches out of the database"

    def target_schemas(self) -> frozenset[str]:
        return (self.now.schemas if self.now else frozenset({"public"})) | frozenset(self._given["schemas"] or ())

    def target(self) -> Database:
        """What a checked item leads to."""
        extensions = self._known.with_required(self._given["extensions"] or ())
        return Database(
            self.name,
            self._character_set or "",
            self._collation or "",
            self._owner,
            self.target_schemas(),
            extensions | (self.now.extensions if self.now else frozenset()),
        )

    def steps(self, ownership: owners.Ownership) -> list[Statement]:
        """ownership: as it is after the items before; it follows."""
        now = self.now
        if not self.present:
            return ownership.end(self.name, exists=now is not None)
        steps = []
        if now is None:
            steps += ownership.begin(self.name, self._owner)
            steps.append(self._create())
        elif now.owner != self._owner:
            steps += ownership.change(self.name, self._owner, now.defaults)
        if now is None or now.public:
            steps.append(Statement(f"REVOKE CONNECT, TEMPORARY ON DATABASE {quote(self.name)} FROM PUBLIC"))
        if now is not None and now.public_creates:
            steps.append(self._inside("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
        target, has = self.target(), now or Database(self.name, "", "", "", frozenset({"public"}))
        owner = quote(target.owner)
        for schema in sorted(target.schemas - has.schemas):
            steps.append(self._inside(f"CREATE SCHEMA {quote(schema)} AUTHORIZATION {owner}"))
        for name in self._in_order(target.extensions - has.extensions):
            place = "" if self._known.extensions[name].schema else " SCHEMA public"
            steps.append(self._inside(f"CREATE EXTENSION {quote(name)}{place}"))
        return steps

    def _in_order(self, names: frozenset[str]) -> list[str]:
        """Extensions after those that they need."""
        return sorted(names, key=lambda name: (len(self._known.with_required([name])), name))

    def _inside(self, sql: str) -> Statement:
        return Statement(sql, database=self.name)

    def _create(self) -> Statement:
        known, target = self._known, self.target()
        sql = f"CREATE DATABASE {quote(self.name)} OWNER {quote(target.owner)}"
        if (target.character_set, target.collation) == (known.character_set, known.collation):
            return Statement(sql)
        sql += f" TEMPLATE template0 ENCODING '{target.character_set}'"
        if target.collation == C:
            return Statement(f"{sql} LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'")
        # The locale of the C library that template0 has does not go with every encoding.
        libc = "" if target.character_set == known.character_set else " LC_COLLATE 'C' LC_CTYPE 'C'"
        return Statement(f"{sql} LOCALE_PROVIDER icu ICU_LOCALE '{target.collation}'{libc}")
