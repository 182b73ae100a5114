# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for PostgreSQL's users and roles: pure functions over what the server showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dbaas_agent.drivers import tls_rules
from dbaas_agent.drivers.all_faults import refuse, repeated
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql import grants, wishes
from dbaas_agent.drivers.postgresql import password as passwords
from dbaas_agent.drivers.postgresql.access import Access
from dbaas_agent.drivers.postgresql.grants import Held, Scopes
from dbaas_agent.drivers.postgresql.roles import (
    Role,
    Traces,
    World,
    closure,
    end_sessions,
    membership_steps,
    removal,
    removal_faults,
    renamed,
    rules_steps,
    session_role_steps,
    session_roles,
)
from dbaas_agent.drivers.postgresql.sql import (
    ANYWHERE,
    MAINTENANCE,
    ROOT,
    SUPERUSER,
    Statement,
    host_fault,
    normal_host,
    quote,
    role_fault,
)
from dbaas_agent.drivers.secret_values import Secret
from dbaas_agent.tls_mode import DEFAULT, Policy, Who

_NOTHING = Held()


def listed(world: World, declared: Mapping[str, Scopes]) -> list[dict[str, Any]]:
    """The users and roles that are no system's and no mere owners of databases; declared: by what each holds in databases."""
    return [
        _shown(role, declared.get(name, {}), world, world.access)
        for name, role in sorted(world.roles.items())
        if name not in (SUPERUSER, ROOT) and not role.marked
    ]


def _shown(role: Role, declared: Scopes, world: World, access: Access) -> dict[str, Any]:
    listed_grants = wishes.shown(role, declared, world)
    word = access.word(role.name) if role.login else tls_rules.NONE
    return {
        "name": role.name,
        "host": access.host(role.name),
        "login": role.login,
        "roles": sorted(wishes.other_roles(role.memberships, world)),
        "require_tls": word != tls_rules.NONE,
        "require_certificate": word == tls_rules.X509,
        "passwords": int(role.verifier is not None),
        "databases": sorted({grant["database"] for grant in listed_grants} - {grants.EVERYTHING}),
        "grants": listed_grants,
    }


def plan_users(wanted: list[dict[str, Any]], world: World, policy: Policy = DEFAULT) -> Plan:
    """Statements for user_set; world: with what the named roles hold and where they can be found."""
    world = renamed(world, _renames(wanted, world))
    items = [_Item(given, world) for given in wanted]
    after = _after(items, world)
    found = [f"users[{place}].{fault}" for place, item in enumerate(items) for fault in item.faults(after.roles)]
    found += repeated("users", [name for item in items for name in item.names])
    found += _circles(items, after)
    refuse(found)

    after = replace(after, access=_access(items, after, policy))
    first, last = rules_steps(world, after.access, world.roles)
    own = [item.steps() for item in items]
    makes, joins, grants_, removes = ([step for steps in own for step in steps[phase]] for phase in range(4))
    statements = [*first, *makes, *joins, *grants_, *_sessions_begin(items, world, after), *removes, *last]
    shown = [(item.label, item.shown_now(), item.shown_after(after)) for item in items]
    changed = [entry for entry, steps in zip(shown, own) if any(steps) or _differ(*entry[1:])]
    kept = tls_rules.after_users(policy, {item.who: (item.who_after, item.given["require_tls"]) for item in items})
    return Plan(
        statements,
        {label: now for label, now, _dummy in changed},
        {label: then for label, _dummy, then in changed},
        None if kept == policy else kept,
    )


def _renames(wanted: list[dict[str, Any]], world: World) -> dict[str, str]:
    return {
        given["name"]: given["new_name"]
        for given in wanted
        if given["new_name"] and given["name"] in world.roles and given["new_name"] not in world.roles
    }


def _differ(now: dict[str, Any] | None, then: dict[str, Any] | None) -> bool:
    return now != (then and {key: value for key, value in then.items() if key != "password_changed"})


def _after(items: list[_Item], world: World) -> World:
    """What there is when the items are reached, but for who may come."""
    gone = {item.now.name for item in items if item.now}
    roles = {name: role for name, role in world.roles.items() if name not in gone}
    roles.update({item.target: item.role() for item in items if item.present})
    removed = {item.source for item in items if not item.present}
    return replace(
        world, roles={name: replace(role, memberships=role.memberships - removed) for name, role in roles.items()}
    )


def _circles(items: list[_Item], after: World) -> list[str]:
    memberships = {name: role.memberships for name, role in after.roles.items()}
    return [
        f"users: {item.target!r} would be a role of its own"
        for item in items
        if item.target in closure(item.target, memberships)
    ]


def _access(items: list[_Item], after: World, policy: Policy) -> Access:
    """Who may come when the items are reached. The mode is the policy's, whatever the file says, which may be of a backup."""
    now = after.access
    hosts, plain = dict(now.hosts), set(now.plain)
    for item in items:
        was_plain = item.now is not None and item.now.name in plain
        for name in item.names:
            hosts.pop(name, None)
            plain.discard(name)
        if item.present and item.role().login:
            rule = tls_rules.rule_for(policy, (item.target, item.host), item.given["require_tls"], item.logged_in)
            if was_plain if rule is None else rule.word == tls_rules.NONE:
                plain.add(item.target)
            if item.host != ANYWHERE:
                hosts[item.target] = item.host
    wanted = Access(policy.mode, hosts, frozenset() if policy.decides else frozenset(plain))
    return wanted.of(name for name, role in after.roles.items() if role.login)


def _sessions_begin(items: list[_Item], world: World, after: World) -> list[Statement]:
    """Steps for the sessions of those whose roles or name were asked for, or who have, or had, one of them."""
    asked = {name for item in items if item.asks_for_sessions for name in item.names}
    before = {name: role.memberships for name, role in world.roles.items()}
    memberships = {name: role.memberships for name, role in after.roles.items()}
    names = {item.target: item.now.name for item in items if item.present and item.now}
    steps = []
    for name, role in sorted(after.roles.items()):
        was = names.get(name, name)
        if role.login and not role.superuser and asked & {name, *closure(was, before), *closure(name, memberships)}:
            now = {database: to for (user, database), to in world.session_roles.items() if user == was}
            steps += session_role_steps(name, now, session_roles(name, memberships, world.catalogs))
    return steps


class _Item:
    """One wanted user beside what there is."""

    def __init__(self, given: dict[str, Any], world: World) -> None:
        self.given = given
        self._world = world
        self.source, self.target = given["name"], given["new_name"] or given["name"]
        self._host = normal_host(given["host"]) or given["host"]
        self.host = normal_host(given["new_host"] or given["host"]) or ANYWHERE
        self.now = world.roles.get(self.source) or world.roles.get(self.target)
        self.present = given["state"] == "present"
        self.label = f"{self.source}@{self._host}"
        self._password_fault = passwords.fault(given["password"])
        self._verifier = self._verifier_to_have()
        self._held = world.held.get(self.now.name, _NOTHING) if self.now else _NOTHING
        self._declared = grants.scopes(self._held.atoms, world.catalogs)
        self._asked = self._asked_for()

    @property
    def names(self) -> set[str]:
        """What it is called before and after."""
        return {self.source, self.target}

    @property
    def who(self) -> Who:
        return self.source, self._host

    @property
    def who_after(self) -> Who | None:
        return (self.target, self.host) if self.present else None

    @property
    def logged_in(self) -> bool:
        """Whether it can log in now."""
        return self.now is not None and self.now.login

    @property
    def asks_for_sessions(self) -> bool:
        """Whether it may change as what role somebody's sessions begin."""
        renames = self.now is not None and self.now.name != self.target
        return renames or not self.present or self._asked is not None or self.given["roles"] is not None

    def _verifier_to_have(self) -> str | None:
        given, stored = self.given, self.now.verifier if self.now else None
        if not given["login"]:
            return None
        keeps = given["update_password"] == "on_create"  # noqa: S105 (a word, no password)
        if not given["password"] or self._password_fault or (stored and keeps):
            return stored
        if stored and passwords.matches(given["password"], stored):
            return stored
        return passwords.verifier(given["password"])

    def _asked_for(self) -> wishes.Wish | None:
        asked = wishes.wish(self.given, self._world.version)
        if asked is None or not self.now or not self.given["append_grants"]:
            return asked
        return wishes.joined(asked, wishes.held(self.now, self._declared, self._world))

    def role(self) -> Role:
        """The role that shall be."""
        now = self.now or Role(self.target)
        joined = wishes.memberships(self.target, now.memberships, self._asked, self.given["roles"], self._world)
        return replace(now, name=self.target, login=self.given["login"], verifier=self._verifier, memberships=joined)

    def faults(self, roles: Mapping[str, Role]) -> list[str]:
        """roles: those that will be."""
        given, now = self.given, self.now
        found = [f"name: {fault}" for fault in [role_fault(given["name"])] if fault]
        found += [f"new_name: {fault}" for fault in [role_fault(self.target)] if given["new_name"] and fault]
        found += [f"host: {fault}" for fault in [host_fault(given["host"])] if fault]
        found += [f"new_host: {fault}" for fault in [host_fault(given["new_host"] or ANYWHERE)] if fault]
        found += [f"password: {fault}" for fault in [self._password_fault] if fault]
        found += self._identity_faults()
        if now and now.marked:
            found.append(f"name: {now.name!r} was made for the databases that it owns")
        if given["retain_current_password"]:
            found.append(
                "retain_current_password: a user has one password here: make a second user with the same databases,"
                " grants and roles, move the clients to it, and remove the first"
            )
        if not self.present:
            return found + ([f"state: {fault}" for fault in removal_faults(now.name, self._world)] if now else [])
        found += self._login_faults(roles)
        return found + wishes.faults(given, self.target, self._world, roles)

    def _identity_faults(self) -> list[str]:
        """What speaks against this name and host; a user has one host here."""
        roles, now = self._world.roles, self.now
        if self.source != self.target and not self.present:
            return ["state: who is to be removed cannot be renamed"]
        if self.source != self.target and self.source in roles and self.target in roles:
            return [f"new_name: {self.target!r} exists beside {self.source!r}"]
        if self.source != self.target and not now:
            return [f"name: {self.source!r} does not exist and cannot be renamed"]
        host = self._world.access.host(now.name) if now and now.login else self._host
        if host not in (self._host, self.host):
            advice = f"give 'host: {host}' and 'new_host: {self.host}'" if self.present else f"give 'host: {host}'"
            return [f"host: {self.source!r} comes from {host!r}, and there is one user of a name: {advice}"]
        return []

    def _login_faults(self, roles: Mapping[str, Role]) -> list[str]:
        given = self.given
        if given["login"]:
            needs = self._verifier is None and not self.logged_in and not self._password_fault
            found = ["password: required for a new user"] if needs else []
            if not self.logged_in and any(self.target in role.memberships for role in roles.values()):
                found.append(f"login: {self.target!r} is a role of others: only what has no login can be")
            return found
        found = ["password: a role without login has none"] if given["password"] is not None else []
        found += ["host: a role without login comes from nowhere"] if self.host != ANYWHERE else []
        return found

    def steps(self) -> tuple[list[Statement], list[Statement], list[Statement], list[Statement]]:
        """To the role itself, to its memberships, to its privileges, or to its end."""
        if not self.present:
            return [], [], [], self._removes()
        joins = membership_steps(
            self.target, self.now.memberships if self.now else frozenset(), self.role().memberships
        )
        return self._makes(), joins, self._grants(), []

    def _makes(self) -> list[Statement]:
        now, target = self.now, quote(self.target)
        secret = (Secret(self._verifier),) if self._verifier else ()
        if now is None:
            return [Statement(f"CREATE ROLE {target} {'LOGIN PASSWORD %s' if secret else 'NOLOGIN'}", secret)]
        steps = []
        if now.name != self.target:
            steps.append(Statement(f"ALTER ROLE {quote(now.name)} RENAME TO {target}"))
        login = "" if now.login == self.given["login"] else (" LOGIN" if self.given["login"] else " NOLOGIN")
        password = "" if now.verifier == self._verifier else (" PASSWORD %s" if secret else " PASSWORD NULL")
        if login or password:
            steps.append(Statement(f"ALTER ROLE {target}{login}{password}", secret if password else ()))
        return steps + ([end_sessions(self.target)] if login == " NOLOGIN" else [])

    def _grants(self) -> list[Statement]:
        if self._asked is None:
            return []
        catalogs = self._world.catalogs
        wanted = wishes.atoms(self._asked, catalogs)
        return grants.steps(self.target, self._held, wanted, catalogs, self.given["append_grants"])

    def _removes(self) -> list[Statement]:
        if self.now is None:
            return []
        heirs = {database: catalog.owner for database, catalog in self._world.catalogs.items()}
        return removal(self.now.name, self._world.traces.get(self.now.name, Traces()), heirs)

    def shown_now(self) -> dict[str, Any] | None:
        return _shown(self.now, self._declared, self._world, self._world.access) if self.now else None

    def shown_after(self, after: World) -> dict[str, Any] | None:
        if not self.present:
            return None
        declared = self._declared if self._asked is None else wishes.scopes(self._asked, after.catalogs)
        changed = self._verifier != (self.now.verifier if self.now else None)
        return {**_shown(self.role(), declared, after, after.access), "password_changed": changed}


def plan_root(world: World, enabled: bool, password: str | None, require_tls: bool, policy: Policy = DEFAULT) -> Plan:
    """Statements for root_set; password: None for the one that it has. What it leaves belongs to the agent's superuser."""
    now = world.roles.get(ROOT)
    can = is_enabled(world)
    stored = now.verifier if now else None
    fault = passwords.fault(password) or (
        "required for enabling" if enabled and password is None and not stored else ""
    )
    refuse([f"password: {fault}"] if fault else [])
    verifier = stored
    if password and not (stored and passwords.matches(password, stored)):
        verifier = passwords.verifier(password)
    steps = _root_comes(now, verifier or "") if enabled else _root_goes(now, world)
    access = _root_access(world, enabled, require_tls, policy)
    first, last = rules_steps(world, access, world.roles)
    kept = tls_rules.after_users(policy, {(ROOT, ANYWHERE): ((ROOT, ANYWHERE) if enabled else None, require_tls)})
    return Plan(
        [*first, *steps, *last],
        {"enabled": can},
        {"enabled": enabled, "password_changed": enabled and verifier != stored},
        None if kept == policy else kept,
    )


def is_enabled(world: World) -> bool:
    return ROOT in world.roles and world.roles[ROOT].login


def _root_access(world: World, enabled: bool, require_tls: bool, policy: Policy) -> Access:
    plain = world.access.plain - {ROOT}
    if enabled and not require_tls:
        plain |= {ROOT}
    hosts = {name: host for name, host in world.access.hosts.items() if name != ROOT}
    users = {name for name, role in world.roles.items() if role.login} | ({ROOT} if enabled else set())
    return Access(policy.mode, hosts, frozenset() if policy.decides else plain).of(users)


def _root_comes(now: Role | None, verifier: str) -> list[Statement]:
    if now is None:
        return [Statement(f"CREATE ROLE {quote(ROOT)} SUPERUSER LOGIN PASSWORD %s", (Secret(verifier),))]
    if (now.superuser, now.login, now.verifier) == (True, True, verifier):
        return []
    return [Statement(f"ALTER ROLE {quote(ROOT)} SUPERUSER LOGIN PASSWORD %s", (Secret(verifier),))]


def _root_goes(now: Role | None, world: World) -> list[Statement]:
    """It is removed; where something of it is out of reach it stays, without login and power."""
    traces = world.traces.get(ROOT, Traces())
    if now is None:
        return []
    if traces.touches <= set(world.catalogs):
        # Wherever it owns something, the databases that it owns are reassigned as well.
        here = {MAINTENANCE} if traces.databases else set()
        traces = Traces(traces.owns | here, traces.touches | here)
        return removal(ROOT, traces, dict.fromkeys(world.catalogs, SUPERUSER))
    if (now.superuser, now.login, now.verifier) == (False, False, None):
        return []
    return [Statement(f"ALTER ROLE {quote(ROOT)} NOSUPERUSER NOLOGIN PASSWORD NULL"), end_sessions(ROOT)]
