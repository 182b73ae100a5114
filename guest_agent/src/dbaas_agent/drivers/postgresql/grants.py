# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's privileges in databases: between what a person declares (scopes with words) and what the server keeps (atoms). Pure functions.

On a database or a schema words hold for what is there and for what its owner makes later (default privileges), with
what is needed to get there: CONNECT, USAGE of the schemas, and for SELECT, INSERT and UPDATE the same use of sequences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dbaas_agent.drivers.postgresql.sql import MAINTENANCE, Statement, quote

EVERYTHING = "*"
ALL = "ALL"
CONNECT = "CONNECT"
TEMPORARY = "TEMPORARY"
CREATE = "CREATE"
USAGE = "USAGE"
DATABASE, SCHEMA, TABLE, SEQUENCE, DEFAULT = "DATABASE", "SCHEMA", "TABLE", "SEQUENCE", "DEFAULT"
"""Kinds of atoms, in the order in which they are granted."""
_KINDS = (DATABASE, SCHEMA, TABLE, SEQUENCE, DEFAULT)
TABLES, SEQUENCES, SCHEMAS = "TABLES", "SEQUENCES", "SCHEMAS"
"""Names of atoms of DEFAULT."""
PRESETS = {
    "READ_ONLY": frozenset({"SELECT"}),
    "READ_WRITE": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", TEMPORARY}),
}
_OF_TABLES = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"})
_MAINTAIN_SINCE = 170000
_OF_SEQUENCES = {"SELECT": "SELECT", "INSERT": USAGE, "UPDATE": "UPDATE"}
"""What of a sequence goes with a word on its table."""


class Scope(NamedTuple):
    """Where words hold: a database, a schema of it, or a table (or, by hand, a sequence) of that."""

    database: str
    schema: str = ""
    table: str = ""


class Atom(NamedTuple):
    """One privilege in the server's own terms; a DEFAULT without a schema is for all of the database."""

    kind: str
    database: str
    schema: str
    name: str
    privilege: str


Scopes = Mapping[Scope, frozenset[str]]


@dataclass(frozen=True)
class Relation:
    """A table, or what can be granted like one, or a sequence. of: the table in its schema whose column it numbers."""

    kind: str
    of: str = ""


@dataclass(frozen=True)
class Catalog:
    """A database: its owner, its schemas but the system's, and what is in them, by schema and name."""

    owner: str
    schemas: frozenset[str] = frozenset({"public"})
    relations: Mapping[tuple[str, str], Relation] = field(default_factory=dict)

    def tables_and_sequences(self, schema: str, table: str) -> list[tuple[str, str, str]]:
        """Kind, schema and name of what a scope is about: all, those of a schema, or a table with its sequences."""
        return [
            (relation.kind, place, name)
            for (place, name), relation in self.relations.items()
            if schema in ("", place) and table in ("", name, relation.of)
        ]


_NONE = Catalog("")


@dataclass(frozen=True)
class Held:
    """What a role holds in databases. own: granted by the thing's owner; foreign: by whom else; grantable: what it may pass on."""

    own: frozenset[Atom] = frozenset()
    grantable: frozenset[Atom] = frozenset()
    foreign: frozenset[tuple[Atom, str]] = frozenset()

    @property
    def atoms(self) -> frozenset[Atom]:
        return self.own | {atom for atom, _dummy in self.foreign}


def words_of_tables(version: int) -> frozenset[str]:
    """Those that the server has, by its server_version_num."""
    return _OF_TABLES | ({"MAINTAIN"} if version >= _MAINTAIN_SINCE else set())


def named(word: str) -> str:
    """A word as this module writes it."""
    name = " ".join(word.upper().split())
    return {"TEMP": TEMPORARY, "ALL PRIVILEGES": ALL}.get(name, name)


def allowed(scope: Scope, version: int) -> frozenset[str]:
    """The words that may be asked for in a scope, without ALL and presets."""
    words = words_of_tables(version)
    return words if scope.schema else words | {CONNECT, TEMPORARY}


def expanded(words: Iterable[str], scope: Scope, version: int) -> frozenset[str]:
    """Words of a schema or a table, or of a database but ALL, without presets."""
    known, asked = allowed(scope, version), set(map(named, words))
    if ALL in asked:
        return known
    presets = [PRESETS[name] & known for name in asked & set(PRESETS)]
    return frozenset(asked - set(PRESETS)).union(*presets)


def normal(scopes: Scopes) -> dict[Scope, frozenset[str]]:
    """The same without what follows from a wider scope, and without CONNECT where something else brings it."""
    result: dict[Scope, frozenset[str]] = {}
    for scope in sorted(scopes):
        wider = [Scope(scope.database), Scope(scope.database, scope.schema)]
        covered = frozenset().union(*(scopes.get(other, frozenset()) for other in wider if other != scope))
        result[scope] = scopes[scope] - (covered - {CREATE, USAGE})
    for scope, words in list(result.items()):
        others = any(kept for other, kept in result.items() if other.database == scope.database and other != scope)
        result[scope] = words - {CONNECT} if others or words != {CONNECT} else words
    return {scope: words for scope, words in result.items() if words}


def atoms(scopes: Scopes, catalogs: Mapping[str, Catalog]) -> frozenset[Atom]:
    """What the server has to keep for normal scopes."""
    result: set[Atom] = set()
    for scope, words in scopes.items():
        database, schema, table = scope
        result.add(Atom(DATABASE, database, "", "", CONNECT))
        result |= {Atom(DATABASE, database, "", "", word) for word in words & {TEMPORARY, CREATE} if not schema}
        result |= {Atom(SCHEMA, database, schema, "", word) for word in words & {USAGE, CREATE} if schema and not table}
        other = words - {CONNECT, TEMPORARY, CREATE} - (set() if table else {USAGE})
        result |= _of_relations(scope, other, catalogs[database])
    return frozenset(result)


def _of_relations(scope: Scope, words: frozenset[str], catalog: Catalog) -> set[Atom]:
    database, schema, table = scope
    if not words:
        return set()
    result = {Atom(SCHEMA, database, name, "", USAGE) for name in ([schema] if schema else catalog.schemas)}
    for kind, place, name in catalog.tables_and_sequences(schema, table):
        for word in words if kind == TABLE or name == table else _of_sequence(words):
            result.add(Atom(kind, database, place, name, word))
    if not table:
        result |= {Atom(DEFAULT, database, schema, TABLES, word) for word in words}
        result |= {Atom(DEFAULT, database, schema, SEQUENCES, word) for word in _of_sequence(words)}
    if not schema:
        result.add(Atom(DEFAULT, database, "", SCHEMAS, USAGE))
    return result


def _of_sequence(words: Iterable[str]) -> set[str]:
    return {_OF_SEQUENCES[word] for word in words if word in _OF_SEQUENCES}


def scopes(held: frozenset[Atom], catalogs: Mapping[str, Catalog]) -> dict[Scope, frozenset[str]]:
    """What is declared by what the server keeps: the widest scopes whose default privileges say so, and what else there is."""
    found: dict[Scope, set[str]] = defaultdict(set)
    for atom in held:
        if atom.kind == DEFAULT and atom.name == TABLES:
            found[Scope(atom.database, atom.schema)].add(atom.privilege)
        elif atom.kind == DATABASE:
            found[Scope(atom.database)].add(atom.privilege)
    left = held - atoms(_frozen(found), catalogs)
    for kind in (TABLE, SEQUENCE, SCHEMA):
        alone = [atom for atom in left if atom.kind == kind]
        for atom in alone:
            found[Scope(atom.database, atom.schema, atom.name)].add(atom.privilege)
        left = left - atoms(_frozen(found), catalogs) if alone else left
    return normal(_frozen(found))


def _frozen(found: Mapping[Scope, set[str]]) -> dict[Scope, frozenset[str]]:
    return {scope: frozenset(words) for scope, words in found.items()}


def steps(
    role: str, held: Held, wanted: frozenset[Atom], catalogs: Mapping[str, Catalog], append: bool
) -> list[Statement]:
    """Statements from what is held to what is wanted: what is new first, then, unless it is to be appended, what goes."""
    new, excess = wanted - held.atoms, held.atoms - wanted
    grants = [_granted(role, group, catalogs, wanted) for group in _groups(new)]
    if append:
        return grants
    return [
        *grants,
        *(_revoked(role, group, catalogs, "GRANT OPTION FOR ") for group in _groups(held.grantable & wanted)),
        *(_revoked_by(grantor, role, atom) for atom, grantor in sorted(held.foreign) if atom in excess),
        *(_revoked(role, group, catalogs) for group in reversed(_groups(held.own & excess))),
    ]


class _Group(NamedTuple):
    """Things in one place with one set of privileges to be granted or revoked."""

    kind: int
    database: str
    schema: str
    default: str
    privileges: tuple[str, ...]
    things: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", ".join(self.privileges)

    def is_all(self, catalog: Catalog) -> bool:
        """Whether it is about all tables, or sequences, of a schema."""
        kind = _KINDS[self.kind]
        there = [name for (place, name), it in catalog.relations.items() if (place, it.kind) == (self.schema, kind)]
        return kind in (TABLE, SEQUENCE) and len(there) == len(self.things)


def _groups(atoms: Iterable[Atom]) -> list[_Group]:
    privileges: dict[tuple[int, str, str, str, str], set[str]] = defaultdict(set)
    for kind, database, schema, name, privilege in atoms:
        inside = kind in (TABLE, SEQUENCE)
        thing = {DATABASE: database, SCHEMA: schema, DEFAULT: ""}.get(kind, name)
        default = name if kind == DEFAULT else ""
        place = schema if inside or default else ""
        privileges[_KINDS.index(kind), database, place, default, thing].add(privilege)
    things: dict[tuple[int, str, str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (number, database, place, default, thing), words in privileges.items():
        things[number, database, place, default, tuple(sorted(words))].append(thing)
    return sorted(_Group(*key, tuple(sorted(names))) for key, names in things.items())


def _granted(role: str, group: _Group, catalogs: Mapping[str, Catalog], wanted: frozenset[Atom]) -> Statement:
    catalog = catalogs.get(group.database, _NONE)
    default = TABLES if _KINDS[group.kind] == TABLE else SEQUENCES
    coming = all(
        wanted & {Atom(DEFAULT, group.database, schema, default, word) for schema in ("", group.schema)}
        for word in group.privileges
    )
    everything = coming and group.is_all(catalog)
    return _statement(group, f"GRANT {group.words} ON", f"TO {quote(role)}", catalog, everything)


def _revoked(role: str, group: _Group, catalogs: Mapping[str, Catalog], what: str = "") -> Statement:
    catalog = catalogs.get(group.database, _NONE)
    whom = f"FROM {quote(role)} CASCADE"
    return _statement(group, f"REVOKE {what}{group.words} ON", whom, catalog, group.is_all(catalog))


def _statement(group: _Group, verb: str, whom: str, catalog: Catalog, everything: bool) -> Statement:
    kind, inside = _KINDS[group.kind], f" IN SCHEMA {quote(group.schema)}" if group.schema else ""
    if kind == DEFAULT:
        sql = f"ALTER DEFAULT PRIVILEGES FOR ROLE {quote(catalog.owner)}{inside} {verb} {group.default} {whom}"
    elif everything:
        sql = f"{verb} ALL {kind}S{inside} {whom}"
    else:
        sql = f"{verb} {_on(kind, group.schema, group.things)} {whom}"
    return Statement(sql, database=MAINTENANCE if kind == DATABASE else group.database)


def _revoked_by(grantor: str, role: str, atom: Atom) -> Statement:
    """Only who granted something takes it back."""
    kind, database, schema, name, privilege = atom
    thing = {DATABASE: database, SCHEMA: schema}.get(kind, name)
    on = _on(kind, schema if name else "", [thing])
    sql = f"SET ROLE {quote(grantor)}; REVOKE {privilege} ON {on} FROM {quote(role)} CASCADE; RESET ROLE"
    return Statement(sql, database=database)


def _on(kind: str, schema: str, things: Iterable[str]) -> str:
    prefix = f"{quote(schema)}." if schema else ""
    return f"{kind} {', '.join(prefix + quote(thing) for thing in things)}"
