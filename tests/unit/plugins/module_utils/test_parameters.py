# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._parameters import TYPES, check_values
from hypothesis import given
from hypothesis import strategies as st

RULES: list[dict[str, Any]] = [
    {"name": "connections", "type": "integer", "restart_required": False, "min": 10, "max": 100000},
    {"name": "pool", "type": "integer", "restart_required": False, "min": 2097152, "max": 2**64 - 1, "step": 1048576},
    {"name": "size", "type": "integer", "restart_required": True, "min": -1, "max": 1024},
    {"name": "time", "type": "float", "restart_required": False, "min": 0.0, "max": 60.0},
    {"name": "commit", "type": "boolean", "restart_required": False},
    {"name": "cache", "type": "enum", "restart_required": False, "choices": ["OFF", "ON", "DEMAND"]},
    {"name": "secure", "type": "enum", "restart_required": False, "choices": ["NO", "YES", "SUPER"]},
    {"name": "mode", "type": "set", "restart_required": False, "choices": ["ANSI", "STRICT"]},
    {"name": "switch", "type": "flags", "restart_required": False, "choices": ["merge", "mrr"]},
    {"name": "zone", "type": "string", "restart_required": False},
    {"name": "buffers", "type": "integer", "restart_required": True, "min": 16, "max": 1073741823, "unit": "8kB"},
    {"name": "delay", "type": "float", "restart_required": False, "min": -1.0, "max": 100.0, "unit": "ms"},
    {"name": "datadir", "type": "string", "restart_required": True, "reserved": "no"},
]


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("connections", 200, 200),
        ("connections", "200", 200),
        ("Connections", 10, 10),
        ("pool", "64M", 67108864),
        ("pool", "1g", 1073741824),
        ("pool", "64MiB", 67108864),
        ("size", -1, -1),
        ("size", "-1", -1),
        ("time", 1, 1.0),
        ("time", "0.5", 0.5),
        ("commit", False, False),
        ("commit", 0, False),
        ("commit", "On", True),
        ("commit", 1, True),
        ("cache", "demand", "DEMAND"),
        ("cache", True, "ON"),
        ("cache", False, "OFF"),
        ("secure", True, "YES"),
        ("secure", False, "NO"),
        ("mode", "strict,ANSI", "STRICT,ANSI"),
        ("mode", ["ansi", "ansi"], "ANSI"),
        ("mode", "", ""),
        ("switch", "MRR=on, merge=Off", "mrr=on,merge=off"),
        ("buffers", 4096, 4096),
        ("buffers", "4096", 4096),
        ("buffers", "256MB", 32768),
        ("buffers", "0.5 GB", 65536),
        ("delay", "2ms", 2.0),
        ("delay", "500us", 0.5),
        ("delay", "-1", -1.0),
        ("zone", "+01:00", "+01:00"),
        ("zone", 5, "5"),
        ("zone", "", ""),
    ],
)
def test_values(name: str, value: Any, plain: Any) -> None:
    found, problems = check_values({name: value}, RULES)
    assert (found, problems) == ({name.lower(): plain}, [])
    assert type(found[name.lower()]) is type(plain)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("connections", 9, "invalid"),
        ("connections", 100001, "invalid"),
        ("connections", True, "invalid"),
        ("connections", 10.5, "invalid"),
        ("connections", "many", "invalid"),
        ("connections", None, "invalid"),
        ("pool", 2097153, "invalid"),
        ("time", 61, "invalid"),
        ("time", "nan", "invalid"),
        ("time", True, "invalid"),
        ("time", [], "invalid"),
        ("commit", "maybe", "invalid"),
        ("commit", 2, "invalid"),
        ("cache", "SOMETIMES", "invalid"),
        ("mode", "ANSI,NONE", "invalid"),
        ("switch", "mrr", "invalid"),
        ("switch", "none=on", "invalid"),
        ("buffers", "100kB", "invalid"),
        ("buffers", "64M", "invalid"),
        ("buffers", "1min", "invalid"),
        ("delay", "1h", "invalid"),
        ("delay", "1kB", "invalid"),
        ("zone", "a\nb = 1", "invalid"),
        ("zone", True, "invalid"),
        ("zone", {"a": 1}, "invalid"),
        ("datadir", "/tmp", "unsupported"),
        ("connection", 5, "not_found"),
    ],
)
def test_wrong_values_are_named(name: str, value: Any, reason: str) -> None:
    found, (problem,) = check_values({name: value}, RULES)
    assert found == {}
    assert (problem.option, problem.value, problem.reason) == (f"values.{name}", value, reason)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found, problems = check_values({"connections": 1, "nothing": 1, "datadir": "", "time": 5, "TIME": 6}, RULES)
    assert found == {"time": 6.0}
    assert [problem.option for problem in problems] == [
        "values.connections",
        "values.datadir",
        "values.nothing",
        "values.time",
    ]


@given(st.sampled_from(RULES[:11]), st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()))
def test_what_is_taken_is_taken_again_as_it_is(rule: dict[str, Any], value: Any) -> None:
    found, problems = check_values({rule["name"]: value}, RULES)
    assert bool(found) != bool(problems)
    if found:
        assert check_values(found, RULES) == (found, [])


def test_every_type_is_known() -> None:
    assert {rule["type"] for rule in RULES} == set(TYPES)
