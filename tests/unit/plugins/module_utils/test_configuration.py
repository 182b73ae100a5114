# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._configuration import (
    Configuration,
    Wish,
    name_problems,
    parse,
    plan_configuration,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from hypothesis import given
from hypothesis import strategies as st

RULES: list[dict[str, Any]] = [
    {"name": "connections", "type": "integer", "restart_required": False, "min": 10, "max": 1000},
    {"name": "pool", "type": "integer", "restart_required": True, "min": 1, "max": 2**40},
    {"name": "mode", "type": "string", "restart_required": False},
]
NEW = Wish("g", "mariadb", "10.11", {"connections": 50, "pool": "1M"}, "why")
THERE = Configuration("g", "mariadb", "10.11", {"connections": 50, "pool": 1048576}, "why", 1, "then", "then")


def plan(wish: Wish, there: Configuration | None = THERE) -> Configuration:
    found, problems = plan_configuration(wish, there, RULES, "now")
    assert problems == []
    return found


def wrong(wish: Wish, there: Configuration | None = THERE) -> list[tuple[str, str]]:
    _found, problems = plan_configuration(wish, there, RULES, "now")
    return [(problem.option, problem.reason) for problem in problems]


def test_a_new_group() -> None:
    assert plan(NEW, None) == dataclasses.replace(THERE, created="now", updated="now")
    assert plan(Wish("g", "mariadb", "10.11"), None).values == {}


@pytest.mark.parametrize("wish", [NEW, Wish("g"), Wish("g", values={}), Wish("g", values={"Pool": "1024K"})])
def test_nothing_to_change(wish: Wish) -> None:
    assert plan(wish) is THERE


@pytest.mark.parametrize(
    ("wish", "values"),
    [
        (Wish("g", values={"connections": 60}), {"connections": 60, "pool": 1048576}),
        (Wish("g", values={"pool": None}), {"connections": 50}),
        (Wish("g", values={"pool": None, "mode": "x"}), {"connections": 50, "mode": "x"}),
        (Wish("g", values={"mode": "x"}, replace=True), {"mode": "x"}),
        (Wish("g", values={}, replace=True), {}),
        (Wish("g", description="else", replace=True), THERE.values),
    ],
)
def test_a_change(wish: Wish, values: dict[str, Any]) -> None:
    changed = plan(wish)
    assert (changed.values, changed.revision, changed.created, changed.updated) == (values, 2, "then", "now")


def test_a_parameter_that_is_no_rule_any_more_can_be_dropped() -> None:
    there = dataclasses.replace(THERE, values={"old": 1, "mode": "x"})
    assert plan(Wish("g", values={"old": None}), there).values == {"mode": "x"}


def test_what_is_wrong_is_told_at_once() -> None:
    wish = Wish("-", "mysql", "8", {"connections": 1, "none": 1}, "x" * 256)
    assert wrong(wish) == [
        ("name", "invalid"),
        ("datastore", "conflict"),
        ("datastore_version", "conflict"),
        ("description", "invalid"),
        ("values.connections", "invalid"),
        ("values.none", "not_found"),
    ]
    assert wrong(Wish("g", values={"conections": None, "pool": None})) == [("values.conections", "not_found")]
    assert wrong(Wish("g", values={"pool": 5, "Pool": None})) == [("values.pool", "invalid")]
    assert [problem.option for problem in plan_configuration(Wish("g", values={"pool": 5}), THERE, [], "now")[1]] == [
        "rules"
    ]
    assert wrong(Wish("g"), None) == [("datastore", "invalid"), ("datastore_version", "invalid")]


@pytest.mark.parametrize("name", ["a", "busy-shops_2.1", "9", "x" * 64])
def test_names(name: str) -> None:
    assert name_problems(name) == []


@pytest.mark.parametrize("name", ["", "-a", "a/b", "a b", "ä", "x" * 65, "none", "None", "a\n"])
def test_no_names(name: str) -> None:
    assert [problem.option for problem in name_problems(name)] == ["name"]


@given(st.dictionaries(st.text(), st.one_of(st.booleans(), st.integers(), st.text())), st.text(), st.integers())
def test_what_is_kept_is_read_again(values: dict[str, Any], description: str, revision: int) -> None:
    kept = dataclasses.replace(THERE, values=values, description=description, revision=revision)
    assert parse(json.loads(kept.body()), "g") == kept


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {**json.loads(THERE.body()), "name": "other"},
        {**json.loads(THERE.body()), "values": 1},
        {"name": "g"},
    ],
)
def test_a_damaged_record(body: Any) -> None:
    with pytest.raises(DbaasError) as caught:
        parse(body, "g")
    assert caught.value.reason == "conflict"


def test_a_difference_shows_what_is_asked_for() -> None:
    assert set(THERE.shown()) == {"name", "datastore", "datastore_version", "description", "values"}
