# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for MariaDB's databases."""

from __future__ import annotations

from typing import Any

import pytest
from dbaas_agent import schema, validate
from dbaas_agent.drivers.mysql_family import databases as sql
from dbaas_agent.drivers.mysql_family.sql import database_fault
from dbaas_agent.errors import AgentError
from hypothesis import given, strategies

KNOWN = sql.CharacterSets(
    {"utf8mb4_general_ci": "utf8mb4", "utf8mb4_bin": "utf8mb4", "latin1_swedish_ci": "latin1"},
    {"utf8mb4": "utf8mb4_general_ci", "latin1": "latin1_swedish_ci"},
    ("utf8mb4", "utf8mb4_general_ci"),
)
DATABASES = strategies.text(min_size=1, max_size=64).filter(lambda name: not database_fault(name))


def databases(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return list(validate.arguments(schema.VERBS["database_set"]["args"], {"databases": list(items)})["databases"])


def row(name: str, character_set: str = "utf8mb4", collation: str = "utf8mb4_general_ci") -> dict[str, Any]:
    return {"name": name, "character_set": character_set, "collation": collation}


def places(caught: pytest.ExceptionInfo[AgentError]) -> list[str]:
    assert caught.value.reason == "invalid"
    return [fault.split(":")[0] for fault in caught.value.details["faults"]]


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
                {"name": "d", "owner": "o", "schemas": ["s"], "extensions": ["e"]},
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
        "databases[5].owner",
        "databases[5].schemas",
        "databases[5].extensions",
        "databases",
    ]
