# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's names and statements."""

from __future__ import annotations

import pytest
from dbaas_agent.drivers.postgresql.sql import (
    LENGTH,
    Secret,
    Statement,
    database_fault,
    host_fault,
    normal_host,
    quote,
    role_fault,
    schema_fault,
)
from hypothesis import given, strategies


def test_a_statement_shows_where_it_runs_and_no_secret() -> None:
    step = Statement(f"ALTER ROLE {quote('a%b')} PASSWORD %s VALID UNTIL %s", (Secret("hidden"), "it's"), "shop")
    assert step.shown() == "ALTER ROLE \"a%b\" PASSWORD '********' VALID UNTIL 'it''s' -- in shop"
    assert step.bound() == ("hidden", "it's")
    assert "hidden" not in repr(step)
    assert Statement("SELECT 1").shown() == "SELECT 1"


@given(strategies.text(min_size=1))
def test_a_quoted_name_is_one_identifier(name: str) -> None:
    text = quote(name) % ()
    assert (text[0], text[-1]) == ('"', '"')
    assert text[1:-1].replace('""', "").count('"') == 0
    assert text[1:-1].replace('""', '"') == name


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("shop", True),
        ('we"ird%s', True),
        ("ä" * (LENGTH // 2), True),
        ("ä" * LENGTH, False),
        ("", False),
        (" shop", False),
        ("a\nb", False),
        ("a\x00", False),
        ("\ud800", False),
        ("template0", False),
        ("postgres", False),
        ("pg_x", True),
    ],
)
def test_names_of_databases(name: str, fine: bool) -> None:
    assert (database_fault(name) == "") == fine


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("clerk", True),
        ("Postgres", True),
        ("postgres", False),
        ("root", False),
        ("pg_monitor", False),
        ("public", False),
        ("none", False),
        ("all", False),
        ("/clerk", False),
        ("+clerk", True),
        ("x" * 64, False),
    ],
)
def test_names_of_roles(name: str, fine: bool) -> None:
    assert (role_fault(name) == "") == fine


@pytest.mark.parametrize(
    ("name", "fine"), [("public", True), ("pg_temp", False), ("information_schema", False), ("", False)]
)
def test_names_of_schemas(name: str, fine: bool) -> None:
    assert (schema_fault(name) == "") == fine


@pytest.mark.parametrize(
    ("host", "normal"),
    [
        ("%", "%"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/32", "192.0.2.7"),
        ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        ("2001:DB8::0/32", "2001:db8::/32"),
        ("10.0.0.1/8", None),
        ("10.%", None),
        ("example.org", None),
        ("localhost", None),
    ],
)
def test_hosts(host: str, normal: str | None) -> None:
    assert normal_host(host) == normal
    assert (host_fault(host) == "") == (normal is not None)
