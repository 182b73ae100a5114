# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server tells of its variables by its answers to offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from dbaas_agent.drivers.base import Settings
from dbaas_agent.drivers.mysql import parameters
from dbaas_agent.drivers.mysql_family.parameters import Server, plan
from hypothesis import given
from hypothesis import strategies as st

ENUMS = {"binlog_format": ["MIXED", "STATEMENT", "ROW"], "delay_key_write": ["OFF", "ON", "ALL"], "one": ["ONE"]}
SETS = {"log_output": ["NONE", "FILE", "TABLE"], "sql_mode": ["A", "NOT_USED", "A,C,B", "B", "NOT_USED_5"]}


def enums(values: Mapping[str, str]) -> dict[str, str | None] | None:
    """A server that refuses all for one number too high."""
    if any(int(value) >= len(ENUMS[name]) for name, value in values.items()):
        return None
    return {name: ENUMS[name][int(value)] for name, value in values.items()}


def sets(values: Mapping[str, str]) -> dict[str, str | None] | None:
    if any(int(value) >= 1 << len(SETS[name]) for name, value in values.items()):
        return None
    return {name: SETS[name][int(value).bit_length() - 1] for name, value in values.items()}


def test_words_of_enums() -> None:
    assert parameters.enum_words(ENUMS, enums) == {name: tuple(words) for name, words in ENUMS.items()}


def test_words_of_sets() -> None:
    assert parameters.set_words(SETS, sets) == {"log_output": ("NONE", "FILE", "TABLE"), "sql_mode": ("A", "C", "B")}


def test_words_of_flags() -> None:
    assert parameters.flag_words("a=on,b=off") == ("a", "b")


@given(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from([1, 2, 8, 512, 4096, 1 << 20]), min_size=1),
    st.integers(0, 4095),
)
def test_steps_are_found(known: dict[str, int], low: int) -> None:
    def offer(values: Mapping[str, str]) -> dict[str, str | None]:
        return {name: str(int(value) // known[name] * known[name]) for name, value in values.items()}

    found = parameters.steps(dict.fromkeys(known, (low, 1 << 40)), offer)
    assert found == {name: step for name, step in known.items() if step > 1}


@pytest.mark.parametrize(
    ("bounds", "made"),
    [((0, 1 << 30), 100), ((0, 1 << 30), 0), ((0, 0), 1), ((-1, 1), 1), ((0, 1 << 30), None)],
)  # fmt: skip
def test_what_is_no_step_is_none(bounds: tuple[int, int], made: int | None) -> None:
    """A server that rounds to hundreds, that takes nothing, that has no choice, that refuses."""

    def offer(values: Mapping[str, str]) -> dict[str, str | None] | None:
        if made is None:
            return None
        return {name: str(int(value) // made * made if made else 0) for name, value in values.items()}

    assert parameters.steps({"a": bounds}, offer) == {}


def row(name: str, kind: str = "String", **more: Any) -> dict[str, Any]:
    return {
        "VARIABLE_NAME": name,
        "VARIABLE_SCOPE": "GLOBAL",
        "DATA_TYPE": kind,
        "MIN_VALUE": "",
        "MAX_VALUE": "",
        "VARIABLE_SOURCE": "COMPILED",
        "VARIABLE_PATH": "",
        **more,
    }


def test_variables_and_their_rules() -> None:
    rows = [
        row("max_connections", "Integer", MIN_VALUE="1", MAX_VALUE="100000"),
        row("optimizer_trace", "Set"),
        row("port", "Integer", MIN_VALUE="0", MAX_VALUE="65535"),
        row("pseudo_thread_id", "Integer", VARIABLE_SCOPE="SESSION_ONLY"),
        row("time_zone"),
        row("innodb_commit_concurrency", "Integer", MIN_VALUE="0", MAX_VALUE="1000"),
    ]
    bare = {"max_connections": "151", "optimizer_trace": "", "port": "3306", "default_time_zone": None}
    defaults = {parameters.OTHER_NAMES.get(name, name): parameters.own(name, bare) for name in bare}
    found = parameters.variables(rows, frozenset({"port"}), defaults, {"optimizer_trace": {"choices": ("enabled",)}})
    server = Server(found, {}, {**bare, "innodb_commit_concurrency": "0"}, bare, parameters.OTHER_NAMES)
    assert server.rules() == [
        {"name": "default_time_zone", "type": "string", "restart_required": False},
        {"name": "innodb_commit_concurrency", "type": "integer", "restart_required": True, "min": 0, "max": 1000},
        {"name": "max_connections", "type": "integer", "restart_required": False, "min": 1, "max": 100000},
        {"name": "optimizer_trace", "type": "flags", "restart_required": False, "choices": ["enabled"]},
        {"name": "port", "type": "integer", "restart_required": True, "min": 0, "max": 65535},
    ]


@pytest.mark.parametrize(
    ("source", "natural"),
    [("COMPILED", True), ("EXPLICIT", True), ("DYNAMIC", False), ("PERSISTED", False)],
)  # fmt: skip
def test_values_that_a_statement_gave(source: str, natural: bool) -> None:
    rows = [row("size", "Integer", MIN_VALUE="0", MAX_VALUE="9", VARIABLE_SOURCE=source)]
    found = parameters.variables(rows, frozenset(), {"size": "4"}, {})
    made = plan(
        Settings("/etc/z90.cnf", "size = 4"), Server(found, {"size": "7"}, {"size": "4"}, {"size": "4"}, computes=True)
    )
    assert [step.sql for step in made.statements] == ["SET GLOBAL `size` = 4"]
    assert bool(made.natural) is natural
