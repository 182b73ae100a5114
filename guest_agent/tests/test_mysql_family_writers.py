# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connections are in the way of read_only."""

from __future__ import annotations

from typing import Any

import pytest
from dbaas_agent.drivers.mysql_family import writers


def row(info: str | None, command: str = "Query", user: str = "clerk", host: str = "10.0.0.5:50000") -> dict[str, Any]:
    return {"Id": 7, "User": user, "Host": host, "Command": command, "Info": info}


@pytest.mark.parametrize(
    ("info", "writes"),
    [
        ("INSERT INTO t SELECT * FROM u", True),
        ("LOAD DATA INFILE 'x' INTO TABLE t", True),
        ("ALTER TABLE t FORCE", True),
        ("CALL fill()", True),
        ("/* select */ UPDATE t SET a = 1", True),
        ("/*! INSERT INTO t */ SELECT 1", True),
        ("/*M! INSERT INTO t */ SELECT 1", True),
        ("SELECTED", True),
        ("--\nDELETE FROM t -- \nSELECT 1", True),
        ("--\nSELECT 1", False),
        ("/* a */ /** b **/ /***/SELECT 1", False),
        ("/*a*/ " * 500 + "DELETE FROM t", True),
        ("/*a*/ " * 5000 + "SELECT 1", True),
        ("", True),
        (None, True),
        ("SELECT 1", False),
        ("  (select 1) union (select 2)", False),
        ("/* app: shop */ -- why\nSELECT *\nFROM t", False),
        ("# why\nWITH c AS (SELECT 1) SELECT * FROM c", False),
        ("SHOW PROCESSLIST", False),
        ("EXPLAIN DELETE FROM t", False),
    ],
)
def test_statements(info: str | None, writes: bool) -> None:
    assert writers.writing([row(info)]) == ([7] if writes else [])
    assert writers.idle([row(info)]) == []


@pytest.mark.parametrize(
    ("given", "busy", "idle"),
    [
        (row("INSERT", "Execute"), True, False),
        (row(None, "Sleep"), False, True),
        (row("INSERT", "Query", "root", "localhost"), False, False),
        (row(None, "Sleep", "root", "localhost"), False, False),
        (row("INSERT", "Query", "root"), True, False),
        (row("INSERT", "Slave_SQL", "system user", ""), False, False),
        (row(None, "Query", "system user", ""), False, False),
        (row(None, "Query", "system user", "connecting host"), False, False),
        (row("INSERT", "Query", "system user"), True, False),
        (row(None, "Daemon", "event_scheduler", "localhost"), False, False),
        (row(None, "Binlog Dump", "replica"), False, False),
        (row(None, "Killed"), False, False),
    ],
)
def test_connections(given: dict[str, Any], busy: bool, idle: bool) -> None:
    assert (bool(writers.writing([given])), bool(writers.idle([given]))) == (busy, idle)


def test_clients_are_told_from_the_servers_own_and_from_replicas() -> None:
    own = row("SELECT 1", user="root", host="localhost")
    others = [
        row(None, "Binlog Dump GTID"),
        row(None, "Slave_SQL", "system user", ""),
        row(None, "Query", "system user", ""),
        row(None, "Daemon", "event_scheduler"),
    ]
    clients = [row("SELECT 1"), row(None, "Sleep"), row("INSERT INTO t VALUES (1)", user="root")]
    assert writers.clients([own, *others]) == []
    assert len(writers.clients([own, *others, *clients])) == len(clients)


def waiting(command: str = "Query", order: str = "INSERT INTO t VALUES (1)") -> dict[str, Any]:
    return {**row(order, command), "State": "Waiting for semi-sync ACK from replica"}


def test_who_waits_for_receipts_is_known_by_it_also_when_he_was_cut_off() -> None:
    rows = [{**row("SELECT 1"), "Id": 9}, waiting(), {**waiting("Killed"), "Id": 8}]
    assert writers.awaiting_receipts(rows) == [7, 8]
    assert writers.alive(rows) == [7]


def test_others_wait_behind_an_order_that_waits() -> None:
    order = "SET GLOBAL read_only = ON"
    assert writers.are_held_back([{**row(order), "State": "Waiting for backup lock"}], order)
    assert not writers.are_held_back([{**row(order), "State": "starting"}, waiting()], order)
