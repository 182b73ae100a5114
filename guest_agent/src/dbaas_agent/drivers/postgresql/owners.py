# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles that own PostgreSQL's databases, while a plan is made: they come and go with databases, and change."""

from __future__ import annotations

from collections.abc import Mapping

from dbaas_agent.drivers.postgresql import grants
from dbaas_agent.drivers.postgresql.grants import Atom, Catalog, Held
from dbaas_agent.drivers.postgresql.roles import (
    OWNER_MARK,
    Traces,
    World,
    closure,
    session_role_steps,
    session_roles,
)
from dbaas_agent.drivers.postgresql.sql import Statement, quote
from dbaas_agent.drivers.secret_values import Secret


def default(database: str) -> str:
    """The owner of a database for which none is named."""
    return f"{database}_owner"


def members(owner: str, world: World) -> frozenset[str]:
    """Who has all on the databases of an owner."""
    return frozenset(name for name, role in world.roles.items() if owner in role.memberships)


class Ownership:
    """Which role owns which database, and who is a member of what, step by step."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._owners = {name: catalog.owner for name, catalog in world.catalogs.items()}
        self._roles = set(world.roles)
        self._memberships = {name: role.memberships for name, role in world.roles.items()}
        self._session_roles = {name: _of_user(world, name) for name in world.roles}

    def begin(self, database: str, owner: str) -> list[Statement]:
        """Before a database is made."""
        self._owners[database] = owner
        return self._make(owner, database)

    def _make(self, owner: str, database: str) -> list[Statement]:
        if owner in self._roles:
            return []
        self._roles.add(owner)
        self._memberships[owner] = frozenset()
        name = quote(owner)
        mark = f"; COMMENT ON ROLE {name} IS '{OWNER_MARK}'" if owner == default(database) else ""
        return [Statement(f"CREATE ROLE {name} NOLOGIN{mark}")]

    def end(self, database: str, exists: bool) -> list[Statement]:
        """The end of a database, and of its owner, if that was made for it and is needed for nothing else."""
        owner = self._owners.pop(database, default(database))
        steps = [Statement(f"DROP DATABASE {quote(database)} WITH (FORCE)")] if exists else []
        if self._is_left(owner, database):
            self._roles.discard(owner)
            steps.append(Statement(f"DROP ROLE {quote(owner)}"))
        return steps

    def _is_left(self, owner: str, database: str) -> bool:
        """Whether the owner was made to be one, owns no database any more, and has nothing outside of this one."""
        role, traces = self._world.roles.get(owner), self._world.traces.get(owner, Traces())
        made = owner in self._roles and role is not None and role.marked
        return made and owner not in self._owners.values() and traces.touches <= {database}

    def change(self, database: str, owner: str, defaults: Mapping[str, frozenset[Atom]]) -> list[Statement]:
        """Another owner, for all that the one before has in the database, in one transaction; who shared the one shares the other.

        What a superuser has there stays the superuser's. defaults: what the owner before gives by default.
        """
        old, superuser = self._owners[database], self._world.is_superuser(self._owners[database])
        steps = self._make(owner, database)
        others = sorted(name for name, other in self._owners.items() if other == old and name != database)
        self._owners[database] = owner
        if superuser:
            return [*steps, Statement(f"ALTER DATABASE {quote(database)} OWNER TO {quote(owner)}")]
        before = dict(self._memberships)
        steps += self._share(old, owner, keep=bool(others))
        # It takes all databases along: those of others go back.
        steps.append(Statement(f"REASSIGN OWNED BY {quote(old)} TO {quote(owner)}"))
        steps += [Statement(f"ALTER DATABASE {quote(name)} OWNER TO {quote(old)}") for name in others]
        steps += _give_defaults(database, old, owner, defaults)
        steps += self._begin_sessions(before, old, owner)
        if self._is_left(old, database):
            self._roles.discard(old)
            steps += [Statement(f"DROP OWNED BY {quote(old)}"), Statement(f"DROP ROLE {quote(old)}")]
        return [_together(steps, database)]

    def _share(self, old: str, owner: str, keep: bool) -> list[Statement]:
        steps = []
        for name in sorted(name for name, has in self._memberships.items() if old in has):
            has = self._memberships[name]
            if name != owner and owner not in has:
                steps.append(Statement(f"GRANT {quote(owner)} TO {quote(name)}"))
                has |= {owner}
            if not keep:
                steps.append(Statement(f"REVOKE {quote(old)} FROM {quote(name)}"))
                has -= {old}
            self._memberships[name] = has
        return steps

    def _begin_sessions(self, before: Mapping[str, frozenset[str]], old: str, owner: str) -> list[Statement]:
        """For who has, or had, one of the two."""
        catalogs = {name: Catalog(other) for name, other in self._owners.items()}
        steps = []
        for name, role in sorted(self._world.roles.items()):
            if (
                role.login
                and not role.superuser
                and {old, owner} & {*closure(name, before), *closure(name, self._memberships)}
            ):
                wanted = session_roles(name, self._memberships, catalogs)
                steps += session_role_steps(name, self._session_roles[name], wanted)
                self._session_roles[name] = wanted
        return steps


def _of_user(world: World, name: str) -> dict[str, str]:
    return {database: to for (user, database), to in world.session_roles.items() if user == name}


def _give_defaults(database: str, old: str, owner: str, defaults: Mapping[str, frozenset[Atom]]) -> list[Statement]:
    steps = []
    for role, atoms in sorted(defaults.items()):
        if role != owner:
            steps += grants.steps(role, Held(), atoms, {database: Catalog(owner)}, append=True)
        steps += grants.steps(role, Held(atoms), frozenset(), {database: Catalog(old)}, append=False)
    return steps


def _together(steps: list[Statement], database: str) -> Statement:
    """One transaction."""
    values: list[str | Secret] = [value for step in steps for value in step.values]
    return Statement("; ".join(step.sql for step in steps), tuple(values), database)
