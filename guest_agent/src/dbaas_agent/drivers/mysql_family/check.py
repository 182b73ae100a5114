# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job datastore_check: CHECK TABLE on every table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dbaas_agent.drivers.mysql_family.sql import Statement, quote
from dbaas_agent.drivers.tables_check import TablesCheck
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

SOUND = "sound"
DAMAGED = "damaged"
WARNED = "warned"
UNCHECKED = "unchecked"
_WITHOUT_TABLES = frozenset({"information_schema", "performance_schema"})
_VIEWS = frozenset({"VIEW", "SYSTEM VIEW"})
_GOOD = frozenset({"OK", "Table is already up to date"})
_TABLES = "SELECT TABLE_SCHEMA AS `database`, TABLE_NAME AS `table`, TABLE_TYPE AS type FROM information_schema.TABLES"

Execute = Callable[[Statement], list[dict[str, Any]]]


def verdict(rows: list[dict[str, str]]) -> tuple[str, list[str]]:
    """What the rows of CHECK TABLE say of the table, and everything in them but that it is good."""
    messages = [(row["Msg_type"].lower(), row["Msg_text"]) for row in rows]
    told = [f"{kind}: {text}" for kind, text in messages if (kind, text) not in {("status", good) for good in _GOOD}]
    if any(kind == "error" or (kind == "status" and text not in _GOOD) for kind, text in messages):
        return DAMAGED, told
    if not any(kind == "status" for kind, _text in messages):
        return UNCHECKED, told
    return (WARNED if told else SOUND), told


class DatastoreCheck(TablesCheck):
    """Looks for damage in all tables, or in those of the named databases. It repairs nothing."""

    def run(self, report: Report) -> dict[str, Any]:
        result: dict[str, Any] = {"tables": 0, DAMAGED: [], WARNED: [], UNCHECKED: []}
        with self._driver.session(self.seconds) as execute:
            tables = self._tables(execute)
            for place, (database, table) in enumerate(tables):
                report.progress("check", f"{database}.{table}", place, len(tables), "tables")
                word, messages = _check(execute, database, table)
                if word in result:
                    if word == DAMAGED and not _exists(execute, database, table):
                        continue
                    result[word].append({"database": database, "table": table, "messages": messages})
                    report.log("table", database=database, table=table, verdict=word, messages=messages)
                result["tables"] += 1
        report.progress("check", "", len(tables), len(tables), "tables")
        return result

    def _tables(self, execute: Execute) -> list[tuple[str, str]]:
        wanted = set(self._args["databases"])
        return sorted(
            (row["database"], row["table"])
            for row in execute(Statement(_TABLES))
            if row["database"].lower() not in _WITHOUT_TABLES
            and row["type"] not in _VIEWS
            and (not wanted or row["database"] in wanted)
        )


def _check(execute: Execute, database: str, table: str) -> tuple[str, list[str]]:
    try:
        return verdict(execute(Statement(f"CHECK TABLE {quote(database)}.{quote(table)}")))
    except AgentError as fault:
        raise AgentError(fault.reason, f"{database}.{table}: {fault.msg}", database=database, table=table) from fault


def _exists(execute: Execute, database: str, table: str) -> bool:
    """Whether a table that gave an error is still there, or was dropped meanwhile."""
    return bool(execute(Statement(f"{_TABLES} WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s", (database, table))))
