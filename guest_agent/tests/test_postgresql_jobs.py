# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of PostgreSQL, with a server that answers from a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent.drivers.postgresql.check import DatastoreCheck, located, verdict
from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.drivers.postgresql.upgrade import DatastoreUpgrade
from dbaas_agent.errors import AgentError

HEAP, INDEX = "11", "12"


class FakeReport:
    def __init__(self) -> None:
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.steps: list[tuple[str, str, int | None, int | None, str]] = []

    def progress(
        self, phase: str, item: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        self.steps.append((phase, item, done, total, unit))

    def log(self, event: str, level: str = "info", **fields: Any) -> None:
        self.logged.append((event, {**fields, "level": level}))


class FakeDriver:
    """A server with databases shop and till, one table in each; says: by object, rows or a fault."""

    config = SimpleNamespace(data_dir="/nowhere")

    def __init__(self, says: dict[str, Any] | None = None, amcheck: str = "", there: bool = True) -> None:
        self.says = says or {}
        self.amcheck = amcheck
        self.there = there
        self.standby = False
        self.done: list[tuple[str, str]] = []

    def ping(self) -> str:
        return "15.20"

    def follows(self) -> bool:
        return self.standby

    def databases(self) -> list[dict[str, Any]]:
        return [{"name": "shop"}, {"name": "till"}]

    @contextmanager
    def session(self, database: str = "postgres", seconds: int = 60) -> Iterator[Any]:  # noqa: ARG002
        yield lambda statement: self._execute(database, statement)

    def _execute(self, database: str, statement: Statement) -> list[dict[str, Any]]:
        sql = statement.sql
        if "FROM pg_database" in sql:
            return [{"name": name, "open": True, "differs": False} for name in ("shop", "till")]
        if "FROM pg_class c" in sql:
            return [{"oid": HEAP, "schema": "public", "name": "t", "indexes": [INDEX]}]
        if "extname = 'amcheck'" in sql:
            return [{"schema": self.amcheck}] if self.amcheck else []
        if "extversion <> " in sql:
            return [{"name": "hstore", "before": "1.0", "after": "1.8"}] if database == "till" else []
        if "FROM pg_collation" in sql:
            return []
        if "FROM pg_class WHERE" in sql:
            return [{}] if self.there else []
        self.done.append((database, sql))
        if "amcheck" not in sql and statement.values:
            answer = self.says.get(str(statement.values[0]), [])
            if isinstance(answer, Exception):
                raise answer
            return list(answer)
        return []


def refused(code: str) -> AgentError:
    return AgentError("agent", f"error {code}", code=code)


@pytest.mark.parametrize(
    ("found", "codes", "word"),
    [
        ([], [], "sound"),
        (["x"], [], "damaged"),
        (["x"], ["57014"], "damaged"),
        ([], ["XX001"], "damaged"),
        ([], ["XX002", "42501"], "damaged"),
        ([], ["42501"], "unchecked"),
    ],
)
def test_verdict(found: list[str], codes: list[str], word: str) -> None:
    assert verdict(found, codes) == word


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"blkno": 3, "offnum": 2, "attnum": None, "msg": "bad"}, "block 3, tuple 2: bad"),
        ({"blkno": None, "offnum": None, "attnum": None, "msg": "bad"}, "bad"),
    ],
)
def test_located(row: dict[str, Any], text: str) -> None:
    assert located(row) == text


def check(driver: FakeDriver, databases: list[str] | None = None) -> dict[str, Any]:
    job = DatastoreCheck(driver, {"databases": databases or []}, {})
    job.verify()
    return job.run(FakeReport())


def test_a_sound_server_is_left_as_it_was() -> None:
    driver = FakeDriver()
    assert check(driver) == {"tables": 2, "damaged": [], "unchecked": []}
    changes = [sql for database, sql in driver.done if database == "shop" and not sql.startswith("SELECT")]
    assert [sql.split()[0] for sql in changes] == ["DROP", "CREATE", "CREATE", "DROP"]


def test_functions_that_are_there_are_used() -> None:
    driver = FakeDriver(amcheck="My Own")
    check(driver, ["shop"])
    assert not any("CREATE" in sql for _database, sql in driver.done)
    assert any('"My Own".verify_heapam' in sql for _database, sql in driver.done)


@pytest.mark.parametrize(
    ("says", "there", "word", "messages"),
    [
        ({HEAP: [{"blkno": 1, "offnum": None, "attnum": None, "msg": "m"}]}, True, "damaged", ["block 1: m"]),
        ({HEAP: refused("XX001"), INDEX: refused("XX001")}, True, "damaged", ["error XX001"]),
        ({INDEX: refused("XX002")}, True, "damaged", ["error XX002"]),
        ({INDEX: refused("42501")}, True, "unchecked", ["error 42501"]),
        ({HEAP: refused("XX000")}, False, "", []),
    ],
)
def test_what_is_wrong_is_named(says: dict[str, Any], there: bool, word: str, messages: list[str]) -> None:
    result = check(FakeDriver(says, there=there), ["shop"])
    named = {"database": "shop", "table": "public.t", "messages": messages}
    assert result == {"tables": 1 if word else 0, "damaged": [], "unchecked": [], **({word: [named]} if word else {})}


def test_a_server_that_goes_ends_it_and_cleans_up() -> None:
    driver = FakeDriver({HEAP: AgentError("not_actionable", "gone")})
    with pytest.raises(AgentError):
        check(driver)
    assert driver.done[-1][1].startswith("DROP SCHEMA")


def test_unknown_databases_are_refused() -> None:
    with pytest.raises(AgentError) as fault:
        check(FakeDriver(), ["shop", "nix", "nox"])
    assert (fault.value.reason, len(fault.value.details["faults"])) == ("invalid", 2)


def test_extensions_follow_the_packages() -> None:
    driver, report = FakeDriver(), FakeReport()
    job = DatastoreUpgrade(driver, {}, {})
    job.verify()
    assert job.run(report) == {"server_version": "15.20"}
    assert driver.done == [("till", 'ALTER EXTENSION "hstore" UPDATE')]
    assert [event for event, _fields in report.logged] == ["extension"]


def test_a_replica_has_them_from_its_primary() -> None:
    driver = FakeDriver()
    driver.standby = True
    assert DatastoreUpgrade(driver, {}, {}).run(FakeReport()) == {"server_version": "15.20"}
    assert driver.done == []
