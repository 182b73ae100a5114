# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB's names, quoting and plans."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from dbaas_agent import schema, validate
from dbaas_agent.drivers import mariadb_sql as sql
from dbaas_agent.drivers.mariadb_sql import Account, Grant
from dbaas_agent.errors import AgentError
from hypothesis import given, strategies

KNOWN = sql.CharacterSets(
    {"utf8mb4_general_ci": "utf8mb4", "utf8mb4_bin": "utf8mb4", "latin1_swedish_ci": "latin1"},
    {"utf8mb4": "utf8mb4_general_ci", "latin1": "latin1_swedish_ci"},
    ("utf8mb4", "utf8mb4_general_ci"),
)
ALL = Grant(any=True, all=True, grantable=False)
TEXT = strategies.text(min_size=1)
DATABASES = strategies.text(min_size=1, max_size=64).filter(lambda name: not sql.database_fault(name))
USERS = strategies.text(min_size=1, max_size=80).filter(lambda name: not sql.user_fault(name))


def databases(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return list(validate.arguments(schema.VERBS["database_set"]["args"], {"databases": list(items)})["databases"])


def users(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return list(validate.arguments(schema.VERBS["user_set"]["args"], {"users": list(items)})["users"])


def row(name: str, character_set: str = "utf8mb4", collation: str = "utf8mb4_general_ci") -> dict[str, Any]:
    return {"name": name, "character_set": character_set, "collation": collation}


def account(require_tls: bool = True, **grants: Grant) -> Account:
    return Account("u", "%", "mysql_native_password", sql.password_hash("old"), require_tls, grants)


def places(caught: pytest.ExceptionInfo[AgentError]) -> list[str]:
    assert caught.value.reason == "invalid"
    return [fault.split(":")[0] for fault in caught.value.details["faults"]]


@given(TEXT)
def test_a_quoted_name_is_one_identifier(name: str) -> None:
    sent = sql.quote(name) % ()
    assert sent[0] == sent[-1] == "`"
    assert re.fullmatch(r"(?:[^`]|``)*", sent[1:-1], re.DOTALL)
    assert sent[1:-1].replace("``", "`") == name


@given(TEXT)
def test_an_escaped_pattern_matches_its_name_alone(name: str) -> None:
    pattern = sql.escape_pattern(name)
    assert sql.unescape_pattern(pattern) == name
    assert not re.search(r"(?<!\\)(\\\\)*[_%]", pattern)


def test_password_hash_is_the_servers() -> None:
    assert sql.password_hash("new") == "*6FE2B845E049CDA9EFED8CFAF265CD29622FD852"  # what MariaDB 10.11 and 11.8 showed


@pytest.mark.parametrize(
    "name",
    ["", "mysql", "MySQL", "SYS", "information_schema", "performance_schema", "a" * 65, "a/b", "a\\b", "a.b", " a", "a ",
     "a\0", "a\n", "\U0001f600", "\ud800", "#mysql50#x"],
)  # fmt: skip
def test_no_names_for_databases(name: str) -> None:
    assert sql.database_fault(name)


@pytest.mark.parametrize("name", ["a", "a" * 64, "über", "a-b", "a`b", "a%b", "mysql2", "select", "a b"])
def test_names_for_databases(name: str) -> None:
    assert not sql.database_fault(name)


@pytest.mark.parametrize("name", ["", "root", "ROOT", "mariadb.sys", "PUBLIC", "a" * 81, "a\0", " a", "\U0001f600"])
def test_no_names_for_users(name: str) -> None:
    assert sql.user_fault(name)


@pytest.mark.parametrize("name", ["a", "a" * 80, "o'hara", "a@b", "rooty"])
def test_names_for_users(name: str) -> None:
    assert not sql.user_fault(name)


@pytest.mark.parametrize(
    ("item", "now", "statement"),
    [
        ({}, None, "CREATE DATABASE `d` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"),
        ({"character_set": "latin1"}, None, "CREATE DATABASE `d` CHARACTER SET latin1 COLLATE latin1_swedish_ci"),
        ({"collation": "utf8mb4_bin"}, row("d"), "ALTER DATABASE `d` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        ({"character_set": "latin1"}, row("d"), "ALTER DATABASE `d` CHARACTER SET latin1 COLLATE latin1_swedish_ci"),
        ({"character_set": "utf8mb4"}, row("d", collation="utf8mb4_bin"), None),
        ({}, row("d", "latin1", "latin1_swedish_ci"), None),
        ({"state": "absent"}, row("d"), "DROP DATABASE `d`"),
        ({"state": "absent"}, None, None),
    ],
)
def test_one_database(item: dict[str, Any], now: dict[str, Any] | None, statement: str | None) -> None:
    plan = sql.plan_databases(databases({"name": "d", **item}), {"d": now} if now else {}, KNOWN)
    assert [step.sql for step in plan.statements] == ([statement] if statement else [])
    assert plan.before == ({"d": now} if statement else {})
    assert set(plan.after) == set(plan.before)


@given(strategies.dictionaries(DATABASES, strategies.sampled_from(sorted(KNOWN.collations))))
def test_reached_databases_are_left_alone(wanted: dict[str, str]) -> None:
    items = databases(*({"name": name, "collation": collation} for name, collation in wanted.items()))
    first = sql.plan_databases(items, {}, KNOWN)
    assert len(first.statements) == len(wanted)
    assert sql.plan_databases(items, first.after, KNOWN).statements == []


def test_all_databases_are_checked_before_the_first_statement() -> None:
    with pytest.raises(AgentError) as caught:
        sql.plan_databases(
            databases(
                {"name": "good"},
                {"name": "mysql"},
                {"name": "a", "character_set": "klingon"},
                {"name": "b", "collation": "klingon_ci"},
                {"name": "c", "character_set": "latin1", "collation": "utf8mb4_bin"},
                {"name": "good"},
            ),
            {},
            KNOWN,
        )
    assert places(caught) == [
        "databases[1].name",
        "databases[2].character_set",
        "databases[3].collation",
        "databases[4].collation",
        "databases",
    ]


def test_a_new_user() -> None:
    plan = sql.plan_users(users({"name": "u", "password": "new", "databases": ["my_db"]}), {})
    assert [(step.sql, step.values) for step in plan.statements] == [
        (
            "CREATE USER %s@%s IDENTIFIED VIA mysql_native_password USING %s REQUIRE SSL",
            ("u", "%", sql.password_hash("new")),
        ),
        ("GRANT ALL PRIVILEGES ON `my\\_db`.* TO %s@%s", ("u", "%")),
    ]
    assert plan.before == {"u@%": None}
    assert plan.after == {"u@%": {"databases": ["my_db"], "require_tls": True, "password_changed": True}}


@pytest.mark.parametrize(
    ("item", "now", "statements"),
    [
        ({}, account(), []),
        ({"password": "old"}, account(), []),
        ({"password": "new", "update_password": "on_create"}, account(), []),
        ({"password": "new"}, account(), ["ALTER USER %s@%s IDENTIFIED VIA mysql_native_password USING %s"]),
        (
            {"password": "old"},
            Account("u", "%", "unix_socket", "", True, {}),
            ["ALTER USER %s@%s IDENTIFIED VIA mysql_native_password USING %s"],
        ),
        ({"require_tls": False}, account(), ["ALTER USER %s@%s REQUIRE NONE"]),
        ({}, account(require_tls=False), ["ALTER USER %s@%s REQUIRE SSL"]),
        ({"databases": ["d"]}, account(d=ALL), []),
        ({"databases": ["d"]}, account(d=Grant(True, False, False)), ["GRANT ALL PRIVILEGES ON `d`.* TO %s@%s"]),
        ({"databases": ["d"]}, account(d=Grant(True, True, True)), ["REVOKE GRANT OPTION ON `d`.* FROM %s@%s"]),
        ({}, account(d=Grant(False, False, True)), ["REVOKE GRANT OPTION ON `d`.* FROM %s@%s"]),
        (
            {},
            account(d=Grant(True, False, True)),
            ["REVOKE GRANT OPTION ON `d`.* FROM %s@%s", "REVOKE ALL PRIVILEGES ON `d`.* FROM %s@%s"],
        ),
        (
            {"databases": ["a_b"]},
            account(a_b=ALL),
            ["REVOKE ALL PRIVILEGES ON `a_b`.* FROM %s@%s", "GRANT ALL PRIVILEGES ON `a\\_b`.* TO %s@%s"],
        ),
        ({"state": "absent"}, account(), ["DROP USER %s@%s"]),
        ({"state": "absent"}, None, []),
    ],
)
def test_one_user(item: dict[str, Any], now: Account | None, statements: list[str]) -> None:
    plan = sql.plan_users(users({"name": "u", **item}), {("u", "%"): now} if now else {})
    assert [step.sql for step in plan.statements] == statements
    assert bool(plan.before) == bool(plan.after) == bool(statements)


@given(USERS, strategies.text(min_size=1), strategies.sets(DATABASES), strategies.booleans())
def test_reached_users_are_left_alone_and_no_password_is_shown(
    name: str, password: str, wanted: set[str], require_tls: bool
) -> None:
    secret = f"SECRET{password}"
    item = {"name": name, "password": secret, "databases": sorted(wanted), "require_tls": require_tls}
    plan = sql.plan_users(users(item), {})
    reached = Account(
        name,
        "%",
        "mysql_native_password",
        sql.password_hash(secret),
        require_tls,
        {sql.escape_pattern(database): ALL for database in wanted},
    )
    assert sql.plan_users(users(item), {(name, "%"): reached}).statements == []
    assert not any("SECRET" in step.sql or "SECRET" in "".join(step.values) for step in plan.statements)
    assert "SECRET" not in json.dumps([plan.before, plan.after]).replace(json.dumps(name)[1:-1], "")


def test_a_host_is_found_again_however_it_is_written() -> None:
    there = {("u", "web.example"): Account("u", "web.example", "mysql_native_password", "", True, {})}
    assert sql.plan_users(users({"name": "u", "host": "Web.Example"}), there).statements == []


def test_all_users_are_checked_before_the_first_statement() -> None:
    with pytest.raises(AgentError) as caught:
        sql.plan_users(
            users(
                {"name": "good", "password": "x"},
                {"name": "root", "password": "x"},
                {"name": "a", "password": "x", "host": "h'ost"},
                {"name": "b", "password": "x", "databases": ["mysql", "fine"]},
                {"name": "c", "password": ""},
                {"name": "d"},
                {"name": "f", "password": "\ud800"},
                {"name": "e", "state": "absent"},
                {"name": "good", "password": "x"},
            ),
            {},
        )
    assert places(caught) == [
        "users[1].name",
        "users[2].host",
        "users[3].databases",
        "users[4].password",
        "users[5].password",
        "users[6].password",
        "users",
    ]
