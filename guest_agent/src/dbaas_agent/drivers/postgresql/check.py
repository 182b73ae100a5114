# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job datastore_check of PostgreSQL: amcheck on every table and every B-tree index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dbaas_agent.drivers.postgresql.sql import Statement, quote
from dbaas_agent.drivers.tables_check import TablesCheck
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

SOUND = "sound"
DAMAGED = "damaged"
UNCHECKED = "unchecked"
_DAMAGE = frozenset({"XX001", "XX002"})
"""data_corrupted, also for a page whose checksum is wrong, and index_corrupted."""
_SCHEMA = "dbaas_check"
_MOST_MESSAGES = 20

_DATABASES = "SELECT datname AS name FROM pg_database WHERE datallowconn ORDER BY 1"
_TABLES = (
    "SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name,"
    " coalesce((SELECT array_agg(i.indexrelid::text) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
    " JOIN pg_am a ON a.oid = x.relam WHERE i.indrelid = c.oid AND a.amname = 'btree' AND i.indisvalid), '{}') AS indexes"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam"
    " WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND m.amname = 'heap' ORDER BY 2, 3"
)
_INSTALLED = "SELECT n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'amcheck'"
_HEAP = "SELECT blkno, offnum, attnum, msg FROM SCHEMA.verify_heapam(%s::oid, check_toast => true)"
_INDEX = "SELECT SCHEMA.bt_index_check(%s::oid, true)"
_EXISTS = "SELECT 1 FROM pg_class WHERE oid = %s::oid"

Execute = Callable[[Statement], list[dict[str, Any]]]
Table = tuple[str, dict[str, Any]]


def located(row: Mapping[str, Any]) -> str:
    """A row of verify_heapam for people."""
    places = (("block", "blkno"), ("tuple", "offnum"), ("column", "attnum"))
    where = ", ".join(f"{word} {row[name]}" for word, name in places if row[name] is not None)
    return f"{where}: {row['msg']}" if where else str(row["msg"])


def verdict(found: list[str], codes: Iterable[str]) -> str:
    """What is to be said of a table. found: what is wrong with it; codes: of the errors with which the server broke off."""
    broken = frozenset(codes)
    if found or broken & _DAMAGE:
        return DAMAGED
    return UNCHECKED if broken else SOUND


class DatastoreCheck(TablesCheck):
    """Looks for damage in all tables, or in those of the named databases. It repairs nothing, and leaves nothing behind."""

    def run(self, report: Report) -> dict[str, Any]:
        result: dict[str, Any] = {"tables": 0, DAMAGED: [], UNCHECKED: []}
        tables = {name: self._tables(name) for name in self._databases()}
        total, done = sum(map(len, tables.values())), 0
        for database, rows in tables.items():
            with self._driver.session(database, seconds=self.seconds) as execute, _amcheck(execute) as schema:
                for row in rows:
                    named = f"{row['schema']}.{row['name']}"
                    report.progress("check", f"{database}: {named}", done, total, "tables")
                    done += 1
                    word, messages = _check(execute, schema, row)
                    if not word:
                        continue
                    result["tables"] += 1
                    if word in result:
                        result[word].append({"database": database, "table": named, "messages": messages})
                        report.log("table", database=database, table=named, verdict=word, messages=messages)
        report.progress("check", "", total, total, "tables")
        return result

    def _databases(self) -> list[str]:
        wanted = set(self._args["databases"])
        with self._driver.session() as execute:
            return [row["name"] for row in execute(Statement(_DATABASES)) if not wanted or row["name"] in wanted]

    def _tables(self, database: str) -> list[dict[str, Any]]:
        with self._driver.session(database) as execute:
            tables: list[dict[str, Any]] = execute(Statement(_TABLES))
        return tables


@contextmanager
def _amcheck(execute: Execute) -> Iterator[str]:
    """The schema of the functions that check: the database's own, or one for as long as it takes."""
    execute(Statement(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE"))
    installed = execute(Statement(_INSTALLED))
    if installed:
        yield quote(installed[0]["schema"])
        return
    try:
        execute(Statement(f"CREATE SCHEMA {_SCHEMA}"))
        execute(Statement(f"CREATE EXTENSION amcheck SCHEMA {_SCHEMA}"))
        yield _SCHEMA
    finally:
        execute(Statement(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE"))


def _check(execute: Execute, schema: str, row: Mapping[str, Any]) -> tuple[str, list[str]]:
    statements = [Statement(_HEAP.replace("SCHEMA", schema), (row["oid"],))]
    statements += [Statement(_INDEX.replace("SCHEMA", schema), (index,)) for index in row["indexes"]]
    found: list[str] = []
    faults: list[AgentError] = []
    for place, statement in enumerate(statements):
        try:
            rows = execute(statement)
        except AgentError as fault:
            if "code" not in fault.details:
                raise
            faults.append(fault)
        else:
            found += [located(one) for one in rows] if place == 0 else []
    word = verdict(found, [fault.details["code"] for fault in faults])
    if word == UNCHECKED and not execute(Statement(_EXISTS, (row["oid"],))):
        return "", []
    return word, list(dict.fromkeys([*found, *(fault.msg for fault in faults)]))[:_MOST_MESSAGES]
