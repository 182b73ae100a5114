# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB's names and quoting."""

from __future__ import annotations

import re

import pytest
from dbaas_agent.drivers.mysql_family import sql
from dbaas_agent.drivers.mysql_family.sql import Names, Statement
from dbaas_agent.drivers.secret_values import Secret
from hypothesis import given, strategies

NAMES = Names(80, frozenset({"", "root", "public"}))
TEXT = strategies.text(min_size=1)


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


@pytest.mark.parametrize("name", ["", "root", "ROOT", "PUBLIC", "a" * 81, "a\0", " a", "\U0001f600"])
def test_no_names_for_users(name: str) -> None:
    assert sql.user_fault(name, NAMES)


@pytest.mark.parametrize("name", ["a", "a" * 80, "o'hara", "a@b", "rooty"])
def test_names_for_users(name: str) -> None:
    assert not sql.user_fault(name, NAMES)


@pytest.mark.parametrize("name", ["", "a" * 65, "a\0", "a ", "\U0001f600"])
def test_no_names_for_tables(name: str) -> None:
    assert sql.table_fault(name)


@pytest.mark.parametrize("name", ["a", "a" * 64, " a", "a.b", "a/b", "a`b"])
def test_names_for_tables(name: str) -> None:
    assert not sql.table_fault(name)


@given(TEXT, TEXT)
def test_a_statement_is_shown_without_its_secrets(name: str, secret: str) -> None:
    hidden = f"SECRET{secret}"
    statement = Statement(f"GRANT x ON {sql.quote('a%b')} TO %s USING %s", (name, Secret(hidden)))
    assert statement.bound() == (name, hidden)
    literal = "'" + name.replace("\\", "\\\\").replace("'", "''") + "'"
    assert statement.shown() == f"GRANT x ON `a%b` TO {literal} USING '********'"
    assert "SECRET" not in repr(statement).replace(repr(name), "")
