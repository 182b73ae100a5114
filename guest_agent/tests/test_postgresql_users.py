# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for PostgreSQL's users, roles and superuser, and for its TLS mode."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from dbaas_agent import schema, validate
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql import grants
from dbaas_agent.drivers.postgresql import users as user_plans
from dbaas_agent.drivers.postgresql.access import Access, Rules, rendered
from dbaas_agent.drivers.postgresql.grants import SEQUENCE, TABLE, Catalog, Held, Relation, Scope
from dbaas_agent.drivers.postgresql.password import matches, verifier
from dbaas_agent.drivers.postgresql.roles import Role, Traces, World
from dbaas_agent.drivers.postgresql.tls import plan_mode
from dbaas_agent.drivers.postgresql.users import plan_root, plan_users
from dbaas_agent.errors import AgentError
from dbaas_agent.tls_mode import DEFAULT, MUTUAL, OFF, PREFERRED, REQUIRED, Policy

OLD = verifier("old")
CATALOGS = {
    "postgres": Catalog("postgres"),
    "shop": Catalog(
        "shop_owner", frozenset({"public"}), {("public", "t"): Relation(TABLE), ("public", "q"): Relation(SEQUENCE)}
    ),
    "one": Catalog("both"),
    "two": Catalog("both"),
    "tools": Catalog("postgres"),
    "alices": Catalog("alice"),
}
ROLES = [
    Role("postgres", superuser=True),
    Role("shop_owner", login=False, marked=True),
    Role("both", login=False),
    Role("alice", verifier=OLD),
    Role("readers", login=False),
]


def world(*roles: Role, access: Access = Access(), held: grants.Scopes | None = None, **rest: Any) -> World:  # noqa: B008 (is never changed)
    """With the usual roles and databases, and u, who holds what is said."""
    atoms = {"u": Held(grants.atoms(held, CATALOGS))} if held else {}
    known = {role.name: role for role in (*ROLES, *roles)}
    return World(150018, known, CATALOGS, atoms, access=access, rules_path="/hba", rules=rendered(access), **rest)


def user(*memberships: str, **rest: Any) -> Role:
    return Role("u", **{"verifier": OLD, **rest}, memberships=frozenset(memberships))


def items(*given: dict[str, Any]) -> list[dict[str, Any]]:
    return list(validate.arguments(schema.VERBS["user_set"]["args"], {"users": list(given)})["users"])


def plan(now: World, *given: dict[str, Any], policy: Policy = DEFAULT) -> Plan:
    return plan_users(items(*given), now, policy)


def listed(now: World) -> list[dict[str, Any]]:
    return user_plans.listed(now, {name: grants.scopes(held.atoms, CATALOGS) for name, held in now.held.items()})


def shown(made: Plan) -> list[str]:
    return [step.shown() for step in made.statements]


def places(now: World, *given: dict[str, Any]) -> list[str]:
    with pytest.raises(AgentError) as caught:
        plan(now, *given)
    assert caught.value.reason == "invalid"
    return [fault.split(":")[0] for fault in caught.value.details["faults"]]


def test_a_new_user_with_a_database() -> None:
    made = plan(world(), {"name": "u", "password": "new", "databases": ["shop"]})
    assert shown(made) == [
        "CREATE ROLE \"u\" LOGIN PASSWORD '********'",
        'GRANT "shop_owner" TO "u"',
        'ALTER ROLE "u" IN DATABASE "shop" SET role = \'shop_owner\'',
    ]
    assert matches("new", made.statements[0].bound()[0])
    assert made.before == {"u@%": None}
    assert made.after["u@%"] == {
        "name": "u",
        "host": "%",
        "login": True,
        "roles": [],
        "require_tls": True,
        "require_certificate": False,
        "passwords": 1,
        "databases": ["shop"],
        "grants": [{"database": "shop", "schema": None, "table": None, "privileges": ["ALL"]}],
        "password_changed": True,
    }


BEGINS = {("u", "shop"): "shop_owner"}


@pytest.mark.parametrize(
    ("item", "now", "statements"),
    [
        ({}, world(user()), []),
        ({"password": "old"}, world(user()), []),
        ({"password": "new", "update_password": "on_create"}, world(user()), []),
        ({"password": "new"}, world(user()), ["ALTER ROLE \"u\" PASSWORD '********'"]),
        ({"password": "old"}, world(user(verifier="md5" + "0" * 32)), ["ALTER ROLE \"u\" PASSWORD '********'"]),
        ({"databases": ["shop"]}, world(user("shop_owner"), session_roles=BEGINS), []),
        ({"grants": [{"database": "shop", "privileges": ["all"]}]}, world(user("shop_owner"), session_roles=BEGINS), []),
        ({"databases": ["shop"]}, world(user("shop_owner")), ["ALTER ROLE \"u\" IN DATABASE \"shop\" SET role = 'shop_owner'"]),
        (
            {"databases": []},
            world(user("shop_owner"), session_roles=BEGINS),
            ['REVOKE "shop_owner" FROM "u"', 'ALTER ROLE "u" IN DATABASE "shop" RESET role'],
        ),
        ({"databases": [], "append_grants": True}, world(user("shop_owner"), session_roles=BEGINS), []),
        ({"roles": ["readers"]}, world(user("shop_owner"), session_roles=BEGINS), ['GRANT "readers" TO "u"']),
        ({"roles": []}, world(user("readers", "pg_monitor")), ['REVOKE "readers" FROM "u"']),
        ({"grants": []}, world(user("readers", "pg_monitor")), ['REVOKE "pg_monitor" FROM "u"']),
        (
            {"grants": [{"database": "*", "privileges": ["monitoring"]}]},
            world(user()),
            ['GRANT "pg_monitor" TO "u"', 'GRANT CONNECT ON DATABASE "postgres" TO "u"'],
        ),
        (
            {"grants": [{"database": "shop", "table": "t", "privileges": ["select"]}]},
            world(user(), held={Scope("shop", "public", "t"): frozenset({"INSERT"})}),
            [
                'GRANT SELECT ON TABLE "public"."t" TO "u" -- in shop',
                'REVOKE INSERT ON ALL TABLES IN SCHEMA "public" FROM "u" CASCADE -- in shop',
            ],
        ),
        (
            {"grants": [{"database": "shop", "table": "t", "privileges": ["select"]}], "append_grants": True},
            world(user(), held={Scope("shop", "public", "t"): frozenset({"INSERT"})}),
            ['GRANT SELECT ON TABLE "public"."t" TO "u" -- in shop'],
        ),
        (
            {"login": False},
            world(user()),
            [
                'ALTER ROLE "u" NOLOGIN PASSWORD NULL',
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'u'",
            ],
        ),
        ({"password": "new"}, world(user(login=False, verifier=None)), ["ALTER ROLE \"u\" LOGIN PASSWORD '********'"]),
        ({"require_tls": False}, world(user()), ['pg_hba.conf: + host all "u" all scram-sha-256']),
        (
            {"require_tls": True},
            world(user(), access=Access(plain=frozenset({"u"}))),
            ['pg_hba.conf: - host all "u" all scram-sha-256'],
        ),
        ({}, world(user(), access=Access(plain=frozenset({"u"}))), []),
        ({}, world(user(), unread=True), ["pg_hba.conf: read again"]),
        (
            {"new_host": "10.0.0.0/8"},
            world(user()),
            ['pg_hba.conf: + hostssl all "u" 10.0.0.0/8 scram-sha-256; + host all "u" all reject'],
        ),
        ({"new_host": "10.0.0.0/8"}, world(user(), access=Access(hosts={"u": "10.0.0.0/8"})), []),
        ({"state": "absent"}, world(), []),
    ],
)  # fmt: skip
def test_one_user(item: dict[str, Any], now: World, statements: list[str]) -> None:
    made = plan(now, {"name": "u", **item})
    assert shown(made) == statements
    assert bool(made.statements) or not made.after


def test_who_may_not_come_from_everywhere_never_may() -> None:
    made = plan(world(), {"name": "u", "password": "new", "host": "192.0.2.7", "require_tls": False})
    assert [type(step) for step in made.statements] == [Rules, type(made.statements[1])]
    assert 'host all "u" 192.0.2.7/32 scram-sha-256' in made.statements[0].content


def test_a_rename_takes_its_lines_along_before_and_leaves_none() -> None:
    access = Access(hosts={"u": "192.0.2.7"}, plain=frozenset({"u"}))
    made = plan(world(user(), access=access), {"name": "u", "host": "192.0.2.7", "new_name": "v"})
    first, rename, last = made.statements
    assert rename.shown() == 'ALTER ROLE "u" RENAME TO "v"'
    assert ('"u"' in first.content, '"v"' in first.content) == (True, True)
    assert last.content == rendered(Access(hosts={"v": "192.0.2.7"}, plain=frozenset({"v"})))
    again = world(user(), replace(user(), name="w"), access=access)
    done = replace(again, roles={**again.roles, "v": replace(user(), name="v")}, rules=first.content)
    del done.roles["u"]  # type: ignore[attr-defined]
    done = replace(done, access=Access(hosts={"u": "192.0.2.7", "v": "192.0.2.7"}, plain=frozenset({"u", "v"})))
    made = plan(done, {"name": "u", "host": "192.0.2.7", "new_name": "v"})
    assert [step.content for step in made.statements] == [last.content]


def test_lines_that_somebody_of_the_same_name_left_do_not_count() -> None:
    made = plan(world(access=Access(plain=frozenset({"u"}))), {"name": "u", "password": "new"})
    assert isinstance(made.statements[0], Rules)
    assert made.statements[0].content == rendered(Access())
    assert made.after["u@%"]["require_tls"] is True


def test_a_role_is_renamed_with_what_hangs_on_it() -> None:
    now = world(user("both"), session_roles={("u", "one"): "both", ("u", "two"): "both"})
    made = plan(now, {"name": "both", "new_name": "team", "login": False})
    assert shown(made) == [
        'ALTER ROLE "both" RENAME TO "team"',
        'ALTER ROLE "u" IN DATABASE "one" SET role = \'team\'',
        'ALTER ROLE "u" IN DATABASE "two" SET role = \'team\'',
    ]


def test_members_of_a_role_begin_as_the_owner_as_well() -> None:
    now = world(user("admins"), Role("admins", login=False))
    made = plan(now, {"name": "admins", "login": False, "databases": ["shop"]})
    assert shown(made) == [
        'GRANT "shop_owner" TO "admins"',
        'ALTER ROLE "u" IN DATABASE "shop" SET role = \'shop_owner\'',
    ]
    now = world(
        user("admins"), Role("admins", login=False, memberships=frozenset({"shop_owner"})), session_roles=BEGINS
    )
    assert 'ALTER ROLE "u" IN DATABASE "shop" RESET role' in shown(plan(now, {"name": "admins", "state": "absent"}))


def test_a_user_is_removed_with_all_that_it_has() -> None:
    traces = {"u": Traces(frozenset({"shop"}), frozenset({"shop", "postgres"}))}
    now = world(user(), access=Access(hosts={"u": "10.0.0.0/8"}), traces=traces)
    made = plan(now, {"name": "u", "host": "10.0.0.0/8", "state": "absent"})
    assert shown(made) == [
        'ALTER ROLE "u" NOLOGIN',
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'u'",
        'DROP OWNED BY "u"',
        'REASSIGN OWNED BY "u" TO "shop_owner" -- in shop',
        'DROP OWNED BY "u" -- in shop',
        'DROP ROLE "u"',
        'pg_hba.conf: - hostssl all "u" 10.0.0.0/8 scram-sha-256; - host all "u" all reject',
    ]
    assert made.after == {"u@10.0.0.0/8": None}


@pytest.mark.parametrize(
    "traces",
    [
        Traces(databases=frozenset({"shop"})),
        Traces(frozenset({"tools"}), frozenset({"tools"})),
        Traces(frozenset(), frozenset({"closed"})),
    ],
)
def test_who_cannot_be_removed(traces: Traces) -> None:
    assert places(world(user(), traces={"u": traces}), {"name": "u", "state": "absent"}) == ["users[0].state"]


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"name": "pg_x", "password": "x"}, ["name"]),
        ({"name": "shop_owner", "password": "x"}, ["name"]),
        ({"name": "new"}, ["password"]),
        ({"name": "new", "password": ""}, ["password"]),
        ({"name": "new", "password": "x", "host": "example.org"}, ["host"]),
        ({"name": "u", "new_host": "10.0.0.1/8"}, ["new_host"]),
        ({"name": "u", "host": "192.0.2.1"}, ["host"]),
        ({"name": "u", "host": "192.0.2.1", "state": "absent"}, ["host"]),
        ({"name": "u", "new_name": "root"}, ["new_name"]),
        ({"name": "u", "new_name": "alice"}, ["new_name"]),
        ({"name": "u", "new_name": "v", "state": "absent"}, ["state"]),
        ({"name": "nobody", "new_name": "v"}, ["name", "password"]),
        ({"name": "u", "retain_current_password": True}, ["retain_current_password"]),
        ({"name": "r", "login": False, "password": "x", "host": "192.0.2.1"}, ["password", "host"]),
        ({"name": "u", "databases": ["nowhere", "postgres"]}, ["databases", "databases"]),
        ({"name": "shared", "password": "x"}, ["login"]),
        ({"name": "u", "databases": ["tools"]}, ["databases"]),
        ({"name": "u", "databases": ["alices"]}, ["databases"]),
        ({"name": "u", "databases": ["one"]}, ["databases"]),
        ({"name": "alice", "databases": []}, ["databases"]),
        ({"name": "u", "grants": [{"database": "alices", "privileges": ["all"]}]}, ["grants[0].database"]),
        ({"name": "u", "grants": [{"database": "nowhere", "privileges": ["select"]}]}, ["grants[0].database"]),
        (
            {"name": "u", "grants": [{"database": "shop", "schema": "s", "privileges": ["select"]}]},
            ["grants[0].schema"],
        ),
        ({"name": "u", "grants": [{"database": "shop", "table": "x", "privileges": ["select"]}]}, ["grants[0].table"]),
        ({"name": "u", "grants": [{"database": "shop", "table": "q", "privileges": ["select"]}]}, ["grants[0].table"]),
        ({"name": "u", "grants": [{"database": "shop", "privileges": ["maintain"]}]}, ["grants[0].privileges"]),
        (
            {"name": "u", "grants": [{"database": "shop", "table": "t", "privileges": ["connect"]}]},
            ["grants[0].privileges"],
        ),
        ({"name": "u", "grants": [{"database": "shop", "privileges": []}]}, ["grants[0].privileges"]),
        (
            {"name": "u", "grants": [{"database": "*", "schema": "s", "table": "t", "privileges": ["select"]}]},
            ["grants[0].schema", "grants[0].table", "grants[0].privileges"],
        ),
        (
            {"name": "u", "roles": ["nobody", "shop_owner", "both", "alice", "pg_write_server_files"]},
            ["roles"] * 5,
        ),
    ],
)
def test_what_is_refused(item: dict[str, Any], found: list[str]) -> None:
    now = world(user("shared"), Role("shared", login=False))
    assert places(now, item) == [f"users[0].{place}" for place in found]


def test_no_user_twice_and_no_role_of_itself() -> None:
    assert places(world(user()), {"name": "u"}, {"name": "v", "password": "x", "new_name": None}, {"name": "u"}) == [
        "users"
    ]
    now = world(Role("a", login=False), Role("b", login=False, memberships=frozenset({"a"})))
    assert places(now, {"name": "a", "login": False, "roles": ["b"]}) == ["users"]


def test_a_role_of_the_same_call_will_do() -> None:
    made = plan(world(user()), {"name": "u", "roles": ["r"]}, {"name": "r", "login": False})
    assert shown(made) == ['CREATE ROLE "r" NOLOGIN', 'GRANT "r" TO "u"']


def test_an_owner_has_all_without_being_granted() -> None:
    made = plan(world(), {"name": "alice", "databases": ["alices"]})
    assert made.statements == []
    assert [entry["databases"] for entry in listed(world()) if entry["name"] == "alice"] == [["alices"]]


def test_listed_are_no_system_roles() -> None:
    entries = listed(world(user("pg_monitor", "readers"), access=Access(MUTUAL)))
    assert [entry["name"] for entry in entries] == ["alice", "both", "readers", "u"]
    assert entries[-1]["grants"] == [{"database": "*", "schema": None, "table": None, "privileges": ["MONITORING"]}]
    assert (entries[-1]["roles"], entries[-1]["databases"]) == (["readers"], [])
    assert (entries[-1]["require_tls"], entries[-1]["require_certificate"], entries[-2]["require_tls"]) == (
        True,
        True,
        False,
    )


def test_all_words_of_a_table_are_all() -> None:
    words = grants.words_of_tables(150018)
    (entry,) = [one for one in listed(world(user(), held={Scope("shop", "public", "t"): words})) if one["name"] == "u"]
    assert entry["grants"] == [{"database": "shop", "schema": "public", "table": "t", "privileges": ["ALL"]}]


@pytest.mark.parametrize(
    ("policy", "require_tls", "after"),
    [
        (Policy(OFF), None, None),
        (Policy(OFF), False, Policy(OFF, frozenset({("u", "%")}))),
        (Policy(MUTUAL, frozenset({("u", "%")})), True, Policy(MUTUAL)),
        (Policy(REQUIRED), False, None),
    ],
)
def test_a_mode_decides_and_remembers_what_was_asked(
    policy: Policy, require_tls: bool | None, after: Policy | None
) -> None:
    now = world(user(), access=Access(policy.mode))
    made = plan(now, {"name": "u", "require_tls": require_tls}, policy=policy)
    assert made.policy == after
    assert bool(made.statements) == (policy.mode == REQUIRED)


def test_the_policy_says_the_mode_whatever_the_file_says() -> None:
    made = plan(world(user(), access=Access(OFF)), {"name": "u"}, policy=Policy(REQUIRED))
    assert [step.content for step in made.statements] == [rendered(Access(REQUIRED))]


def test_no_password_is_shown() -> None:
    made = plan(world(user()), {"name": "u", "password": "hidden-1"}, {"name": "v", "password": "hidden-2"})
    root = plan_root(world(), True, "hidden-3", True)
    told = json.dumps([shown(made), made.before, made.after, shown(root), root.after]) + repr(made) + repr(root)
    assert "hidden" not in told
    assert "SCRAM-SHA-256$" not in told


ROOT = Role("root", superuser=True, verifier=OLD)


@pytest.mark.parametrize(
    ("now", "asked", "statements"),
    [
        (world(), (True, "new", True), ["CREATE ROLE \"root\" SUPERUSER LOGIN PASSWORD '********'"]),
        (world(ROOT), (True, None, True), []),
        (world(ROOT), (True, "old", True), []),
        (world(ROOT), (True, "new", True), ["ALTER ROLE \"root\" SUPERUSER LOGIN PASSWORD '********'"]),
        (
            world(replace(ROOT, login=False)),
            (True, None, True),
            ["ALTER ROLE \"root\" SUPERUSER LOGIN PASSWORD '********'"],
        ),
        (world(ROOT), (True, None, False), ['pg_hba.conf: + host all "root" all scram-sha-256']),
        (world(), (False, None, True), []),
        (
            world(ROOT, traces={"root": Traces(frozenset(), frozenset(), frozenset({"one"}))}),
            (False, None, True),
            [
                'ALTER ROLE "root" NOLOGIN',
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'root'",
                'REASSIGN OWNED BY "root" TO "postgres"',
                'DROP OWNED BY "root"',
                'DROP ROLE "root"',
            ],
        ),
        (
            world(ROOT, traces={"root": Traces(frozenset({"closed"}), frozenset({"closed"}))}),
            (False, None, True),
            [
                'ALTER ROLE "root" NOSUPERUSER NOLOGIN PASSWORD NULL',
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'root'",
            ],
        ),
        (
            world(Role("root", login=False), traces={"root": Traces(frozenset({"closed"}), frozenset({"closed"}))}),
            (False, None, True),
            [],
        ),
    ],
)
def test_root(now: World, asked: tuple[bool, str | None, bool], statements: list[str]) -> None:
    made = plan_root(now, *asked)
    assert shown(made) == statements
    assert made.after["enabled"] == asked[0]


def test_root_follows_the_mode() -> None:
    made = plan_root(world(access=Access(OFF)), True, "new", False, Policy(OFF))
    assert made.policy == Policy(OFF, frozenset({("root", "%")}))
    assert len(made.statements) == 1


@pytest.mark.parametrize("password", [None, ""])
def test_root_needs_a_password(password: str | None) -> None:
    with pytest.raises(AgentError) as caught:
        plan_root(world(), True, password, True)
    assert caught.value.reason == "invalid"


@pytest.mark.parametrize(
    ("access", "policy", "mode", "wanted", "kept"),
    [
        (Access(plain=frozenset({"u"})), Policy(), OFF, Access(OFF), Policy(OFF, frozenset({("u", "%")}))),
        (
            Access(OFF),
            Policy(OFF, frozenset({("u", "%")})),
            MUTUAL,
            Access(MUTUAL),
            Policy(MUTUAL, frozenset({("u", "%")})),
        ),
        (
            Access(MUTUAL),
            Policy(MUTUAL, frozenset({("u", "%")})),
            REQUIRED,
            Access(REQUIRED, {}, frozenset({"u"})),
            Policy(REQUIRED),
        ),
        (Access(REQUIRED, {}, frozenset({"u"})), Policy(REQUIRED), PREFERRED, Access(plain=frozenset({"u"})), Policy()),
        (Access(OFF), Policy(OFF), PREFERRED, Access(), Policy()),
        (Access(), Policy(), PREFERRED, Access(), None),
        (Access(OFF), Policy(), REQUIRED, Access(REQUIRED), Policy(REQUIRED)),  # the file of a backup
    ],
)
def test_modes(access: Access, policy: Policy, mode: str, wanted: Access, kept: Policy | None) -> None:
    made = plan_mode(world(user(), access=access), policy, mode)
    assert [step.content for step in made.statements] == ([rendered(wanted)] if wanted != access else [])
    assert made.policy == kept
