# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters from what the server prints and lists, and how it comes to follow its files."""

from __future__ import annotations

from typing import Any

import pytest
from dbaas_agent.drivers.base import ParameterPlan, Settings
from dbaas_agent.drivers.mariadb.parameters import KEPT, OTHER_NAMES, same, variables
from dbaas_agent.drivers.mysql_family import parameters
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
CONFIGURED = parameters.options(TOLD)


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
        "DEFAULT_VALUE": None,
        "GLOBAL_VALUE_ORIGIN": "COMPILE-TIME",
        "GLOBAL_VALUE_PATH": None,
        **more,
    }


def server(
    rows: list[dict[str, Any]], running: dict[str, Any], configured: dict[str, Any], bare: dict[str, Any]
) -> parameters.Server:
    return parameters.Server(variables(rows), running, configured, bare, OTHER_NAMES, KEPT, same=same)


def number(name: str, low: str, high: str, step: str | None, kind: str = "BIGINT UNSIGNED") -> dict[str, Any]:
    return row(name, kind, NUMERIC_MIN_VALUE=low, NUMERIC_MAX_VALUE=high, NUMERIC_BLOCK_SIZE=step)


ROWS = [
    row("AUTOCOMMIT", "BOOLEAN", ENUM_VALUE_LIST="OFF,ON", COMMAND_LINE_ARGUMENT=None),
    row("TIME_ZONE", DEFAULT_VALUE="SYSTEM"),
    number("INNODB_BUFFER_POOL_SIZE", "2097152", "18446744073701163008", "1048576"),
    row("INIT_CONNECT"),
    number("LONG_QUERY_TIME", "0.000000", "31536000.000000", None, "DOUBLE"),
    row("SQL_MODE", "SET", ENUM_VALUE_LIST="ANSI,STRICT_TRANS_TABLES,NO_ZERO_DATE"),
    row("TX_ISOLATION", "ENUM", ENUM_VALUE_LIST="READ-COMMITTED,REPEATABLE-READ", READ_ONLY="YES"),
    row("WSREP_OSU_METHOD", "ENUM"),
    row("VERSION", READ_ONLY="YES", COMMAND_LINE_ARGUMENT=None),
    row("LAST_INSERT_ID", VARIABLE_SCOPE="SESSION ONLY"),
]
RUNNING = {
    "autocommit": "ON",
    "time_zone": "SYSTEM",
    "innodb_buffer_pool_size": "80740352",
    "init_connect": "SET @a = 1",
    "long_query_time": "10.500000",
    "sql_mode": "NO_ZERO_DATE,STRICT_TRANS_TABLES",
    "tx_isolation": "REPEATABLE-READ",
    "wsrep_osu_method": "TOI",
}
PATH = "/etc/90-override.cnf"
ALL = "\n".join(f"{name} = {value or 'SYSTEM'}" for name, value in CONFIGURED.items())
"""A file that sets everything as it is configured."""


def one(name: str, kind: str, now: str, configured: str | None, content: str = "", **more: Any) -> ParameterPlan:
    """The plan for one parameter that the file sets, or with before did."""
    known = {
        "DEFAULT_VALUE": more.pop("default", None),
        "ENUM_VALUE_LIST": "a,b,c",
        "GLOBAL_VALUE_ORIGIN": "COMPILE-TIME",
    }
    settings = Settings(PATH, content, more.pop("before", ""), more.pop("natural", {}))
    bare = {name: more.pop("bare", configured)}
    made = server(
        [number(name, "0", "9", None) | {"VARIABLE_TYPE": kind} | known | more], {name: now}, {name: configured}, bare
    )
    return parameters.plan(settings, made)


def test_options() -> None:
    assert CONFIGURED["init_connect"] == "SET @a = 1"
    assert CONFIGURED["default_time_zone"] is None
    assert (len(CONFIGURED), "basedir" in CONFIGURED, CONFIGURED["wsrep_osu_method"]) == (9, False, "TOI")


def test_rules() -> None:
    by_name = {rule.pop("name"): rule for rule in server(ROWS, RUNNING, CONFIGURED, CONFIGURED).rules()}
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
    both = [row("TRANSACTION_ISOLATION"), row("TX_ISOLATION")]
    names = [server(rows, {}, {}, {}).variable("transaction_isolation") for rows in (both, both[1:])]
    assert names == ["transaction_isolation", "tx_isolation"]


def test_what_a_file_sets() -> None:
    content = "# max = 1\n[mariadbd]\nMax-Connections = 55\n  sql_mode=\nskip-name-resolve\n;x = 1\ninit_connect = SET a = 1 \n"
    assert parameters.given(content) == {
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
        ("OFF", "FALSE", True),
        ("OFF", "ON", False),
        ("0", "1", False),
        ("TRADITIONAL", "STRICT_TRANS_TABLES,TRADITIONAL", True),
        ("18446744073709551615", "18446744073709551614", False),
    ],
)
def test_numbers_that_the_server_changes(text: str, made: str, well: bool) -> None:
    assert (parameters.faults(f"a = {text}\n", {"a": made}) == []) is well


def test_a_server_that_follows_its_files_has_nothing_to_do() -> None:
    settings = Settings(PATH, ALL + "\nunknown = 1", "other = 1")
    assert parameters.plan(settings, server(ROWS, RUNNING, CONFIGURED, CONFIGURED)) == ParameterPlan()


def test_what_differs_is_set_or_waits() -> None:
    running = {
        **RUNNING,
        "autocommit": "OFF",
        "time_zone": "+01:00",
        "innodb_buffer_pool_size": "67108864",
        "long_query_time": "1.000000",
        "sql_mode": "NO_ZERO_DATE",
        "tx_isolation": "READ-COMMITTED",
    }
    plan = parameters.plan(Settings(PATH, ALL), server(ROWS, running, CONFIGURED, CONFIGURED))
    assert [(step.sql, step.values) for step in plan.statements] == [
        ("SET GLOBAL `autocommit` = %s", ("ON",)),
        ("SET GLOBAL `time_zone` = DEFAULT", ()),
        ("SET GLOBAL `innodb_buffer_pool_size` = 80740352", ()),
        ("SET GLOBAL `long_query_time` = 10.5", ()),
        ("SET GLOBAL `sql_mode` = %s", ("STRICT_TRANS_TABLES,NO_ZERO_DATE",)),
    ]
    assert plan.pending == ["transaction_isolation"]
    assert plan.before["transaction_isolation"] == "READ-COMMITTED"
    assert plan.after["transaction_isolation"] == "REPEATABLE-READ"
    assert plan.natural == plan.before


@pytest.mark.parametrize(
    ("more", "sql"),
    [
        ({}, "= DEFAULT"),
        ({"bare": "3"}, "= 4"),
        ({"natural": {"size": "5"}}, "= 5"),
        ({"natural": {"size": "5"}, "bare": "3"}, "= 5"),
        ({"natural": {"size": "2"}}, "= DEFAULT"),
    ],
)
def test_what_is_not_set_any_more(more: dict[str, Any], sql: str) -> None:
    """What it had by itself, else what another file says, else the server's default, which is not always what it prints."""
    plan = one("size", "INT", "9", "4", before="size = 9", default="2", **more)
    assert [step.sql for step in plan.statements] == [f"SET GLOBAL `size` {sql}"]


def test_what_is_as_without_the_settings_is_left_alone() -> None:
    assert one("size", "INT", "2", "4", before="size = 9", default="2").statements == []


@pytest.mark.parametrize(
    ("origin", "path", "natural"),
    [
        ("COMPILE-TIME", None, {"size": "7"}),
        ("CONFIG", "/etc/80-base.cnf", {"size": "7"}),
        ("CONFIG", PATH, {}),
        ("SQL", None, {}),
    ],
)
def test_what_neither_a_statement_nor_the_file_gave(origin: str, path: str | None, natural: dict[str, str]) -> None:
    plan = one("size", "INT", "7", "4", "size = 4", GLOBAL_VALUE_ORIGIN=origin, GLOBAL_VALUE_PATH=path)
    assert plan.natural == natural


@given(st.sampled_from(["ON", "on", "1", "TRUE", "true"]), st.sampled_from(["OFF", "0", "FALSE", "", None]))
def test_spellings_of_true_and_false(true: str, false: str | None) -> None:
    def differs(configured: str, running: str | None) -> bool:
        return bool(one("a", "BOOLEAN", running or "", configured, "a").statements)

    assert (differs("TRUE", true), differs("FALSE", false)) == (False, False)
    assert (differs("FALSE", true), differs("TRUE", false)) == (True, True)


def test_what_a_start_alone_takes_a_value_from() -> None:
    name = "max_user_connections"
    started, set_since = (one(name, "INT", now, "5", f"{name} = 5") for now in ("0", "4"))
    assert (started.pending, len(set_since.statements)) == ([name], 1)


@pytest.mark.parametrize(
    ("asked", "configured", "running", "target"),
    [
        ("a=off", "a=off,b=on", "a=on,b=on,c=off", "a=off,b=on,c=off"),
        ("c=on", "a=on,b=on", "a=on,b=on,c=off", "a=on,b=on,c=on"),
        ('"c=on"', "a=on,b=on", "a=on,b=off,c=off", "a=on,b=on,c=on"),
        ("a=on", "a=on", "a=on,b=on,c=off", ""),
    ],
)
def test_flags(asked: str, configured: str, running: str, target: str) -> None:
    """The server tells not of all flags what they start with."""
    found = one("switch", "FLAGSET", running, configured, f"switch = {asked}", default="a=on,b=on,c=off")
    assert found.after.get("switch", "") == target


def test_collations_of_character_sets() -> None:
    name, short = "character_set_collations", "a=one,b=two"
    same, other = (one(name, "VARCHAR", now, short, f"{name} = {short}") for now in ("b=b_two,a=a_one", "b=b_two"))
    assert (same.statements, len(other.statements)) == ([], 1)
