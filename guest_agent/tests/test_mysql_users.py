# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for MySQL's users and roles."""

from __future__ import annotations

from typing import Any

import pytest
from dbaas_agent import schema, validate
from dbaas_agent.drivers.mysql.accounts import MONITORING, SHA2, Dialect, accounts
from dbaas_agent.drivers.mysql.passwords import matches, stored
from dbaas_agent.drivers.mysql_family.grants import Held, Known, Places, Scope
from dbaas_agent.drivers.mysql_family.users import Account, Login, plan_root, plan_users
from dbaas_agent.drivers.secret_values import Secret
from dbaas_agent.drivers.tls_rules import CIPHER, NONE, SSL, SUBJECT, X509
from dbaas_agent.errors import AgentError
from dbaas_agent.tls_mode import MUTUAL, Policy, Who

KNOWN = Known(frozenset({"SELECT", "INSERT", "SHOW VIEW"}), frozenset({"SELECT", "INSERT"}), MONITORING)
PLACES = Places(frozenset({"d"}))
DIALECT = Dialect()
OLD, OLDER = (Login(SHA2, stored(password, "abcdefghijklmnopqrst")) for password in ("old", "older"))
SET = "ALTER USER %s@%s IDENTIFIED WITH caching_sha2_password AS %s"
DISCARD = "ALTER USER %s@%s DISCARD OLD PASSWORD"


def users(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return list(validate.arguments(schema.VERBS["user_set"]["args"], {"users": list(items)})["users"])


def user(*logins: Login, name: str = "u", roles: frozenset[Who] = frozenset()) -> Account:
    return Account(name, "%", logins or (OLD,), SSL, roles=roles)


def role(name: str, *roles: str) -> Account:
    return Account(name, "%", (), NONE, login=False, roles=frozenset((held, "%") for held in roles))


def plan(*items: dict[str, Any], now: tuple[Account, ...] = (), policy: Policy | None = None) -> Any:
    there = {account.who: account for account in now}
    return plan_users(users(*items), there, KNOWN, PLACES, DIALECT, policy=policy or Policy())


def faults(*items: dict[str, Any], now: tuple[Account, ...] = ()) -> list[str]:
    with pytest.raises(AgentError) as caught:
        plan(*items, now=now)
    assert caught.value.reason == "invalid"
    return [fault.split(":")[0] for fault in caught.value.details["faults"]]


@pytest.mark.parametrize(
    ("item", "now", "statements"),
    [
        ({}, (OLD,), []),
        ({"password": "old"}, (OLD,), []),
        ({"password": "new"}, (OLD,), [SET]),
        ({"password": "new", "update_password": "on_create"}, (OLD,), []),
        ({"password": "new", "retain_current_password": True}, (OLD,), [f"{SET} RETAIN CURRENT PASSWORD"]),
        ({"password": "old", "retain_current_password": True}, (OLD, OLDER), []),
        ({"password": "older", "retain_current_password": True}, (OLD, OLDER), [f"{SET} RETAIN CURRENT PASSWORD"]),
        ({"password": "old"}, (OLD, OLDER), [DISCARD]),
        ({"password": "new"}, (OLD, OLDER), [SET, DISCARD]),
        ({"password": "new", "retain_current_password": True}, (Login("auth_socket", ""),), [SET]),
    ],
)  # fmt: skip
def test_passwords(item: dict[str, Any], now: tuple[Login, ...], statements: list[str]) -> None:
    made = plan({"name": "u", **item}, now=(user(*now),))
    assert [step.sql for step in made.statements] == statements
    assert all(isinstance(value, Secret) for step in made.statements for value in step.values[2:])


def test_a_new_user_has_a_new_salt_each_time() -> None:
    first, second = (plan({"name": "u", "password": "new"}).statements[0] for _time in range(2))
    assert first.sql == "CREATE USER %s@%s IDENTIFIED WITH caching_sha2_password AS %s REQUIRE SSL"
    assert first.bound()[2] != second.bound()[2]
    assert matches("new", first.bound()[2])


@pytest.mark.parametrize("password", ["", "\ud800", "a\0b", "é" * 128])
def test_no_passwords(password: str) -> None:
    assert faults({"name": "u", "password": password}) == ["users[0].password"]


def test_a_new_role_comes_before_those_who_have_it() -> None:
    made = plan(
        {"name": "u", "password": "p", "roles": ["r"]},
        {"name": "r", "login": False, "grants": [{"database": "d", "privileges": ["READ_ONLY"]}]},
    )
    assert [step.shown() for step in made.statements] == [
        "CREATE USER 'u'@'%' IDENTIFIED WITH caching_sha2_password AS '********' REQUIRE SSL",
        "CREATE ROLE 'r'@'%'",
        "GRANT SELECT, SHOW VIEW ON `d`.* TO 'r'@'%'",
        "GRANT 'r'@'%' TO 'u'@'%'",
    ]
    assert (made.after["u@%"]["roles"], made.after["u@%"]["login"]) == (["r"], True)
    assert (made.after["r@%"]["login"], made.after["r@%"]["passwords"], made.after["r@%"]["require_tls"]) == (False, 0, False)  # fmt: skip


@pytest.mark.parametrize(
    ("held", "item", "statements"),
    [
        ({"r"}, {"roles": ["r"]}, []),
        ({"r"}, {}, []),
        ({"r"}, {"roles": ["s"]}, ["GRANT 's'@'%' TO 'u'@'%'", "REVOKE 'r'@'%' FROM 'u'@'%'"]),
        ({"r"}, {"roles": []}, ["REVOKE 'r'@'%' FROM 'u'@'%'"]),
        ({"r"}, {"roles": ["r"], "new_name": "v"}, ["RENAME USER 'u'@'%' TO 'v'@'%'"]),
        ({"r"}, {"state": "absent"}, ["DROP USER 'u'@'%'"]),
    ],
)
def test_memberships(held: set[str], item: dict[str, Any], statements: list[str]) -> None:
    now = user(roles=frozenset((name, "%") for name in held))
    made = plan({"name": "u", **item}, now=(now, role("r"), role("s")))
    assert [step.shown() for step in made.statements] == statements


def test_a_role_that_goes_leaves_by_itself() -> None:
    now = (user(roles=frozenset({("r", "%")})), role("r"))
    made = plan({"name": "u", "roles": []}, {"name": "r", "state": "absent"}, now=now)
    assert [step.shown() for step in made.statements] == ["DROP ROLE 'r'@'%'"]


def test_roles_that_cannot_be() -> None:
    assert faults(
        {"name": "a", "password": "p", "roles": ["nobody"]},
        {"name": "b", "login": False, "host": "h", "password": "p", "require_tls": True},
        {"name": "r", "roles": ["u"]},
        {"name": "u", "login": False},
        {"name": "s", "login": False, "roles": ["t"]},
        {"name": "g", "state": "absent"},
        {"name": "c", "password": "p", "roles": ["g"]},
        now=(user(), role("r"), role("s"), role("t", "s"), role("g")),
    ) == [
        "users[0].roles",
        "users[1].host",
        "users[1].password",
        "users[1].require_tls",
        "users[2].login",
        "users[3].login",
        "users[6].roles",
        "users",
    ]  # fmt: skip


def test_what_the_server_keeps() -> None:
    account = {
        "Host": "%", "plugin": SHA2, "authentication_string": OLD.stored, "User_attributes": None, "account_locked": "N",
        "password_expired": "N", "ssl_type": "ANY", "x509_issuer": "", "x509_subject": "",
    }  # fmt: skip
    rows = [
        {**account, "User": "u", "User_attributes": '{"additional_password": "x"}'},
        {**account, "User": "r", "authentication_string": "", "account_locked": "Y", "password_expired": "Y", "ssl_type": ""},
        {**account, "User": "locked", "account_locked": "Y", "password_expired": "Y", "ssl_type": "X509"},
        {**account, "User": "cipher", "ssl_type": "SPECIFIED"},
        {**account, "User": "subject", "ssl_type": "SPECIFIED", "x509_subject": "/CN=x"},
    ]  # fmt: skip
    found = accounts(rows, [{"FROM_USER": "r", "FROM_HOST": "%", "TO_USER": "u", "TO_HOST": "%"}])
    assert found[("u", "%")] == Account("u", "%", (OLD, Login(SHA2, "x")), SSL, roles=frozenset({("r", "%")}))
    assert found[("r", "%")] == role("r")
    assert [found[(name, "%")].require for name in ("locked", "cipher", "subject")] == [X509, CIPHER, SUBJECT]
    assert found[("locked", "%")].login


def test_root() -> None:
    made = plan_root(None, True, "p", True, DIALECT)
    assert [step.sql.split(" IDENT")[0] for step in made.statements] == [
        "CREATE USER %s@%s",
        "GRANT ALL PRIVILEGES ON *.* TO %s@%s WITH GRANT OPTION",
    ]
    now = Account("root", "%", (OLD,), SSL, {Scope("*"): Held(frozenset({"SUPER"}), grantable=True)})
    assert plan_root(now, True, "old", True, DIALECT).statements == []


def test_a_mode_leaves_roles_alone() -> None:
    assert plan({"name": "r", "login": False}, now=(role("r"),), policy=Policy(MUTUAL)).statements == []
