# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's roles and what hangs on them: pure functions over what the server showed.

All on a database is membership in the role that owns it, whose sessions there begin as that role: what any of them makes
is the owner's, and each of them can alter and drop it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dbaas_agent.drivers.postgresql.access import Access, Rules, rendered
from dbaas_agent.drivers.postgresql.grants import Catalog, Held
from dbaas_agent.drivers.postgresql.sql import MAINTENANCE, ROOT, SUPERUSER, Statement, quote

OWNER_MARK = "dbaas: made to own a database"
"""The comment of a role that was made for a database, and goes with the last one."""
MONITORING = {
    "MONITORING": "pg_monitor",
    "PG_READ_ALL_SETTINGS": "pg_read_all_settings",
    "PG_READ_ALL_STATS": "pg_read_all_stats",
    "PG_STAT_SCAN_TABLES": "pg_stat_scan_tables",
}
"""Words on everything, each with the role that it stands for."""
_END_MILLISECONDS = 5000


@dataclass(frozen=True)
class Role:
    """marked: by OWNER_MARK. memberships: the roles that were granted to it."""

    name: str
    login: bool = True
    superuser: bool = False
    verifier: str | None = field(default=None, repr=False)
    marked: bool = False
    memberships: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Traces:
    """Where a role can be found: databases (for what they share: MAINTENANCE) in which it owns something, and in which
    it owns or holds something. databases: those that it owns itself."""

    owns: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    databases: frozenset[str] = frozenset()


@dataclass(frozen=True)
class World:
    """What the server has.

    version: its server_version_num; catalogs: of databases that can be connected to; held: of the roles that were asked
    for; session_roles: by role and database; rules: the file with who may come, as it is (its content is what before is);
    unread: whether the server has not read it since.
    """

    version: int
    roles: Mapping[str, Role]
    catalogs: Mapping[str, Catalog]
    held: Mapping[str, Held] = field(default_factory=dict)
    traces: Mapping[str, Traces] = field(default_factory=dict)
    session_roles: Mapping[tuple[str, str], str] = field(default_factory=dict)
    access: Access = field(default_factory=Access)
    rules_path: str = ""
    rules: str = ""
    unread: bool = False

    @property
    def owners(self) -> frozenset[str]:
        """The roles that own databases, but superusers."""
        named = {catalog.owner for name, catalog in self.catalogs.items() if name != MAINTENANCE}
        return frozenset(owner for owner in named if not self.is_superuser(owner))

    def is_superuser(self, name: str) -> bool:
        role = self.roles.get(name)
        return name in (SUPERUSER, ROOT) or (role is not None and role.superuser)

    def owned_by(self, owner: str) -> list[str]:
        return sorted(name for name, catalog in self.catalogs.items() if catalog.owner == owner)


def renamed(world: World, names: Mapping[str, str]) -> World:
    """The same, where what roles are members of and own is told by the names that they will have."""

    def told(roles: Iterable[str]) -> frozenset[str]:
        return frozenset(names.get(role, role) for role in roles)

    return replace(
        world,
        roles={name: replace(role, memberships=told(role.memberships)) for name, role in world.roles.items()},
        catalogs={
            name: replace(catalog, owner=names.get(catalog.owner, catalog.owner))
            for name, catalog in world.catalogs.items()
        },
    )


def closure(name: str, memberships: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """All roles that the named one has, by what was granted to it and to those."""
    found: set[str] = set()
    coming = set(memberships.get(name, frozenset()))
    while coming:
        found |= coming
        coming = {other for role in coming for other in memberships.get(role, frozenset())} - found
    return frozenset(found)


def membership_steps(role: str, now: frozenset[str], wanted: frozenset[str]) -> list[Statement]:
    """What is new first, then what goes."""
    steps = [Statement(f"GRANT {quote(other)} TO {quote(role)}") for other in sorted(wanted - now)]
    return steps + [Statement(f"REVOKE {quote(other)} FROM {quote(role)}") for other in sorted(now - wanted)]


def session_roles(
    name: str, memberships: Mapping[str, frozenset[str]], catalogs: Mapping[str, Catalog]
) -> dict[str, str]:
    """As what role the sessions of who logs in begin, by database."""
    has = closure(name, memberships)
    return {
        database: catalog.owner
        for database, catalog in catalogs.items()
        if database != MAINTENANCE and catalog.owner in has and catalog.owner != name
    }


def session_role_steps(name: str, now: Mapping[str, str], wanted: Mapping[str, str]) -> list[Statement]:
    """From the session roles of a user to those wanted, by database."""
    steps = [
        Statement(f"ALTER ROLE {quote(name)} IN DATABASE {quote(database)} SET role = %s", (owner,))
        for database, owner in sorted(wanted.items())
        if now.get(database) != owner
    ]
    return steps + [
        Statement(f"ALTER ROLE {quote(name)} IN DATABASE {quote(database)} RESET role")
        for database in sorted(set(now) - set(wanted))
    ]


def end_sessions(name: str) -> Statement:
    """It waits for them."""
    sql = f"SELECT pg_terminate_backend(pid, {_END_MILLISECONDS}) FROM pg_stat_activity WHERE usename = %s"  # noqa: S608
    return Statement(sql, (name,))


def removal(name: str, traces: Traces, heirs: Mapping[str, str]) -> list[Statement]:
    """Steps that remove a role; heirs: who gets what it owns, by database. Sessions end first, and no new ones come."""
    steps = [Statement(f"ALTER ROLE {quote(name)} NOLOGIN"), end_sessions(name)]
    for database in sorted(traces.touches):
        if database in traces.owns:
            heir = quote(heirs[database])
            steps.append(Statement(f"REASSIGN OWNED BY {quote(name)} TO {heir}", database=database))
        steps.append(Statement(f"DROP OWNED BY {quote(name)}", database=database))
    return [*steps, Statement(f"DROP ROLE {quote(name)}")]


def removal_faults(name: str, world: World) -> list[str]:
    """Why a user cannot be removed.

    A superuser inherits nothing: a function that runs with the rights of its owner would get the superuser's.
    """
    traces = world.traces.get(name, Traces())
    found = [f"{name!r} owns database {database!r}: give it another owner" for database in sorted(traces.databases)]
    found += [
        f"{name!r} has something in database {database!r}, which lets nobody in"
        for database in sorted(traces.touches - set(world.catalogs))
    ]
    found += [
        f"{name!r} owns objects in database {database!r}, whose owner is a superuser"
        for database in sorted((traces.owns & set(world.catalogs)) - traces.databases)
        if world.is_superuser(world.catalogs[database].owner)
    ]
    return found


def rules_steps(world: World, wanted: Access, present: Iterable[str]) -> tuple[list[Rules], list[Rules]]:
    """The steps for pg_hba.conf before everything else, and after it; present: who is there now.

    Lines of who comes are there first, and none that somebody of the same name has left: nobody gets in from where they
    may not, also when all ends in between.
    """
    there = set(present)
    now, coming = world.access.of(there), wanted.of({*wanted.hosts, *wanted.plain} - there)
    early = Access(now.mode, {**now.hosts, **coming.hosts}, now.plain | coming.plain)
    begun = world.rules if early == world.access else rendered(early)
    ended = rendered(wanted)
    first = [Rules(world.rules_path, world.rules, begun)] if begun != world.rules else []
    last = [Rules(world.rules_path, begun, ended)] if ended != begun or (world.unread and not first) else []
    return first, last
