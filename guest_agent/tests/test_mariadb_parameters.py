# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters from what the server prints and lists, and how it comes to follow its files."""

from __future__ import annotations

from typing import Any

import pytest
from dbaas_agent.drivers import mariadb_parameters
from hypothesis import given
from hypothesis import strategies as st

TOLD = """mariadbd  Ver 10.11.19
Usage: mariadbd [OPTIONS]

  --basedir=name      Path to installation directory.

Variables (--variable-name=value)
and boolean options {FALSE|TRUE}                             Value (after reading options)
------------------------------------------------------------ -------------
autocommit                                                   TRUE
default-time-zone                                            (No default value)
innodb-buffer-pool-size                                      80740352
init-connect                                                 SET @a = 1
long-query-time                                              10.5
sql-mode                                                     STRICT_TRANS_TABLES,NO_ZERO_DATE
ssl                                                          TRUE
transaction-isolation                                        REPEATABLE-READ
wsrep-OSU-method                                             TOI

To see what values a running server is using, type 'mariadb-admin variables'.
"""
CONFIGURED = mariadb_parameters.options(TOLD)


def row(name: str, kind: str = "VARCHAR", **more: Any) -> dict[str, Any]:
    return {
        "VARIABLE_NAME": name,
        "VARIABLE_SCOPE": "GLOBAL",
        "VARIABLE_TYPE": kind,
        "NUMERIC_MIN_VALUE": None,
        "NUMERIC_MAX_VALUE": None,
        "NUMERIC_BLOCK_SIZE": None,
        "ENUM_VALUE_LIST": None,
        "READ_ONLY": "NO",
        "COMMAND_LINE_ARGUMENT": "REQUIRED",
        **more,
    }


def number(name: str, low: str, high: str, step: str | None, kind: str = "BIGINT UNSIGNED") -> dict[str, Any]:
    return row(name, kind, NUMERIC_MIN_VALUE=low, NUMERIC_MAX_VALUE=high, NUMERIC_BLOCK_SIZE=step)


ROWS = [
    row("AUTOCOMMIT", "BOOLEAN", ENUM_VALUE_LIST="OFF,ON", COMMAND_LINE_ARGUMENT=None),
    row("TIME_ZONE"),
    number("INNODB_BUFFER_POOL_SIZE", "2097152", "18446744073701163008", "1048576"),
    row("INIT_CONNECT"),
    number("LONG_QUERY_TIME", "0.000000", "31536000.000000", None, "DOUBLE"),
    row("SQL_MODE", "SET", ENUM_VALUE_LIST="ANSI,STRICT_TRANS_TABLES,NO_ZERO_DATE"),
    row("TX_ISOLATION", "ENUM", ENUM_VALUE_LIST="READ-COMMITTED,REPEATABLE-READ", READ_ONLY="YES"),
    row("WSREP_OSU_METHOD", "ENUM"),
    row("VERSION", READ_ONLY="YES", COMMAND_LINE_ARGUMENT=None),
    row("LAST_INSERT_ID", VARIABLE_SCOPE="SESSION ONLY"),
]
RULES = mariadb_parameters.rules(ROWS, CONFIGURED)
RUNNING = {
    "autocommit": "ON",
    "time_zone": "",
    "innodb_buffer_pool_size": "80740352",
    "init_connect": "SET @a = 1",
    "long_query_time": "10.500000",
    "sql_mode": "NO_ZERO_DATE,STRICT_TRANS_TABLES",
    "tx_isolation": "REPEATABLE-READ",
    "wsrep_osu_method": "TOI",
}


def test_options() -> None:
    assert CONFIGURED["init_connect"] == "SET @a = 1"
    assert CONFIGURED["default_time_zone"] == ""
    assert (len(CONFIGURED), "basedir" in CONFIGURED, CONFIGURED["wsrep_osu_method"]) == (9, False, "TOI")


def test_rules() -> None:
    by_name = {rule.pop("name"): rule for rule in mariadb_parameters.rules(ROWS, CONFIGURED)}
    assert set(by_name) == set(CONFIGURED) - {"ssl"}
    size = {"min": 2097152, "max": 18446744073701163008, "step": 1048576}
    assert by_name["innodb_buffer_pool_size"] == {"type": "integer", "restart_required": False, **size}
    assert by_name["long_query_time"] == {"type": "float", "restart_required": False, "min": 0.0, "max": 31536000.0}
    assert by_name["transaction_isolation"]["choices"] == ["READ-COMMITTED", "REPEATABLE-READ"]
    assert by_name["transaction_isolation"]["restart_required"]
    assert [by_name[name]["type"] for name in ("autocommit", "default_time_zone", "sql_mode", "wsrep_osu_method")] == [
        "boolean",
        "string",
        "set",
        "string",
    ]


def test_a_variable_that_has_the_name_of_its_option_goes_first() -> None:
    assert mariadb_parameters.variable("transaction_isolation", {"transaction_isolation", "tx_isolation"}) == (
        "transaction_isolation"
    )


def test_what_a_file_sets() -> None:
    content = "# max = 1\n[mariadbd]\nMax-Connections = 55\n  sql_mode=\nskip-name-resolve\n;x = 1\ninit_connect = SET a = 1 \n"
    assert mariadb_parameters.given(content) == {
        "max_connections": "55",
        "sql_mode": "",
        "skip_name_resolve": "",
        "init_connect": "SET a = 1",
    }


@pytest.mark.parametrize(
    ("text", "made", "well"),
    [
        ("77M", "80740352", True),
        ("77m", "80740352", True),
        ("1000", "1024", False),
        ("-1", "-1", True),
        ("10", "10.000000", True),
        ("0.5", "0.500000", True),
        ("200", "100.000000", False),
        ("1", "TRUE", True),
        ("TRADITIONAL", "STRICT_TRANS_TABLES,TRADITIONAL", True),
        ("18446744073709551615", "18446744073709551614", False),
    ],
)
def test_numbers_that_the_server_changes(text: str, made: str, well: bool) -> None:
    assert (mariadb_parameters.faults(f"a = {text}\n", {"a": made}) == []) is well


def test_a_server_that_follows_its_files_has_nothing_to_do() -> None:
    plan = mariadb_parameters.plan([*CONFIGURED, "unknown"], RULES, CONFIGURED, RUNNING)
    assert (plan.statements, plan.before, plan.pending) == ([], {}, [])


def test_what_differs_is_set_or_waits() -> None:
    running = {
        **RUNNING,
        "autocommit": "OFF",
        "time_zone": "SYSTEM",
        "innodb_buffer_pool_size": "67108864",
        "long_query_time": "1.000000",
        "sql_mode": "NO_ZERO_DATE",
        "tx_isolation": "READ-COMMITTED",
    }
    names = set(CONFIGURED) - {"default_time_zone"}
    plan = mariadb_parameters.plan(names, RULES, CONFIGURED, running)
    assert [(step.sql, step.values) for step in plan.statements] == [
        ("SET GLOBAL `autocommit` = %s", ("ON",)),
        ("SET GLOBAL `innodb_buffer_pool_size` = 80740352", ()),
        ("SET GLOBAL `long_query_time` = 10.5", ()),
        ("SET GLOBAL `sql_mode` = %s", ("STRICT_TRANS_TABLES,NO_ZERO_DATE",)),
    ]
    assert plan.pending == ["transaction_isolation"]
    assert plan.before["transaction_isolation"] == "READ-COMMITTED"
    assert plan.after["transaction_isolation"] == "REPEATABLE-READ"


@given(st.sampled_from(["ON", "on", "1", "TRUE", "true"]), st.sampled_from(["OFF", "0", "FALSE", "", None]))
def test_spellings_of_true_and_false(true: str, false: str | None) -> None:
    def differs(configured: str, running: str | None) -> bool:
        found = mariadb_parameters.plan(["autocommit"], RULES, {"autocommit": configured}, {"autocommit": running})
        return bool(found.statements)

    assert (differs("TRUE", true), differs("FALSE", false)) == (False, False)
    assert (differs("FALSE", true), differs("TRUE", false)) == (True, True)
