# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for MariaDB's users: pure functions over what the server showed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas_agent.drivers import mariadb_grants as grants
from dbaas_agent.drivers import mariadb_tls as tls
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.mariadb_grants import Held, Known, Places, Scope
from dbaas_agent.drivers.mariadb_sql import Secret, Statement, foreign, host_fault, refuse, repeated, user_fault
from dbaas_agent.tls_mode import DEFAULT, Policy, Who

NATIVE = "mysql_native_password"
ROOT = ("root", "%")


@dataclass(frozen=True)
class Login:
    """One way to log in: an authentication plugin and what it stores."""

    plugin: str
    stored: str = field(repr=False)


@dataclass(frozen=True)
class Account:
    """A user as the server has it: each of its logins will do. require: a word of mariadb_tls."""

    name: str
    host: str
    logins: tuple[Login, ...]
    require: str
    grants: Mapping[Scope, Held] = field(default_factory=dict)

    @property
    def who(self) -> Who:
        return self.name, self.host

    def shown(self, known: Known) -> dict[str, Any]:
        """As user_list tells it."""
        listed = grants.shown(self.grants, known)
        return {
            "name": self.name,
            "host": self.host,
            "login": True,
            "roles": [],
            "require_tls": self.require != tls.NONE,
            "require_certificate": self.require in (tls.X509, tls.SUBJECT),
            "passwords": len(self.logins),
            "databases": sorted({grant["database"] for grant in listed} - {grants.EVERYTHING}),
            "grants": listed,
        }


def password_hash(password: str) -> str:
    """What mysql_native_password stores."""
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 (the server's own scheme)
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def _password_fault(password: str | None) -> str:
    if password == "":
        return "may not be empty"
    if password is not None and re.search("[\ud800-\udfff]", password):
        return "holds half a character (a lone surrogate)"
    return ""


def logins(stored: Mapping[str, Any]) -> tuple[tuple[Login, ...], str]:
    """An account's logins and what it requires, from its ``Priv`` in mysql.global_priv; an empty alternative there is the top."""
    top = Login(stored.get("plugin", NATIVE), stored.get("authentication_string", ""))
    ways = [
        Login(way["plugin"], way.get("authentication_string", "")) if way.get("plugin") else top
        for way in stored.get("auth_or", [{}])
    ]
    return tuple(ways), tls.requirement(stored)


def plan_users(
    wanted: list[dict[str, Any]],
    existing: Mapping[Who, Account],
    known: Known,
    places: Places,
    policy: Policy = DEFAULT,
) -> Plan:
    """Statements for user_set; existing: by name and host. The server keeps hosts in lower case."""
    items = [_Item(given, existing, policy) for given in wanted]
    found: list[str] = []
    for place, item in enumerate(items):
        found += [f"users[{place}].{fault}" for fault in item.faults(known, places)]
    found += repeated("users", [who for item in items for who in item.names])
    refuse(found)

    statements: list[Statement] = []
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for item in items:
        steps = item.steps(known)
        if steps:
            before[item.label] = item.now.shown(known) if item.now else None
            after[item.label] = item.reached(known)
        statements += steps
    asked = {item.source: item.wish for item in items}
    kept = tls.after_users(policy, asked)
    return Plan(statements, before, after, None if kept == policy else kept)


class _Item:
    """One wanted user beside what there is."""

    def __init__(self, given: dict[str, Any], existing: Mapping[Who, Account], policy: Policy) -> None:
        self._given = given
        self.source: Who = (given["name"], given["host"].lower())
        self.target: Who = (given["new_name"] or given["name"], (given["new_host"] or given["host"]).lower())
        self._source_now, self._target_now = existing.get(self.source), existing.get(self.target)
        self.now = self._source_now or self._target_now
        self.label = "@".join(self.source)
        self._rule = tls.rule_for(policy, self.target, given["require_tls"], self.now is not None)
        self._password_fault = _password_fault(given["password"])
        self._stored = password_hash(given["password"]) if given["password"] and not self._password_fault else ""

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

    def faults(self, known: Known, places: Places) -> list[str]:
        given = self._given
        found = [f"name: {fault}" for fault in [user_fault(given["name"])] if fault]
        found += [f"host: {fault}" for fault in [host_fault(given["host"])] if fault]
        found += [f"new_name: {fault}" for fault in [user_fault(self.target[0])] if given["new_name"] and fault]
        found += [f"new_host: {fault}" for fault in [host_fault(self.target[1])] if given["new_host"] and fault]
        found += [f"password: {fault}" for fault in [self._password_fault] if fault]
        found += foreign(given, ["roles"])
        found += [] if given["login"] else ["login: MariaDB has no users without"]
        found += grants.faults(given, known, places)
        if self._renames and given["state"] == "absent":
            found.append("state: who is to be removed cannot be renamed")
        elif self._renames and self._source_now and self._target_now:
            found.append(f"new_name: {'@'.join(self.target)!r} exists beside {self.label!r}")
        elif self._renames and not self.now:
            found.append(f"name: {self.label!r} does not exist and cannot be renamed")
        elif given["state"] == "present" and not self.now and given["password"] is None:
            found.append("password: required for a new user")
        return found

    def steps(self, known: Known) -> list[Statement]:
        given, now = self._given, self.now
        if given["state"] == "absent":
            return [Statement("DROP USER %s@%s", self.source)] if now else []
        steps = []
        if self._renames and self._source_now:
            steps.append(Statement("RENAME USER %s@%s TO %s@%s", (*self.source, *self.target)))
        steps += _login_steps(self.target, now, self._logins(), self._rule)
        asked = grants.wanted(given, known)
        if asked is not None:
            steps += grants.plan(self.target, now.grants if now else {}, asked, known, given["append_grants"])
        return steps

    def _logins(self) -> tuple[Login, ...]:
        """The logins to have: with a given password this one, and the one before where that is to be retained."""
        given, held = self._given, self.now.logins if self.now else ()
        if not self._stored or (held and given["update_password"] == "on_create"):  # noqa: S105 (a word, no password)
            return held
        new = Login(NATIVE, self._stored)
        if not given["retain_current_password"] or not held:
            return (new,)
        return held if held[0] == new else (new, held[0])

    def reached(self, known: Known) -> dict[str, Any] | None:
        given, now = self._given, self.now
        if given["state"] == "absent":
            return None
        logins, held = self._logins(), now.grants if now else {}
        asked = grants.wanted(given, known)
        account = Account(
            *self.target,
            logins,
            _required(now, self._rule),
            held if asked is None else grants.after(held, asked, given["append_grants"]),
        )
        return {**account.shown(known), "password_changed": logins != (now.logins if now else ())}


def _required(now: Account | None, rule: tls.Rule | None) -> str:
    """What the account requires afterwards; a new one has a rule."""
    if now is not None and (rule is None or now.require in rule.accepted):
        return now.require
    return rule.word if rule else tls.SSL


def _login_steps(who: Who, now: Account | None, ways: tuple[Login, ...], rule: tls.Rule | None) -> list[Statement]:
    """Statements for an account with these logins that requires what the rule says."""
    require = f"REQUIRE {_required(now, rule)}"
    if now is None:
        return [_identified("CREATE", who, ways, f" {require}")]
    steps = [_identified("ALTER", who, ways)] if ways != now.logins else []
    if _required(now, rule) != now.require:
        steps.append(Statement(f"ALTER USER %s@%s {require}", who))
    return steps


def _identified(verb: str, who: Who, ways: tuple[Login, ...], rest: str = "") -> Statement:
    via = " OR ".join(f"{way.plugin} USING %s" for way in ways)
    return Statement(f"{verb} USER %s@%s IDENTIFIED VIA {via}{rest}", (*who, *(Secret(way.stored) for way in ways)))


def plan_root(
    now: Account | None, enabled: bool, password: str | None, require_tls: bool, policy: Policy = DEFAULT
) -> Plan:
    """Statements for root_set; now: the account ROOT, None while there is none. password: None for the one that it has."""
    fault = _password_fault(password) or ("required for enabling" if enabled and password is None and not now else "")
    refuse([f"password: {fault}"] if fault else [])
    held = now.logins if now else ()
    before = {"enabled": now is not None}
    after = tls.after_users(policy, {ROOT: (ROOT if enabled else None, require_tls)})
    kept = None if after == policy else after
    if not enabled:
        steps = [Statement("DROP USER %s@%s", ROOT)] if now else []
        return Plan(steps, before, {"enabled": False, "password_changed": False}, kept)
    ways = (Login(NATIVE, password_hash(password)),) if password else held
    steps = _login_steps(ROOT, now, ways, tls.rule_for(policy, ROOT, require_tls, now is not None))
    everything = now.grants.get(Scope(grants.EVERYTHING)) if now else None
    if everything is None or not everything.grantable:
        steps.append(Statement("GRANT ALL PRIVILEGES ON *.* TO %s@%s WITH GRANT OPTION", ROOT))
    return Plan(steps, before, {"enabled": True, "password_changed": ways != held}, kept)
