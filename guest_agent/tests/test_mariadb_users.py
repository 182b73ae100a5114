# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for MariaDB's users."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dbaas_agent import schema, validate
from dbaas_agent.drivers.mariadb.accounts import (
    MONITORING,
    NATIVE,
    SYNONYMS,
    Dialect,
    logins,
    password_hash,
    requirement,
)
from dbaas_agent.drivers.mysql_family import users as sql
from dbaas_agent.drivers.mysql_family.grants import Held, Known, Places, Scope
from dbaas_agent.drivers.mysql_family.sql import database_fault, escape_pattern, user_fault
from dbaas_agent.drivers.mysql_family.users import Account, Login
from dbaas_agent.drivers.tls_rules import CIPHER, NONE, SSL, SUBJECT, X509
from dbaas_agent.errors import AgentError
from dbaas_agent.tls_mode import DEFAULT, MUTUAL, OFF, REQUIRED, Policy, Who
from hypothesis import given, strategies

KNOWN = Known(frozenset({"SELECT", "INSERT", "SHOW VIEW"}), frozenset({"SELECT", "INSERT"}), MONITORING, SYNONYMS)
PLACES = Places(frozenset({"d", "my_db", "a_b", "fine"}), frozenset({("d", "t")}))
DIALECT = Dialect()
ALL = Held(KNOWN.database)
OLD = Login(NATIVE, password_hash("old"))
NEW = Login(NATIVE, password_hash("new"))
DATABASES = strategies.text(min_size=1, max_size=64).filter(lambda name: not database_fault(name))
USERS = strategies.text(min_size=1, max_size=80).filter(lambda name: not user_fault(name, DIALECT.names))
SET = "ALTER USER %s@%s IDENTIFIED VIA mysql_native_password USING %s"


def users(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return list(validate.arguments(schema.VERBS["user_set"]["args"], {"users": list(items)})["users"])


def account(*logins: Login, require: str = SSL, **grants: Held) -> Account:
    """The user u, with grants on databases or, by names like d__t, on tables."""
    scopes = {Scope(*name.split("__")): held for name, held in grants.items()}
    return Account("u", "%", logins or (OLD,), require, scopes)


def plan(*items: dict[str, Any], now: Account | None = None, policy: Policy = DEFAULT) -> sql.Plan:
    return sql.plan_users(users(*items), {now.who: now} if now else {}, KNOWN, PLACES, DIALECT, policy=policy)


def places(caught: pytest.ExceptionInfo[AgentError]) -> list[str]:
    assert caught.value.reason == "invalid"
    return [fault.split(":")[0] for fault in caught.value.details["faults"]]


def test_password_hash_is_the_servers() -> None:
    assert password_hash("new") == "*6FE2B845E049CDA9EFED8CFAF265CD29622FD852"  # what MariaDB 10.11 and 11.8 showed


@pytest.mark.parametrize(
    ("stored", "ways", "require"),
    [
        ({"plugin": "mysql_native_password", "authentication_string": "*A"}, (Login(NATIVE, "*A"),), NONE),
        ({"plugin": "mysql_native_password", "authentication_string": "*A", "ssl_type": 1}, (Login(NATIVE, "*A"),), SSL),
        # What MariaDB 10.11 kept of: IDENTIFIED VIA mysql_native_password USING '*A' OR mysql_native_password USING '*B'
        (
            {
                "plugin": "mysql_native_password",
                "authentication_string": "*A",
                "auth_or": [{}, {"plugin": "mysql_native_password", "authentication_string": "*B"}],
            },
            (Login(NATIVE, "*A"), Login(NATIVE, "*B")),
            NONE,
        ),
    ],
)  # fmt: skip
def test_logins_of_an_account(stored: dict[str, Any], ways: tuple[Login, ...], require: str) -> None:
    assert (logins(stored), requirement(stored)) == (ways, require)


def test_a_new_user() -> None:
    made = plan({"name": "u", "password": "new", "databases": ["my_db"]})
    assert [(step.sql, step.bound()) for step in made.statements] == [
        (
            "CREATE USER %s@%s IDENTIFIED VIA mysql_native_password USING %s REQUIRE SSL",
            ("u", "%", password_hash("new")),
        ),
        ("GRANT ALL PRIVILEGES ON `my\\_db`.* TO %s@%s", ("u", "%")),
    ]
    assert made.before == {"u@%": None}
    assert made.after["u@%"] == {
        "name": "u",
        "host": "%",
        "login": True,
        "roles": [],
        "require_tls": True,
        "require_certificate": False,
        "passwords": 1,
        "databases": ["my_db"],
        "grants": [{"database": "my_db", "schema": None, "table": None, "privileges": ["ALL"]}],
        "password_changed": True,
    }


@pytest.mark.parametrize(
    ("item", "now", "statements"),
    [
        ({}, account(), []),
        ({"password": "old"}, account(), []),
        ({"password": "new", "update_password": "on_create"}, account(), []),
        ({"password": "new"}, account(), [SET]),
        ({"password": "old"}, account(Login("unix_socket", "")), [SET]),
        ({"password": "new", "retain_current_password": True}, account(), [f"{SET} OR {NATIVE} USING %s"]),
        ({"password": "new", "retain_current_password": True}, account(NEW), []),
        ({"password": "new", "retain_current_password": True}, account(NEW, OLD), []),
        ({"password": "new"}, account(NEW, OLD), [SET]),
        ({}, account(NEW, OLD), []),
        ({"require_tls": False}, account(), ["ALTER USER %s@%s REQUIRE NONE"]),
        ({"require_tls": True}, account(require=NONE), ["ALTER USER %s@%s REQUIRE SSL"]),
        ({}, account(require=NONE), []),
        ({}, account(d=ALL), []),
        ({"databases": []}, account(), []),
        ({"databases": ["d"]}, account(d=ALL), []),
        ({"databases": ["d"]}, account(d=Held(frozenset({"SELECT"}))), ["GRANT ALL PRIVILEGES ON `d`.* TO %s@%s"]),
        ({"databases": ["d"]}, account(d=Held(KNOWN.database, True)), ["REVOKE GRANT OPTION ON `d`.* FROM %s@%s"]),
        ({"databases": []}, account(d=Held(frozenset(), True)), ["REVOKE GRANT OPTION ON `d`.* FROM %s@%s"]),
        (
            {"databases": []},
            account(d=Held(frozenset({"SELECT"}), True)),
            ["REVOKE GRANT OPTION ON `d`.* FROM %s@%s", "REVOKE ALL PRIVILEGES ON `d`.* FROM %s@%s"],
        ),
        (
            {"databases": ["a_b"]},
            account(a_b=ALL),
            ["GRANT ALL PRIVILEGES ON `a\\_b`.* TO %s@%s", "REVOKE ALL PRIVILEGES ON `a_b`.* FROM %s@%s"],
        ),
        ({"databases": ["d"], "append_grants": True}, account(fine=Held(KNOWN.database, True), d=ALL), []),
        (
            {"grants": [{"database": "d", "privileges": ["select"]}]},
            account(d=ALL),
            ["REVOKE INSERT, SHOW VIEW ON `d`.* FROM %s@%s"],
        ),
        (
            {"grants": [{"database": "d", "privileges": ["Read_Only"]}, {"database": "*", "privileges": ["monitoring"]}]},
            account(),
            [
                "GRANT BINLOG MONITOR, PROCESS, SHOW DATABASES, SLAVE MONITOR ON *.* TO %s@%s",
                "GRANT SELECT, SHOW VIEW ON `d`.* TO %s@%s",
            ],
        ),
        (
            {"grants": [{"database": "d", "table": "t", "privileges": ["read_only"]}]},
            account(d__t=Held(frozenset({"INSERT"}))),
            ["GRANT SELECT ON `d`.`t` TO %s@%s", "REVOKE INSERT ON `d`.`t` FROM %s@%s"],
        ),
        (
            {"databases": []},
            Account("u", "%", (OLD,), SSL, {Scope("*"): Held(frozenset({"PROCESS", "SUPER"}))}),
            ["REVOKE PROCESS, SUPER ON *.* FROM %s@%s"],
        ),
        ({"new_name": "v"}, account(), ["RENAME USER %s@%s TO %s@%s"]),
        ({"name": "old", "new_name": "u"}, account(), []),
        ({"state": "absent"}, account(), ["DROP USER %s@%s"]),
        ({"state": "absent"}, None, []),
    ],
)  # fmt: skip
def test_one_user(item: dict[str, Any], now: Account | None, statements: list[str]) -> None:
    made = plan({"name": "u", **item}, now=now)
    assert [step.sql for step in made.statements] == statements
    assert bool(made.before) == bool(made.after) == bool(statements)


U, V = ("u", "%"), ("v", "%")


@pytest.mark.parametrize(
    ("policy", "item", "now", "statements", "kept"),
    [
        ((REQUIRED, set()), {"require_tls": False}, account(), ["ALTER USER %s@%s REQUIRE NONE"], None),
        ((MUTUAL, set()), {}, account(require=X509), [], None),
        ((MUTUAL, set()), {}, account(require=SUBJECT), [], None),
        ((MUTUAL, set()), {}, account(require=CIPHER), ["ALTER USER %s@%s REQUIRE X509"], None),
        ((MUTUAL, set()), {"require_tls": False}, account(require=X509), [], {U}),
        ((MUTUAL, {U}), {"require_tls": False}, account(require=X509), [], None),
        ((MUTUAL, {U}), {}, account(require=X509), [], None),
        ((MUTUAL, {U}), {"require_tls": True}, account(require=X509), [], set()),
        ((MUTUAL, {U}), {"new_name": "v"}, account(require=X509), ["RENAME USER %s@%s TO %s@%s"], {V}),
        ((MUTUAL, {U}), {"state": "absent"}, account(require=X509), ["DROP USER %s@%s"], set()),
        ((MUTUAL, {V}), {"password": "x"}, None, ["CREATE USER %s@%s IDENTIFIED VIA mysql_native_password USING %s REQUIRE X509"], None),
        ((OFF, set()), {"require_tls": True}, account(require=NONE), [], None),
        ((OFF, set()), {}, account(require=SSL), ["ALTER USER %s@%s REQUIRE NONE"], None),
        ((OFF, set()), {}, account(require=SUBJECT), [], None),
        ((OFF, set()), {"password": "x"}, None, ["CREATE USER %s@%s IDENTIFIED VIA mysql_native_password USING %s REQUIRE NONE"], None),
    ],
)  # fmt: skip
def test_a_mode_decides_and_remembers_what_was_asked(
    policy: tuple[str, set[Who]],
    item: dict[str, Any],
    now: Account | None,
    statements: list[str],
    kept: set[Who] | None,
) -> None:
    mode, plain = policy
    made = plan({"name": "u", **item}, now=now, policy=Policy(mode, frozenset(plain)))
    assert [step.sql for step in made.statements] == statements
    assert made.policy == (None if kept is None else Policy(mode, frozenset(kept)))


def test_a_mode_leaves_the_socket_alone() -> None:
    local = Account("u", "localhost", (OLD,), NONE)
    assert plan({"name": "u", "host": "localhost"}, now=local, policy=Policy(MUTUAL)).statements == []


@given(USERS, strategies.text(min_size=1), strategies.sets(DATABASES), strategies.booleans())
def test_reached_users_are_left_alone_and_no_password_is_shown(
    name: str, password: str, wanted: set[str], require_tls: bool
) -> None:
    secret = f"SECRET{password}"
    item = {"name": name, "password": secret, "databases": sorted(wanted), "require_tls": require_tls}
    there = Places(frozenset(wanted))
    made = sql.plan_users(users(item), {}, KNOWN, there, DIALECT)
    grants = {Scope(escape_pattern(database)): ALL for database in wanted}
    reached = Account(name, "%", (Login(NATIVE, password_hash(secret)),), SSL if require_tls else NONE, grants)
    assert sql.plan_users(users(item), {(name, "%"): reached}, KNOWN, there, DIALECT).statements == []
    shown = json.dumps([made.before, made.after, [step.shown() for step in made.statements]])
    for word in (json.dumps(name)[1:-1], *(json.dumps(database)[1:-1] for database in wanted)):
        shown = shown.replace(word, "")
    assert "SECRET" not in shown
    assert password_hash(secret) not in shown
    assert not any("SECRET" in step.sql for step in made.statements)


PRIVILEGES = strategies.frozensets(strategies.sampled_from(sorted(KNOWN.table)))
GRANTS = strategies.dictionaries(strategies.sampled_from(["d", "d__t", "fine"]), PRIVILEGES)


@given(GRANTS, GRANTS, strategies.booleans())
def test_grants_are_reached(held: dict[str, frozenset[str]], wanted: dict[str, frozenset[str]], append: bool) -> None:
    grants = [
        {"database": name.split("__")[0], "table": (*name.split("__"), None)[1], "privileges": sorted(privileges)}
        for name, privileges in wanted.items()
        if privileges
    ]
    item = {"name": "u", "grants": grants, "append_grants": append}
    now = account(**{name: Held(privileges) for name, privileges in held.items()})
    reached = {name: set(privileges) for name, privileges in held.items()}
    for step in plan(item, now=now).statements:
        verb, words, on = (
            step.sql.split(" ", 1)[0],
            step.sql.split(" ", 1)[1].split(" ON ")[0],
            step.sql.split(" ON ")[1],
        )
        name = on.split(" ")[0].replace(".*", "").replace("`.`", "__").replace("`", "")
        named = set(words.split(", "))
        if named == {"ALL PRIVILEGES"}:
            named = set(KNOWN.table if "__" in name else KNOWN.database)
        if verb == "GRANT":
            reached.setdefault(name, set()).update(named)
        else:
            reached[name] -= named
    expected = {name: set(privileges) for name, privileges in wanted.items()}
    if append:
        for name, privileges in held.items():
            expected.setdefault(name, set()).update(privileges)
    assert {name: value for name, value in reached.items() if value} == {
        name: value for name, value in expected.items() if value
    }


def test_a_host_is_found_again_however_it_is_written() -> None:
    there = Account("u", "web.example", (OLD,), SSL)
    assert plan({"name": "u", "host": "Web.Example"}, now=there).statements == []


def test_all_users_are_checked_before_the_first_statement() -> None:
    with pytest.raises(AgentError) as caught:
        plan(
            {"name": "good", "password": "x"},
            {"name": "root", "password": "x"},
            {"name": "a", "password": "x", "host": "h'ost"},
            {"name": "b", "password": "x", "databases": ["mysql", "fine"]},
            {"name": "c", "password": ""},
            {"name": "d"},
            {"name": "f", "password": "\ud800"},
            {"name": "e", "state": "absent"},
            {"name": "good", "password": "x"},
            {"name": "g", "password": "x", "databases": ["missing"]},
            {
                "name": "h",
                "password": "x",
                "grants": [
                    {"database": "missing", "table": "t", "privileges": ["SELECT"]},
                    {"database": "d", "table": "missing", "privileges": ["SELECT"]},
                    {"database": "d", "table": "t", "privileges": ["SHOW VIEW", "MONITORING"]},
                    {"database": "*", "table": "t", "privileges": ["SUPER", "ALL"]},
                    {"database": "d", "privileges": []},
                ],
            },
            {"name": "u", "new_name": "v", "state": "absent"},
            {"name": "nobody", "new_name": "w"},
            {"name": "i", "password": "x", "new_name": "mysql", "new_host": "'"},
            {
                "name": "j",
                "login": False,
                "roles": ["k"],
                "grants": [{"database": "d", "schema": "s", "privileges": ["SELECT"]}],
            },
            now=account(),
        )
    assert places(caught) == [
        "users[1].name",
        "users[2].host",
        "users[3].databases",
        "users[4].password",
        "users[5].password",
        "users[6].password",
        "users[9].databases",
        "users[10].grants[0].database",
        "users[10].grants[1].table",
        "users[10].grants[2].privileges",
        "users[10].grants[3].table",
        "users[10].grants[3].privileges",
        "users[10].grants[4].privileges",
        "users[11].state",
        "users[12].name",
        "users[13].new_name",
        "users[13].new_host",
        "users[13].name",
        "users[14].roles",
        "users[14].login",
        "users[14].grants[0].schema",
        "users[14].password",
        "users",
    ]


def test_who_would_be_renamed_onto_another_is_refused() -> None:
    both = {("u", "%"): account(), ("v", "%"): Account("v", "%", (OLD,), SSL)}
    with pytest.raises(AgentError) as caught:
        sql.plan_users(users({"name": "u", "new_name": "v"}), both, KNOWN, PLACES, DIALECT)
    assert places(caught) == ["users[0].new_name"]


ROOT = Account("root", "%", (OLD,), SSL, {Scope("*"): Held(frozenset({"SUPER"}), grantable=True)})
CREATE_ROOT = "CREATE USER %s@%s IDENTIFIED VIA mysql_native_password USING %s REQUIRE SSL"
GRANT_ROOT = "GRANT ALL PRIVILEGES ON *.* TO %s@%s WITH GRANT OPTION"


@pytest.mark.parametrize(
    ("now", "enabled", "password", "require_tls", "statements"),
    [
        (None, True, "old", True, [CREATE_ROOT, GRANT_ROOT]),
        (None, False, None, True, []),
        (ROOT, True, "old", True, []),
        (ROOT, True, None, True, []),
        (ROOT, True, "new", True, [SET]),
        (ROOT, True, "old", False, ["ALTER USER %s@%s REQUIRE NONE"]),
        (Account("root", "%", (OLD,), SSL), True, "old", True, [GRANT_ROOT]),
        (ROOT, False, None, True, ["DROP USER %s@%s"]),
    ],
)
def test_root(
    now: Account | None, enabled: bool, password: str | None, require_tls: bool, statements: list[str]
) -> None:
    made = sql.plan_root(now, enabled, password, require_tls, DIALECT)
    assert [step.sql for step in made.statements] == statements
    assert made.before == {"enabled": now is not None}
    assert made.after == {"enabled": enabled, "password_changed": any(" USING " in sql for sql in statements)}


def test_root_follows_the_mode() -> None:
    made = sql.plan_root(None, True, "p", False, DIALECT, policy=Policy(MUTUAL))
    assert made.statements[0].sql.endswith("REQUIRE X509")
    assert made.policy == Policy(MUTUAL, frozenset({sql.ROOT}))
    gone = sql.plan_root(ROOT, False, None, True, DIALECT, policy=Policy(MUTUAL, frozenset({sql.ROOT})))
    assert gone.policy == Policy(MUTUAL)


@pytest.mark.parametrize("password", [None, "", "\ud800"])
def test_root_needs_a_password(password: str | None) -> None:
    with pytest.raises(AgentError) as caught:
        sql.plan_root(None, True, password, True, DIALECT)
    assert places(caught) == ["password"]
