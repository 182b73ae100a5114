# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an item of user_set asks for in privileges and roles, beside what there is: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas_agent.drivers.postgresql import grants
from dbaas_agent.drivers.postgresql.grants import ALL, CONNECT, DATABASE, EVERYTHING, TABLE, Atom, Catalog, Scope
from dbaas_agent.drivers.postgresql.roles import MONITORING, Role, World
from dbaas_agent.drivers.postgresql.sql import MAINTENANCE, database_fault, role_fault

_MONITORS = frozenset(MONITORING.values())
_SEES_MAINTENANCE = (Scope(MAINTENANCE), frozenset({CONNECT}))
_CONNECT_TO_MONITOR = Atom(DATABASE, MAINTENANCE, "", "", CONNECT)


@dataclass(frozen=True)
class Wish:
    """everything: databases with ALL; scopes: words elsewhere; monitors: roles that look at the server."""

    everything: frozenset[str] = frozenset()
    scopes: grants.Scopes = field(default_factory=dict)
    monitors: frozenset[str] = frozenset()


def wish(given: Mapping[str, Any], version: int) -> Wish | None:
    """What is asked for; None where the item leaves privileges as they are."""
    if given["databases"] is None and given["grants"] is None:
        return None
    everything, monitors = set(given["databases"] or ()), set()
    scopes: dict[Scope, frozenset[str]] = {}
    for grant in given["grants"] or ():
        words = set(map(grants.named, grant["privileges"]))
        scope = _scope(grant)
        if scope.database == EVERYTHING:
            monitors |= {MONITORING[word] for word in words & set(MONITORING)}
        elif ALL in words and not scope.schema:
            everything.add(scope.database)
        else:
            scopes[scope] = scopes.get(scope, frozenset()) | grants.expanded(words, scope, version)
    return Wish(frozenset(everything), scopes, frozenset(monitors))


def _scope(grant: Mapping[str, Any]) -> Scope:
    table = grant["table"] or ""
    return Scope(grant["database"], grant["schema"] or ("public" if table else ""), table)


def held(role: Role, declared: grants.Scopes, world: World) -> Wish:
    """What the role has, as it would be asked for; declared: by its privileges in databases."""
    everything = {name for name in world.catalogs if _has_all(role, name, world)}
    scopes = {
        scope: words
        for scope, words in declared.items()
        if scope.database not in everything and (scope, words) != _SEES_MAINTENANCE
    }
    return Wish(frozenset(everything), scopes, role.memberships & _MONITORS)


def _has_all(role: Role, database: str, world: World) -> bool:
    owner = world.catalogs[database].owner
    return database != MAINTENANCE and (owner == role.name or owner in role.memberships & world.owners)


def joined(one: Wish, other: Wish) -> Wish:
    """What either asks for."""
    scopes = {
        scope: one.scopes.get(scope, frozenset()) | other.scopes.get(scope, frozenset())
        for scope in {*one.scopes, *other.scopes}
    }
    return Wish(one.everything | other.everything, scopes, one.monitors | other.monitors)


def scopes(asked: Wish, catalogs: Mapping[str, Catalog]) -> dict[Scope, frozenset[str]]:
    """What it declares in databases, but for all on them."""
    return grants.normal(
        {
            scope: words
            for scope, words in asked.scopes.items()
            if scope.database not in asked.everything and scope.database in catalogs
        }
    )


def atoms(asked: Wish, catalogs: Mapping[str, Catalog]) -> frozenset[Atom]:
    """What the server has to keep for it, besides memberships."""
    kept = grants.atoms(scopes(asked, catalogs), catalogs)
    return kept | {_CONNECT_TO_MONITOR} if asked.monitors else kept


def memberships(
    name: str, now: frozenset[str], asked: Wish | None, roles: list[str] | None, world: World
) -> frozenset[str]:
    """The roles to be a member of; asked, roles: None for those that it has."""
    privileged = now & (world.owners | _MONITORS)
    if asked is not None:
        owners = {world.catalogs[database].owner for database in asked.everything if database in world.catalogs}
        privileged = frozenset(owners - {name}) | asked.monitors
    return privileged | (other_roles(now, world) if roles is None else frozenset(roles))


def other_roles(memberships: frozenset[str], world: World) -> frozenset[str]:
    """Those that stand for no privilege on a database or on everything."""
    return memberships - world.owners - _MONITORS


def shown(role: Role, declared: grants.Scopes, world: World) -> list[dict[str, Any]]:
    """The privileges as a person writes them; declared: by what the role holds in databases."""
    has = held(role, declared, world)
    words = {own: word for word, own in MONITORING.items()}
    entries = [(Scope(EVERYTHING), sorted(words[name] for name in has.monitors))] if has.monitors else []
    entries += [(Scope(database), [ALL]) for database in has.everything]
    for scope, privileges in has.scopes.items():
        whole = scope.schema and privileges == grants.words_of_tables(world.version)
        entries.append((scope, [ALL] if whole else sorted(privileges)))
    return [
        {"database": scope.database, "schema": scope.schema or None, "table": scope.table or None, "privileges": listed}
        for scope, listed in sorted(entries)
    ]


def faults(given: Mapping[str, Any], name: str, world: World, roles: Mapping[str, Role]) -> list[str]:
    """Everything that is wrong with an item's databases, grants and roles; name: of the role as it will be; roles: that will be."""
    found = [
        f"databases: {fault}" for database in given["databases"] or () for fault in _all_faults(database, name, world)
    ]
    for place, grant in enumerate(given["grants"] or ()):
        found += [f"grants[{place}].{fault}" for fault in _grant_faults(grant, name, world)]
    found += [f"roles: {fault}" for role in given["roles"] or () for fault in _role_faults(role, name, world, roles)]
    asked = wish(given, world.version)
    return found if found or asked is None else _completeness_faults(given, name, asked, world)


def _database_faults(database: str, world: World) -> list[str]:
    fault = database_fault(database) or ("" if database in world.catalogs else f"there is no database {database!r}")
    return [fault] if fault else []


def _all_faults(database: str, name: str, world: World) -> list[str]:
    found = _database_faults(database, world)
    if found:
        return found
    owner = world.catalogs[database].owner
    if world.is_superuser(owner):
        return [f"{database!r} is owned by a superuser: give it another owner, whose privileges others may share"]
    if owner != name and owner in world.roles and world.roles[owner].login:
        return [
            f"{database!r} is owned by {owner!r}, who logs in: give it an owner without login, whose privileges others may share"
        ]
    return []


def _grant_faults(grant: Mapping[str, Any], name: str, world: World) -> list[str]:
    scope, words = _scope(grant), set(map(grants.named, grant["privileges"]))
    if scope.database == EVERYTHING:
        known = frozenset(MONITORING)
        found = ["schema: none may be named with the database '*'"] if grant["schema"] else []
        found += ["table: none may be named with the database '*'"] if grant["table"] else []
    else:
        known = grants.allowed(scope, world.version) | {ALL, *grants.PRESETS}
        missing = _all_faults if ALL in words and not scope.schema else _missing_all
        found = [f"database: {fault}" for fault in missing(scope.database, name, world)]
        found += [] if found else _place_faults(scope, world.catalogs[scope.database])
    unknown = sorted(words - known)
    if unknown:
        found.append(f"privileges: {', '.join(map(repr, unknown))}: unknown here (known: {', '.join(sorted(known))})")
    if not words:
        found.append("privileges: at least one is wanted")
    return found


def _missing_all(database: str, _name: str, world: World) -> list[str]:
    return _database_faults(database, world)


def _place_faults(scope: Scope, catalog: Catalog) -> list[str]:
    if scope.schema and scope.schema not in catalog.schemas:
        return [f"schema: there is no schema {scope.schema!r} in {scope.database!r}"]
    relation = catalog.relations.get((scope.schema, scope.table))
    if scope.table and (relation is None or relation.kind != TABLE):
        return [f"table: there is no table {scope.table!r} in schema {scope.schema!r} of {scope.database!r}"]
    return []


def _role_faults(role: str, name: str, world: World, roles: Mapping[str, Role]) -> Iterable[str]:
    fault = role_fault(role)
    if fault:
        return [fault]
    if role not in roles:
        return [f"there is no role {role!r}"]
    if role in world.owners or roles[role].marked:
        return [f"{role!r} owns databases: who shall have all on them has them in databases"]
    if roles[role].login or role == name:
        return [f"{role!r} is a user: only what has no login can be a role of others"]
    return []


def _completeness_faults(given: Mapping[str, Any], name: str, asked: Wish, world: World) -> list[str]:
    """What ownership brings cannot be taken away otherwise, and all databases of one owner are had together."""
    found = []
    if not given["append_grants"]:
        own = set(world.owned_by(name)) - asked.everything
        found += [f"databases: {name!r} owns {database!r}: give it another owner" for database in sorted(own)]
    for owner in sorted({world.catalogs[database].owner for database in asked.everything} - {name}):
        rest = set(world.owned_by(owner)) - asked.everything
        if rest:
            found.append(
                f"databases: {', '.join(map(repr, sorted(rest)))}: owned by {owner!r} as well, which others share as a whole"
            )
    return found
