# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort orders: which indexes, in which order, and when nothing is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent.drivers.postgresql import collations
from dbaas_agent.drivers.postgresql.collations import affected, before_start, renew, system_versions
from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.errors import AgentError

DE = 16400


def index(name: str, collations: str = "0", more: str = "", computed: bool = False) -> dict[str, Any]:
    return {"schema": "public", "name": name, "collations": collations, "more": more, "computed": computed}


ROWS = [
    index("numbers"),
    index("texts", "0 100"),
    index("german", str(DE)),
    index("bytes", "950"),
    index("lower", "100", computed=True),
    index("length", "0", computed=True),
    index("partial_german", "0", str(DE), computed=True),
]


@pytest.mark.parametrize(
    ("differing", "default", "found"),
    [
        ([], False, []),
        ([DE], False, ["german", "lower", "length", "partial_german"]),
        ([], True, ["texts", "lower", "length", "partial_german"]),
        ([DE], True, ["texts", "german", "lower", "length", "partial_german"]),
    ],
)
def test_affected(differing: list[int], default: bool, found: list[str]) -> None:
    assert [name for _schema, name in affected(ROWS, differing, default)] == found


class FakeServer:
    """Databases with what differs in them."""

    def __init__(self, databases: list[dict[str, Any]], collations: list[dict[str, Any]]) -> None:
        self.databases = databases
        self.collations = collations
        self.broken = ""
        self.done: list[tuple[str, str]] = []

    @contextmanager
    def session(self, database: str = "postgres", seconds: int = 60) -> Iterator[Any]:  # noqa: ARG002
        yield lambda statement: self._execute(database, statement)

    def _execute(self, database: str, statement: Statement) -> list[dict[str, Any]]:
        if "FROM pg_database" in statement.sql:
            return self.databases
        if "FROM pg_collation" in statement.sql:
            return self.collations
        if "FROM pg_index" in statement.sql:
            return ROWS
        if self.broken and self.broken in statement.sql:
            raise AgentError("agent", "a page is invalid", code="XX001")
        self.done.append((database, statement.sql))
        return []


def database(name: str, differs: bool, is_open: bool = True) -> dict[str, Any]:
    return {"name": name, "open": is_open, "differs": differs}


def test_a_version_is_recorded_after_its_indexes() -> None:
    server = FakeServer([database("shop", differs=True), database("template0", differs=True, is_open=False)], [])
    built = renew(server.session, lambda *_: None)
    assert built == {"shop": ["public.texts", "public.lower", "public.length", "public.partial_german"]}
    assert server.done[:-2] == [
        ("shop", f'REINDEX INDEX "public"."{name.partition(".")[2]}"') for name in built["shop"]
    ]
    assert server.done[-2:] == [
        ("postgres", 'ALTER DATABASE "shop" REFRESH COLLATION VERSION'),
        ("postgres", 'ALTER DATABASE "template0" REFRESH COLLATION VERSION'),
    ]


def test_a_collation_of_its_own() -> None:
    server = FakeServer([database("shop", differs=False)], [{"oid": DE, "schema": "public", "name": "de"}])
    told: list[tuple[str, int, int]] = []
    renew(server.session, lambda *progress: told.append(progress))
    assert server.done[-1] == ("shop", 'ALTER COLLATION "public"."de" REFRESH VERSION')
    assert [place for _item, place, _count in told] == list(range(told[0][2]))


def test_an_index_that_cannot_be_built_leaves_the_version() -> None:
    server = FakeServer([database("shop", differs=True)], [])
    server.broken = "lower"
    with pytest.raises(AgentError) as fault:
        renew(server.session, lambda *_: None)
    assert fault.value.details == {"code": "XX001"}
    assert [sql for _database, sql in server.done] == ['REINDEX INDEX "public"."texts"']


def test_nothing_differs() -> None:
    server = FakeServer([database("shop", differs=False)], [])
    assert renew(server.session, lambda *_: None) == {}
    assert server.done == []


@pytest.fixture
def units(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of systemd."""
    asked: list[str] = []
    fake = SimpleNamespace(
        end_transient=lambda *_: asked.append("end"), start_transient=lambda *_: asked.append("start")
    )
    monkeypatch.setattr(collations, "systemd", fake)
    return asked


def driver(path: Path, server: FakeServer) -> Any:
    config = SimpleNamespace(data_dir=str(path), datastore_user="u", datastore_group="g", service="s")
    return SimpleNamespace(config=config, session=server.session)


def test_a_server_that_never_ran_is_not_asked(tmp_path: Path, units: list[str]) -> None:
    before_start(driver(tmp_path, FakeServer([], [])), ["postgres"])
    assert units == ["end"]
    assert (tmp_path / "dbaas-collations").read_text() == system_versions()


@pytest.mark.parametrize("noted", [None, "another"])
def test_another_system_is_asked_once(tmp_path: Path, units: list[str], noted: str | None) -> None:
    (tmp_path / "postmaster.opts").write_text("")
    if noted:
        (tmp_path / "dbaas-collations").write_text(noted)
    server = FakeServer([database("shop", differs=True)], [])
    before_start(driver(tmp_path, server), ["postgres"])
    assert units == ["end", "start", "end"]
    assert server.done
    before_start(driver(tmp_path, server), ["postgres"])
    assert units[3:] == ["end"]


def test_a_failure_is_not_noted(tmp_path: Path, units: list[str]) -> None:
    (tmp_path / "postmaster.opts").write_text("")
    server = FakeServer([{}], [])
    with pytest.raises(KeyError):
        before_start(driver(tmp_path, server), ["postgres"])
    assert units == ["end", "start", "end"]
    assert not (tmp_path / "dbaas-collations").exists()
