# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's parameters: rules, files, plans."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
from dbaas_agent.drivers.base import ParameterPlan, Settings
from dbaas_agent.drivers.postgresql.parameters import (
    RELOAD,
    Server,
    complaints,
    faults,
    given,
    names_of,
    plan,
    rules,
)
from hypothesis import given as having
from hypothesis import strategies as st

from tests.contracts.repo import ROOT

OVERRIDE = (ROOT / "templates/postgresql/override.j2").read_text("utf-8")


def row(name: str, kind: str = "integer", now: str | None = "1", context: str = "user", **other: Any) -> dict[str, Any]:
    """A row of pg_settings."""
    usual = {"unit": None, "min_val": "0", "max_val": "100", "enumvals": None, "source": "default"}
    return {**usual, "name": name, "vartype": kind, "context": context, "reset_val": now, **other}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("work_mem = 4096", {"work_mem": "4096"}),
        ("  Work_Mem=4MB # comment", {"work_mem": "4MB"}),
        ("work_mem 4096", {"work_mem": "4096"}),
        ("log_line_prefix = 'it''s \\\\ %p '", {"log_line_prefix": "it's \\ %p "}),
        ("x = 'a\\n\\tb\\101\\q'", {"x": "a\n\tbAq"}),
        ("auto_explain.log_analyze = on", {"auto_explain.log_analyze": "on"}),
        ("x = ''", {"x": ""}),
        ("# work_mem = 1", {}),
        ("x = 'no end", {}),
        ("x = 1\nx = 2", {"x": "2"}),
    ],
)
def test_what_a_file_says(line: str, found: dict[str, str]) -> None:
    assert given(line) == found


@having(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_a_group_says_what_it_was_given(value: str) -> None:
    environment = jinja2.Environment(trim_blocks=True, autoescape=False)  # noqa: S701
    content = environment.from_string(OVERRIDE).render(overrides={"search_path": value}, ansible_managed="")
    assert given(content) == {"search_path": value}


@pytest.mark.parametrize(
    ("text", "made", "wrong"),
    [
        ("4096", "4096", False),
        ("4MB", "4096", False),
        ("0640", "416", False),
        ("0x10", "16", False),
        ("on", "on", False),
        ("1", "on", False),
        ("TRUE", "on", False),
        ("no", "on", True),
        ("4096", "8192", True),
        ("0.90", "0.9", False),
        ("Iso", "iso", False),
        ("a", "b", True),
        ("", "", False),
    ],
)
def test_what_the_server_makes_of_a_value(text: str, made: str, wrong: bool) -> None:
    assert bool(faults(f"x = '{text}'", {"x": made})) == wrong


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ('2026-11-27 GMT [1] LOG:  invalid value\n2026 [1] FATAL:  configuration file "/x" contains errors\n', ["invalid value"]),
        ('FATAL:  configuration file "/x" contains errors', ['configuration file "/x" contains errors']),
        ("cannot execute\n", ["cannot execute"]),
    ],
)  # fmt: skip
def test_complaints(told: str, found: list[str]) -> None:
    assert complaints(told) == found


def test_rules() -> None:
    rows = [
        row("work_mem", unit="kB", min_val="64", max_val="2147483647"),
        row("shared_buffers", context="postmaster", unit="8kB"),
        row("DateStyle", "string"),
        row("geqo", "bool"),
        row("random_page_cost", "real", min_val="0", max_val="1.79769e+308"),
        row("wal_level", "enum", context="postmaster", enumvals=["minimal", "replica"]),
        row("block_size", context="internal"),
        row("auto_explain.log_analyze", "bool"),
        row("transaction_read_only", "bool"),
    ]
    assert rules(rows) == [
        {"name": "datestyle", "type": "string", "restart_required": False},
        {"name": "geqo", "type": "boolean", "restart_required": False},
        {"name": "random_page_cost", "type": "float", "restart_required": False, "min": 0.0, "max": 1.79769e308},
        {"name": "shared_buffers", "type": "integer", "restart_required": True, "min": 0, "max": 100, "unit": "8kB"},
        {"name": "wal_level", "type": "enum", "restart_required": True, "choices": ["minimal", "replica"]},
        {"name": "work_mem", "type": "integer", "restart_required": False, "min": 64, "max": 2147483647, "unit": "kB"},
    ]


def planned(server_row: dict[str, Any], configured: str, altered: bool = False) -> ParameterPlan:
    name = server_row["name"].lower()
    server = Server([server_row], {name: configured}, frozenset({name} if altered else ()))
    return plan(Settings("/f", f"{name} = 1"), server)


@pytest.mark.parametrize(
    ("server_row", "configured"),
    [
        (row("x", now="10"), "10"),
        (row("x", "real", now="0.5"), "0.50"),
        (row("x", "bool", now="on"), "yes"),
        (row("x", "enum", now="iso"), "ISO"),
        (row("x", "string", now=None), ""),
        (row("x", now="10", source="user"), "20"),
        (row("x", now="10", source="database"), "20"),
    ],
)
def test_what_is_followed_is_left(server_row: dict[str, Any], configured: str) -> None:
    assert planned(server_row, configured) == ParameterPlan()


def test_what_the_server_reads_again() -> None:
    found = planned(row("X", "string", now="a"), "A")
    assert (found.before, found.after, found.pending, found.statements) == ({"x": "a"}, {"x": "A"}, [], [RELOAD])


def test_what_only_a_start_changes() -> None:
    found = planned(row("x", now="1", context="postmaster"), "2")
    assert (found.pending, found.statements) == (["x"], [])


@pytest.mark.parametrize("context", ["user", "postmaster"])
def test_alter_system_gives_way(context: str) -> None:
    found = planned(row("x", now="1", context=context), "2", altered=True)
    assert [step.sql for step in found.statements] == ["ALTER SYSTEM RESET x", RELOAD.sql]


def test_alter_system_that_gives_the_same_stays() -> None:
    assert planned(row("x", now="2"), "2", altered=True) == ParameterPlan()


def test_names_are_those_that_the_server_knows() -> None:
    assert names_of(
        Settings("/f", "TimeZone = 'UTC'\nnone = 1", "work_mem = 1"), [row("TimeZone"), row("work_mem")]
    ) == [
        "timezone",
        "work_mem",
    ]
