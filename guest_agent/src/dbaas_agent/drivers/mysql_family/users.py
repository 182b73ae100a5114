# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for users: pure functions over what the server showed."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas_agent.drivers import tls_rules as tls
from dbaas_agent.drivers.all_faults import foreign, refuse, repeated
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.mysql_family import grants
from dbaas_agent.drivers.mysql_family.grants import Held, Known, Places, Scope
from dbaas_agent.drivers.mysql_family.sql import Names, Statement, host_fault, user_fault
from dbaas_agent.tls_mode import DEFAULT, Policy, Who

ANYWHERE = "%"
SYSTEM_USERS = frozenset({"", "root", "mysql", "mysql.sys", "mysql.session", "mysql.infoschema", "debian-sys-maint"})
"""Users of every server of the family, or that one might take for such; in lower case."""
ROOT = ("root", ANYWHERE)


@dataclass(frozen=True)
class Login:
    """One way to log in: an authentication plugin and what it stores."""

    plugin: str
    stored: str = field(repr=False)


@dataclass(frozen=True)
class Account:
    """A user as the server has it: each of its logins will do. require: a word of tls_rules.

    login: whether it is for coming in, or a role, whose privileges others have; roles: those that it has.
    """

    name: str
    host: str
    logins: tuple[Login, ...]
    require: str
    grants: Mapping[Scope, Held] = field(default_factory=dict)
    login: bool = True
    roles: frozenset[Who] = frozenset()

    @property
    def who(self) -> Who:
        return self.name, self.host

    def shown(self, known: Known) -> dict[str, Any]:
        """As user_list tells it."""
        listed = grants.shown(self.grants, known)
        return {
            "name": self.name,
            "host": self.host,
            "login": self.login,
            "roles": sorted(name if host == ANYWHERE else f"{name}@{host}" for name, host in self.roles),
            "require_tls": self.require != tls.NONE,
            "require_certificate": self.require in (tls.X509, tls.SUBJECT),
            "passwords": len(self.logins),
            "databases": sorted({grant["database"] for grant in listed} - {grants.EVERYTHING}),
            "grants": listed,
        }


class Dialect(ABC):
    """How a server of the family calls its users and writes their accounts down."""

    names: Names
    roles: bool = False
    """Whether it has users without a login, whose privileges others may have."""
    password_bytes: int | None = None
    """How long a password may be; None: as long as it likes."""

    @abstractmethod
    def login(self, password: str, held: Sequence[Login]) -> Login:
        """The login with a password: of those held the one that has it, else a new one."""

    @abstractmethod
    def created(self, who: Who, ways: Sequence[Login], require: str) -> Statement:
        """A new account with these logins; require: a word of tls_rules."""

    @abstractmethod
    def changed(self, who: Who, held: Sequence[Login], ways: Sequence[Login]) -> list[Statement]:
        """The account's logins become others."""

    def password_fault(self, password: str | None) -> str:
        """Why this is no password; empty when it is one, or None."""
        if password is None:
            return ""
        if not password:
            return "may not be empty"
        if re.search("[\ud800-\udfff]", password):
            return "holds half a character (a lone surrogate)"
        if self.password_bytes is not None and ("\0" in password or len(password.encode()) > self.password_bytes):
            return f"holds a character of the value 0, or has more than {self.password_bytes} bytes"
        return ""


def plan_users(
    wanted: list[dict[str, Any]],
    existing: Mapping[Who, Account],
    known: Known,
    places: Places,
    dialect: Dialect,
    *,
    policy: Policy = DEFAULT,
) -> Plan:
    """Statements for user_set; existing: by name and host. The server keeps hosts in lower case."""
    items = [_Item(given, existing, dialect, policy) for given in wanted]
    gone = {item.source for item in items if item.wish[0] is None}
    roles = {who for who, account in existing.items() if not account.login} - gone
    roles |= {item.target for item in items if item.is_role and item.target not in gone}
    found: list[str] = []
    for place, item in enumerate(items):
        found += [f"users[{place}].{fault}" for fault in item.faults(known, places, roles)]
    found += repeated("users", [who for item in items for who in item.names])
    found += _loops(items, existing)
    refuse(found)

    statements: list[Statement] = []
    memberships: list[Statement] = []
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for item in items:
        steps, joins = item.steps(known), item.memberships(gone)
        if steps or joins:
            before[item.label] = item.now.shown(known) if item.now else None
            after[item.label] = item.reached(known)
        statements += steps
        memberships += joins
    asked = {item.source: item.wish for item in items}
    kept = tls.after_users(policy, asked)
    return Plan(statements + memberships, before, after, None if kept == policy else kept)


def _loops(items: Iterable[_Item], existing: Mapping[Who, Account]) -> list[str]:
    """A fault for each item by which a role would have itself."""
    held = {who: set(account.roles) for who, account in existing.items()}
    asked = {item.target: set(item.roles) for item in items if item.roles is not None}
    held.update(asked)
    return [
        f"users: {'@'.join(who)!r} would have itself as a role" for who in sorted(asked) if who in _reached(held, who)
    ]


def _reached(held: Mapping[Who, set[Who]], who: Who) -> set[Who]:
    """All roles that somebody has, through others, too."""
    found: set[Who] = set()
    open_ends = set(held.get(who, ()))
    while open_ends:
        role = open_ends.pop()
        found.add(role)
        open_ends |= held.get(role, set()) - found
    return found


class _Item:
    """One wanted user beside what there is."""

    def __init__(
        self, given: dict[str, Any], existing: Mapping[Who, Account], dialect: Dialect, policy: Policy
    ) -> None:
        self._given, self._dialect = given, dialect
        self.source: Who = (given["name"], given["host"].lower())
        self.target: Who = (given["new_name"] or given["name"], (given["new_host"] or given["host"]).lower())
        self._source_now, self._target_now = existing.get(self.source), existing.get(self.target)
        self.now = self._source_now or self._target_now
        self.label = "@".join(self.source)
        self.is_role = not given["login"]
        self.roles: frozenset[Who] | None = (
            None if given["roles"] is None else frozenset((name, ANYWHERE) for name in given["roles"])
        )
        self._rule = tls.rule_for(policy, self.target, given["require_tls"], self.now is not None)
        self._password_fault = dialect.password_fault(given["password"])
        self._logins = self._wanted_logins()

    @property
    def names(self) -> list[Who]:
        """What it is called before and after."""
        return [self.source, self.target] if self._renames else [self.source]

    @property
    def wish(self) -> tuple[Who | None, bool | None]:
        """What becomes of it, and whether it is to require TLS by itself."""
        return (None if self._given["state"] == "absent" else self.target), self._given["require_tls"]

    @property
    def _renames(self) -> bool:
        return self.source != self.target

    def faults(self, known: Known, places: Places, roles: Collection[Who]) -> list[str]:
        """Everything that is wrong with it. roles: those that there will be."""
        given, names = self._given, self._dialect.names
        found = [f"name: {fault}" for fault in [user_fault(given["name"], names)] if fault]
        found += [f"host: {fault}" for fault in [host_fault(given["host"])] if fault]
        found += [f"new_name: {fault}" for fault in [user_fault(self.target[0], names)] if given["new_name"] and fault]
        found += [f"new_host: {fault}" for fault in [host_fault(self.target[1])] if given["new_host"] and fault]
        found += [f"password: {fault}" for fault in [self._password_fault] if fault]
        found += self._role_faults(roles) if self._dialect.roles else self._no_role_faults()
        found += grants.faults(given, known, places)
        if self._renames and given["state"] == "absent":
            found.append("state: who is to be removed cannot be renamed")
        elif self._renames and self._source_now and self._target_now:
            found.append(f"new_name: {'@'.join(self.target)!r} exists beside {self.label!r}")
        elif self._renames and not self.now:
            found.append(f"name: {self.label!r} does not exist and cannot be renamed")
        elif given["state"] == "present" and not self.now and given["password"] is None and not self._roles_login:
            found.append("password: required for a new user")
        return found

    @property
    def _roles_login(self) -> bool:
        """Whether it has no login because it is a role."""
        return self._dialect.roles and self.is_role

    def _no_role_faults(self) -> list[str]:
        return foreign(self._given, ["roles"]) + (
            ["login: this datastore has no users without"] if self.is_role else []
        )

    def _role_faults(self, roles: Collection[Who]) -> list[str]:
        given = self._given
        found = [
            f"roles: there is no role {name!r}" for name, host in sorted(self.roles or ()) if (name, host) not in roles
        ]
        if given["state"] == "absent":
            return found
        if self.now and self.now.login == self.is_role:
            found.append(f"login: {self.label!r} is a {'user' if self.now.login else 'role'} and stays one")
        if self.is_role:
            found += [] if self.source[1] == ANYWHERE else ["host: a role has none"]
            unfit = [name for name in ("password", "new_name", "new_host", "require_tls") if given[name] is not None]
            found += [f"{name}: a role has none, and keeps its name" for name in unfit]
        return found

    def steps(self, known: Known) -> list[Statement]:
        given, now = self._given, self.now
        if given["state"] == "absent":
            return [Statement(f"DROP {'USER' if now.login else 'ROLE'} %s@%s", self.source)] if now else []
        steps = []
        if self._renames and self._source_now:
            steps.append(Statement("RENAME USER %s@%s TO %s@%s", (*self.source, *self.target)))
        if not self.is_role:
            steps += _login_steps(self.target, now, self._logins, self._rule, self._dialect)
        elif now is None:
            steps.append(Statement("CREATE ROLE %s@%s", self.target))
        asked = grants.wanted(given, known)
        if asked is not None:
            steps += grants.plan(self.target, now.grants if now else {}, asked, known, given["append_grants"])
        return steps

    def memberships(self, gone: Collection[Who]) -> list[Statement]:
        """Statements for the roles to have; those that are gone leave by themselves."""
        if self.roles is None or self._given["state"] == "absent":
            return []
        held = self.now.roles if self.now else frozenset()
        joins = [Statement("GRANT %s@%s TO %s@%s", (*role, *self.target)) for role in sorted(self.roles - held)]
        leaves = sorted(held - self.roles - set(gone))
        return joins + [Statement("REVOKE %s@%s FROM %s@%s", (*role, *self.target)) for role in leaves]

    def _wanted_logins(self) -> tuple[Login, ...]:
        """The logins to have: with a given password this one, and the one before where that is to be retained."""
        given, held = self._given, self.now.logins if self.now else ()
        if self._password_fault or not given["password"] or (held and given["update_password"] == "on_create"):  # noqa: S105 (a word, no password)
            return held
        new = self._dialect.login(given["password"], held)
        if not given["retain_current_password"] or not held:
            return (new,)
        return held if held[0] == new else (new, held[0])

    def reached(self, known: Known) -> dict[str, Any] | None:
        given, now = self._given, self.now
        if given["state"] == "absent":
            return None
        held = now.grants if now else {}
        asked = grants.wanted(given, known)
        account = Account(
            *self.target,
            self._logins,
            tls.NONE if self.is_role else _required(now, self._rule),
            held if asked is None else grants.after(held, asked, given["append_grants"]),
            not self.is_role,
            (now.roles if now else frozenset()) if self.roles is None else self.roles,
        )
        return {**account.shown(known), "password_changed": self._logins != (now.logins if now else ())}


def _required(now: Account | None, rule: tls.Rule | None) -> str:
    """What the account requires afterwards; a new one has a rule."""
    if now is not None and (rule is None or now.require in rule.accepted):
        return now.require
    return rule.word if rule else tls.SSL


def _login_steps(
    who: Who, now: Account | None, ways: tuple[Login, ...], rule: tls.Rule | None, dialect: Dialect
) -> list[Statement]:
    """Statements for an account with these logins that requires what the rule says."""
    require = _required(now, rule)
    if now is None:
        return [dialect.created(who, ways, require)]
    steps = dialect.changed(who, now.logins, ways) if ways != now.logins else []
    if require != now.require:
        steps.append(Statement(f"ALTER USER %s@%s REQUIRE {require}", who))
    return steps


def plan_root(
    now: Account | None,
    enabled: bool,
    password: str | None,
    require_tls: bool,
    dialect: Dialect,
    *,
    policy: Policy = DEFAULT,
) -> Plan:
    """Statements for root_set; now: the account ROOT, None while there is none. password: None for the one that it has."""
    fault = dialect.password_fault(password) or (
        "required for enabling" if enabled and password is None and not now else ""
    )
    refuse([f"password: {fault}"] if fault else [])
    held = now.logins if now else ()
    before = {"enabled": now is not None}
    after = tls.after_users(policy, {ROOT: (ROOT if enabled else None, require_tls)})
    kept = None if after == policy else after
    if not enabled:
        steps = [Statement("DROP USER %s@%s", ROOT)] if now else []
        return Plan(steps, before, {"enabled": False, "password_changed": False}, kept)
    ways = (dialect.login(password, held),) if password else held
    steps = _login_steps(ROOT, now, ways, tls.rule_for(policy, ROOT, require_tls, now is not None), dialect)
    everything = now.grants.get(Scope(grants.EVERYTHING)) if now else None
    if everything is None or not everything.grantable:
        steps.append(Statement("GRANT ALL PRIVILEGES ON *.* TO %s@%s WITH GRANT OPTION", ROOT))
    return Plan(steps, before, {"enabled": True, "password_changed": ways != held}, kept)
