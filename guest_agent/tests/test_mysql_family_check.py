# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job datastore_check, with a server that answers from a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dbaas_agent.drivers.base import UnansweredError
from dbaas_agent.drivers.mysql_family.check import DatastoreCheck, Execute, verdict
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.errors import AgentError

OK = ("status", "OK")
OPEN = "1 client is using or hasn't closed the table properly"
CORRUPT = ("error", "Corrupt")
MISSING = ("Error", "Table 'a.gone' doesn't exist")
FAILED = ("status", "Operation failed")


def rows(*told: tuple[str, str]) -> list[dict[str, str]]:
    return [{"Table": "d.t", "Op": "check", "Msg_type": kind, "Msg_text": text} for kind, text in told]


@pytest.mark.parametrize(
    ("told", "word", "messages"),
    [
        ([OK], "sound", []),
        ([("status", "Table is already up to date")], "sound", []),
        ([CORRUPT], "damaged", ["error: Corrupt"]),
        ([("Warning", "InnoDB: a page is corrupted"), CORRUPT], "damaged", ["warning: InnoDB: a page is corrupted", "error: Corrupt"]),
        ([MISSING, FAILED], "damaged", ["error: Table 'a.gone' doesn't exist", "status: Operation failed"]),
        ([("warning", OPEN), OK], "warned", [f"warning: {OPEN}"]),
        ([("note", "The storage engine for the table doesn't support check")], "unchecked", ["note: The storage engine for the table doesn't support check"]),
        ([], "unchecked", []),
    ],
)  # fmt: skip
def test_verdict(told: list[tuple[str, str]], word: str, messages: list[str]) -> None:
    assert verdict(rows(*told)) == (word, messages)


class FakeDriver:
    """A server: tables with their types, and what CHECK TABLE says of them (a fault: raised; None: dropped meanwhile)."""

    def __init__(self, tables: dict[tuple[str, str], str], says: dict[str, Any]) -> None:
        self.tables = tables
        self.says = says
        self.checked: list[str] = []

    def databases(self) -> list[dict[str, Any]]:
        return [{"name": name} for name in {database for database, _table in self.tables}]

    @contextmanager
    def session(self, seconds: int) -> Iterator[Execute]:
        assert seconds == DatastoreCheck.seconds
        yield self._execute

    def _execute(self, statement: Statement) -> list[dict[str, Any]]:
        if not statement.sql.startswith("CHECK TABLE "):
            listed = [
                {"database": database, "table": table, "type": kind}
                for (database, table), kind in self.tables.items()
                if not statement.values or (database, table) == statement.values
            ]
            return listed[::-1]
        self.checked.append(statement.sql.split()[-1].replace("`", ""))
        said = self.says.get(self.checked[-1], [OK])
        if isinstance(said, Exception):
            raise said
        if said is None:
            database, _dot, table = self.checked[-1].partition(".")
            del self.tables[database, table]
            return rows(MISSING, FAILED)
        return rows(*said)


class Report:
    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.logged: list[dict[str, Any]] = []

    def progress(self, *told: Any) -> None:
        self.told.append(told)

    def log(self, event: str, level: str = "info", **fields: Any) -> None:
        self.logged.append({"event": event, "level": level, **fields})


TABLES = {
    ("mysql", "user"): "VIEW",
    ("mysql", "db"): "BASE TABLE",
    ("shop", "orders"): "BASE TABLE",
    ("shop", "counter"): "SEQUENCE",
    ("a", "gone"): "BASE TABLE",
    ("INFORMATION_SCHEMA", "TABLES"): "SYSTEM VIEW",
    ("performance_schema", "accounts"): "BASE TABLE",
    ("b", "history"): "SYSTEM VERSIONED",
}


def test_every_table_is_checked_and_the_damaged_ones_are_listed() -> None:
    driver = FakeDriver(dict(TABLES), {"shop.orders": [CORRUPT], "a.gone": None, "mysql.db": [("note", "no")]})
    report = Report()
    result = DatastoreCheck(driver, {"databases": []}, {}).run(report)
    assert driver.checked == ["a.gone", "b.history", "mysql.db", "shop.counter", "shop.orders"]
    assert result == {
        "tables": 4,
        "damaged": [{"database": "shop", "table": "orders", "messages": ["error: Corrupt"]}],
        "warned": [],
        "unchecked": [{"database": "mysql", "table": "db", "messages": ["note: no"]}],
    }
    assert report.told[0] == ("check", "a.gone", 0, 5, "tables")
    assert report.told[-1] == ("check", "", 5, 5, "tables")
    assert [told[2] for told in report.told] == [0, 1, 2, 3, 4, 5]
    assert [line["verdict"] for line in report.logged] == ["unchecked", "damaged"]


def test_the_named_databases_alone() -> None:
    driver = FakeDriver(dict(TABLES), {})
    assert DatastoreCheck(driver, {"databases": ["shop"]}, {}).run(Report())["tables"] == 2
    assert driver.checked == ["shop.counter", "shop.orders"]


def test_a_server_that_goes_away_is_told_with_the_table() -> None:
    driver = FakeDriver(dict(TABLES), {"shop.orders": UnansweredError("gone")})
    with pytest.raises(AgentError) as caught:
        DatastoreCheck(driver, {"databases": []}, {}).run(Report())
    assert caught.value.reason == "not_actionable"
    assert caught.value.details == {"database": "shop", "table": "orders"}


def test_unknown_databases_are_all_named() -> None:
    driver = FakeDriver(dict(TABLES), {})
    DatastoreCheck(driver, {"databases": ["shop"]}, {}).verify()
    with pytest.raises(AgentError) as caught:
        DatastoreCheck(driver, {"databases": ["shop", "y", "x"]}, {}).verify()
    assert caught.value.reason == "invalid"
    assert len(caught.value.details["faults"]) == 2
    assert driver.checked == []
