# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for PostgreSQL's databases and their owners."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from dbaas_agent import schema, validate
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql.databases import Database, Extension, Known, plan_databases
from dbaas_agent.drivers.postgresql.grants import DEFAULT, Atom, Catalog
from dbaas_agent.drivers.postgresql.roles import Role, Traces, World
from dbaas_agent.errors import AgentError

KNOWN = Known(
    {"latin1": "LATIN1", "utf8": "UTF8", "sql_ascii": "SQL_ASCII"},
    {"und": "und", "de-at": "de-AT"},
    {
        "cube": Extension(True),
        "earthdistance": Extension(False, requires=("cube",)),
        "file_fdw": Extension(False),
        "plperl": Extension(True, "pg_catalog"),
    },
)
SHOP = Database("shop", "UTF8", "und", "shop_owner", frozenset({"public"}), frozenset({"plpgsql"}))
ROLES = [
    Role("postgres", superuser=True),
    Role("shop_owner", login=False, marked=True),
    Role("u", memberships=frozenset({"shop_owner"})),
    Role("alice"),
    Role("taken_owner", login=False),
    Role("boss", superuser=True),
]


def world(*roles: Role, **rest: Any) -> World:
    catalogs = {"postgres": Catalog("postgres"), "shop": Catalog("shop_owner")}
    return World(150018, {role.name: role for role in (*ROLES, *roles)}, **{"catalogs": catalogs, **rest})


def plan(*given: dict[str, Any], now: World | None = None, **existing: Database) -> Plan:
    items = validate.arguments(schema.VERBS["database_set"]["args"], {"databases": list(given)})["databases"]
    return plan_databases(list(items), existing or {"shop": SHOP}, KNOWN, now or world())


def shown(made: Plan) -> list[str]:
    return [step.shown() for step in made.statements]


def test_a_new_database_gets_an_owner_of_its_own() -> None:
    made = plan({"name": "new", "schemas": ["s"], "extensions": ["earthdistance", "plperl"]})
    assert shown(made) == [
        'CREATE ROLE "new_owner" NOLOGIN; COMMENT ON ROLE "new_owner" IS \'dbaas: made to own a database\'',
        'CREATE DATABASE "new" OWNER "new_owner"',
        'REVOKE CONNECT, TEMPORARY ON DATABASE "new" FROM PUBLIC',
        'CREATE SCHEMA "s" AUTHORIZATION "new_owner" -- in new',
        'CREATE EXTENSION "cube" SCHEMA public -- in new',
        'CREATE EXTENSION "plperl" -- in new',
        'CREATE EXTENSION "earthdistance" SCHEMA public -- in new',
    ]
    assert made.before == {"new": None}
    assert made.after["new"] == {
        "name": "new",
        "character_set": "UTF8",
        "collation": "und",
        "owner": "new_owner",
        "schemas": ["public", "s"],
        "extensions": ["cube", "earthdistance", "plperl"],
    }


@pytest.mark.parametrize(
    ("item", "clause"),
    [
        ({}, ""),
        ({"character_set": "utf8", "collation": "UND"}, ""),
        ({"collation": "de_at"}, " TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'"),
        ({"collation": "c"}, " TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"),
        (
            {"character_set": "latin1"},
            " TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER icu ICU_LOCALE 'und' LC_COLLATE 'C' LC_CTYPE 'C'",
        ),
        (
            {"character_set": "sql_ascii", "collation": "C"},
            " TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'",
        ),
    ],
)
def test_encodings_and_collations(item: dict[str, Any], clause: str) -> None:
    made = plan({"name": "new", "owner": "alice", **item})
    assert shown(made)[0] == f'CREATE DATABASE "new" OWNER "alice"{clause}'


def test_an_owner_that_is_named_is_made_once_and_is_nobodys() -> None:
    made = plan({"name": "a", "owner": "team"}, {"name": "b", "owner": "team"})
    assert [line for line in shown(made) if "ROLE" in line] == ['CREATE ROLE "team" NOLOGIN']


@pytest.mark.parametrize(
    ("item", "now", "statements"),
    [
        ({}, SHOP, []),
        ({"owner": "shop_owner", "schemas": ["public"], "extensions": [], "collation": "und"}, SHOP, []),
        (
            {},
            replace(SHOP, public=frozenset({"CONNECT"})),
            ['REVOKE CONNECT, TEMPORARY ON DATABASE "shop" FROM PUBLIC'],
        ),
        ({}, replace(SHOP, public_creates=True), ["REVOKE CREATE ON SCHEMA public FROM PUBLIC -- in shop"]),
        ({"schemas": ["s"]}, SHOP, ['CREATE SCHEMA "s" AUTHORIZATION "shop_owner" -- in shop']),
        ({"extensions": ["cube"]}, SHOP, ['CREATE EXTENSION "cube" SCHEMA public -- in shop']),
        ({"state": "absent"}, SHOP, ['DROP DATABASE "shop" WITH (FORCE)', 'DROP ROLE "shop_owner"']),
    ],
)
def test_an_existing_database(item: dict[str, Any], now: Database, statements: list[str]) -> None:
    made = plan({"name": "shop", **item}, shop=now)
    assert shown(made) == statements
    assert bool(made.after) == bool(statements)


@pytest.mark.parametrize(
    ("now", "item", "goes"),
    [
        (world(), {"name": "shop"}, True),
        (world(traces={"shop_owner": Traces(touches=frozenset({"shop"}))}), {"name": "shop"}, True),
        (world(traces={"shop_owner": Traces(touches=frozenset({"shop", "other"}))}), {"name": "shop"}, False),
        (world(catalogs={"shop": Catalog("shop_owner"), "other": Catalog("shop_owner")}), {"name": "shop"}, False),
        (world(catalogs={"shop": Catalog("taken_owner")}), {"name": "shop"}, False),
        (world(catalogs={}), {"name": "taken"}, False),
        (world(Role("left_owner", login=False, marked=True)), {"name": "left"}, True),
    ],
)
def test_an_owner_goes_with_its_last_database(now: World, item: dict[str, Any], goes: bool) -> None:
    made = plan({**item, "state": "absent"}, now=now)
    assert any("DROP ROLE" in line for line in shown(made)) == goes


def test_another_owner_gets_all_of_it_in_one_transaction() -> None:
    coming = frozenset({Atom(DEFAULT, "shop", "", "TABLES", "SELECT")})
    begins = {("u", "shop"): "shop_owner"}
    made = plan(
        {"name": "shop", "owner": "team"},
        shop=replace(SHOP, defaults={"r": coming, "team": coming}),
        now=world(session_roles=begins),
    )
    assert len(made.statements) == 1
    assert made.statements[0].shown().replace("; ", "\n").splitlines() == [
        'CREATE ROLE "team" NOLOGIN',
        'GRANT "team" TO "u"',
        'REVOKE "shop_owner" FROM "u"',
        'REASSIGN OWNED BY "shop_owner" TO "team"',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "team" GRANT SELECT ON TABLES TO "r"',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" REVOKE SELECT ON TABLES FROM "r" CASCADE',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" REVOKE SELECT ON TABLES FROM "team" CASCADE',
        'ALTER ROLE "u" IN DATABASE "shop" SET role = \'team\'',
        'DROP OWNED BY "shop_owner"',
        'DROP ROLE "shop_owner" -- in shop',
    ]


def test_an_owner_keeps_its_other_databases() -> None:
    catalogs = {"shop": Catalog("shop_owner"), "other": Catalog("shop_owner")}
    roles = [Role("team", login=False, memberships=frozenset({"shop_owner"}))]
    made = plan({"name": "shop", "owner": "team"}, now=world(*roles, catalogs=catalogs))
    assert made.statements[0].shown().replace("; ", "\n").splitlines() == [
        'GRANT "team" TO "u"',
        'REASSIGN OWNED BY "shop_owner" TO "team"',
        'ALTER DATABASE "other" OWNER TO "shop_owner"',
        'ALTER ROLE "u" IN DATABASE "other" SET role = \'shop_owner\'',
        'ALTER ROLE "u" IN DATABASE "shop" SET role = \'team\' -- in shop',
    ]


def test_two_databases_change_their_owner_one_after_the_other() -> None:
    catalogs = {"shop": Catalog("shop_owner"), "other": Catalog("shop_owner")}
    made = plan(
        {"name": "shop", "owner": "team"},
        {"name": "other", "owner": "team"},
        now=world(catalogs=catalogs),
        shop=SHOP,
        other=replace(SHOP, name="other"),
    )
    first, second = shown(made)
    assert 'ALTER DATABASE "other" OWNER TO "shop_owner"' in first
    assert "ALTER DATABASE" not in second
    assert 'DROP ROLE "shop_owner"' in second


def test_what_a_superuser_owns_in_a_database_stays_with_it() -> None:
    made = plan(
        {"name": "shop", "owner": "alice"},
        shop=replace(SHOP, owner="boss"),
        now=world(catalogs={"shop": Catalog("boss")}),
    )
    assert shown(made) == ['ALTER DATABASE "shop" OWNER TO "alice"']


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"name": "template1"}, ["name"]),
        ({"name": "shop", "character_set": "latin1"}, ["character_set"]),
        ({"name": "shop", "collation": "C"}, ["collation"]),
        ({"name": "new", "character_set": "klingon", "collation": "tlh"}, ["character_set", "collation"]),
        ({"name": "new", "character_set": "sql_ascii"}, ["collation"]),
        ({"name": "n" * 60}, ["owner"]),
        ({"name": "taken"}, ["owner"]),
        ({"name": "new", "owner": "boss"}, ["owner"]),
        ({"name": "new", "owner": "postgres"}, ["owner"]),
        ({"name": "shop", "owner": "alice"}, ["owner"]),
        ({"name": "new", "schemas": ["pg_x", ""]}, ["schemas", "schemas"]),
        ({"name": "new", "extensions": ["file_fdw", "nothing"]}, ["extensions", "extensions"]),
        ({"name": "bare", "extensions": ["cube"]}, ["extensions"]),
        ({"name": "closed"}, ["name"]),
    ],
)
def test_what_is_refused(item: dict[str, Any], found: list[str]) -> None:
    existing = {
        "shop": SHOP,
        "closed": replace(SHOP, name="closed"),
        "bare": replace(SHOP, name="bare", schemas=frozenset()),
    }
    now = world(catalogs={"shop": Catalog("shop_owner"), "bare": Catalog("shop_owner")})
    with pytest.raises(AgentError) as caught:
        plan(item, now=now, **existing)
    assert caught.value.reason == "invalid"
    assert [fault.split(":")[0] for fault in caught.value.details["faults"]] == [
        f"databases[0].{place}" for place in found
    ]


def test_no_database_twice() -> None:
    with pytest.raises(AgentError) as caught:
        plan({"name": "a"}, {"name": "a"})
    assert len(caught.value.details["faults"]) == 1
