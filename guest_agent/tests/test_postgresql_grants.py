# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's privileges between declaration and server."""

from __future__ import annotations

import pytest
from dbaas_agent.drivers.postgresql import grants
from dbaas_agent.drivers.postgresql.grants import SEQUENCE, TABLE, Atom, Catalog, Held, Relation, Scope
from hypothesis import given, strategies

V15, V17 = 150018, 170012
SHOP = Catalog(
    "shop_owner",
    frozenset({"public", "s"}),
    {
        ("public", "t"): Relation(TABLE),
        ("public", "t_id_seq"): Relation(SEQUENCE, "t"),
        ("public", "alone"): Relation(SEQUENCE),
        ("s", "t"): Relation(TABLE),
        ("s", "u"): Relation(TABLE),
    },
)
CATALOGS = {"shop": SHOP, "bare": Catalog("bare_owner")}
SCOPES = [
    Scope("shop"),
    Scope("bare"),
    Scope("shop", "public"),
    Scope("shop", "s"),
    Scope("shop", "public", "t"),
    Scope("shop", "s", "u"),
]


def of(*scopes: tuple[Scope, str]) -> grants.Scopes:
    return grants.normal({scope: grants.expanded(words.split(), scope, V17) for scope, words in scopes})


DECLARED = strategies.fixed_dictionaries(
    {},
    optional={
        scope: strategies.frozensets(strategies.sampled_from(sorted(grants.allowed(scope, V17))), min_size=1)
        for scope in SCOPES
    },
).map(grants.normal)


@given(DECLARED)
def test_what_is_declared_is_read_back(scopes: grants.Scopes) -> None:
    assert grants.scopes(grants.atoms(scopes, CATALOGS), CATALOGS) == scopes


@given(DECLARED, DECLARED)
def test_steps_lead_to_what_is_wanted_and_to_nothing_when_it_is_there(one: grants.Scopes, other: grants.Scopes) -> None:
    now, wanted = grants.atoms(one, CATALOGS), grants.atoms(other, CATALOGS)
    assert grants.steps("u", Held(wanted), wanted, CATALOGS, append=False) == []
    made = grants.steps("u", Held(now), wanted, CATALOGS, append=False)
    assert bool(made) == (now != wanted)
    assert not any("REVOKE" in step.sql for step in grants.steps("u", Held(now), wanted, CATALOGS, append=True))


def shown(*scopes: tuple[Scope, str], held: Held = Held(), append: bool = False) -> list[str]:  # noqa: B008 (is never changed)
    return [step.shown() for step in grants.steps("u", held, grants.atoms(of(*scopes), CATALOGS), CATALOGS, append)]


def test_read_only_on_a_database() -> None:
    assert shown((Scope("shop"), "read_only")) == [
        'GRANT CONNECT ON DATABASE "shop" TO "u"',
        'GRANT USAGE ON SCHEMA "public", "s" TO "u" -- in shop',
        'GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "u" -- in shop',
        'GRANT SELECT ON ALL TABLES IN SCHEMA "s" TO "u" -- in shop',
        'GRANT SELECT ON ALL SEQUENCES IN SCHEMA "public" TO "u" -- in shop',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" GRANT USAGE ON SCHEMAS TO "u" -- in shop',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" GRANT SELECT ON SEQUENCES TO "u" -- in shop',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" GRANT SELECT ON TABLES TO "u" -- in shop',
    ]


def test_a_table_comes_with_its_sequences_only() -> None:
    assert shown((Scope("shop", "public", "t"), "INSERT SELECT")) == [
        'GRANT CONNECT ON DATABASE "shop" TO "u"',
        'GRANT USAGE ON SCHEMA "public" TO "u" -- in shop',
        'GRANT INSERT, SELECT ON TABLE "public"."t" TO "u" -- in shop',
        'GRANT SELECT, USAGE ON SEQUENCE "public"."t_id_seq" TO "u" -- in shop',
    ]


def test_a_schema_with_what_comes() -> None:
    assert shown((Scope("shop", "s"), "DELETE")) == [
        'GRANT CONNECT ON DATABASE "shop" TO "u"',
        'GRANT USAGE ON SCHEMA "s" TO "u" -- in shop',
        'GRANT DELETE ON ALL TABLES IN SCHEMA "s" TO "u" -- in shop',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" IN SCHEMA "s" GRANT DELETE ON TABLES TO "u" -- in shop',
    ]


def test_what_is_missing_is_healed_alone() -> None:
    wanted = grants.atoms(of((Scope("shop", "s"), "SELECT")), CATALOGS)
    held = Held(wanted - {Atom(TABLE, "shop", "s", "u", "SELECT")})
    assert shown((Scope("shop", "s"), "SELECT"), held=held) == ['GRANT SELECT ON TABLE "s"."u" TO "u" -- in shop']


def test_what_goes_goes_in_the_other_order() -> None:
    held = Held(grants.atoms(of((Scope("shop", "s"), "DELETE")), CATALOGS))
    assert shown(held=held) == [
        'ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" IN SCHEMA "s" REVOKE DELETE ON TABLES FROM "u" CASCADE -- in shop',
        'REVOKE DELETE ON ALL TABLES IN SCHEMA "s" FROM "u" CASCADE -- in shop',
        'REVOKE USAGE ON SCHEMA "s" FROM "u" CASCADE -- in shop',
        'REVOKE CONNECT ON DATABASE "shop" FROM "u" CASCADE',
    ]
    assert shown(held=held, append=True) == []


def test_what_may_be_passed_on_may_not_any_more() -> None:
    wanted = grants.atoms(of((Scope("shop", "s", "u"), "SELECT")), CATALOGS)
    held = Held(wanted, frozenset({Atom(TABLE, "shop", "s", "u", "SELECT")}))
    assert shown((Scope("shop", "s", "u"), "SELECT"), held=held) == [
        'REVOKE GRANT OPTION FOR SELECT ON TABLE "s"."u" FROM "u" CASCADE -- in shop'
    ]


def test_what_another_granted_that_one_takes_back() -> None:
    held = Held(
        foreign=frozenset(
            {(Atom(TABLE, "shop", "s", "u", "SELECT"), "eve"), (Atom("SCHEMA", "shop", "s", "", "USAGE"), "eve")}
        )
    )
    assert shown(held=held) == [
        'SET ROLE "eve"; REVOKE USAGE ON SCHEMA "s" FROM "u" CASCADE; RESET ROLE -- in shop',
        'SET ROLE "eve"; REVOKE SELECT ON TABLE "s"."u" FROM "u" CASCADE; RESET ROLE -- in shop',
    ]


def test_what_follows_from_a_wider_scope_is_not_declared() -> None:
    scopes = of(
        (Scope("shop"), "SELECT CONNECT"),
        (Scope("shop", "s"), "SELECT INSERT"),
        (Scope("shop", "s", "u"), "INSERT DELETE"),
    )
    assert scopes == {
        Scope("shop"): frozenset({"SELECT"}),
        Scope("shop", "s"): frozenset({"INSERT"}),
        Scope("shop", "s", "u"): frozenset({"DELETE"}),
    }
    assert of((Scope("shop"), "CONNECT")) == {Scope("shop"): frozenset({"CONNECT"})}
    assert of((Scope("shop"), "CONNECT"), (Scope("shop", "s"), "SELECT")) == {Scope("shop", "s"): frozenset({"SELECT"})}


def test_what_was_granted_by_hand_is_seen() -> None:
    by_hand = {
        Atom("DATABASE", "shop", "", "", "CREATE"),
        Atom("SCHEMA", "shop", "s", "", "CREATE"),
        Atom("SCHEMA", "shop", "s", "", "USAGE"),
        Atom(SEQUENCE, "shop", "public", "alone", "USAGE"),
    }
    assert grants.scopes(frozenset(by_hand), CATALOGS) == {
        Scope("shop"): frozenset({"CREATE"}),
        Scope("shop", "public", "alone"): frozenset({"USAGE"}),
        Scope("shop", "s"): frozenset({"CREATE", "USAGE"}),
    }


@pytest.mark.parametrize(
    ("words", "scope", "version", "expanded"),
    [
        ("all", Scope("d", "s"), V15, "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER"),
        ("ALL", Scope("d", "s", "t"), V17, "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER MAINTAIN"),
        ("read_write", Scope("d"), V15, "SELECT INSERT UPDATE DELETE TEMPORARY"),
        ("read_write", Scope("d", "s"), V15, "SELECT INSERT UPDATE DELETE"),
        ("temp connect", Scope("d"), V15, "TEMPORARY CONNECT"),
    ],
)
def test_words(words: str, scope: Scope, version: int, expanded: str) -> None:
    assert grants.expanded(words.split(), scope, version) == set(expanded.split())
