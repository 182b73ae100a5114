# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the PostgreSQL driver reads of databases and users, and how it applies plans, with a server that tells rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import schema, validate
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql import catalog, objects, published_access
from dbaas_agent.drivers.postgresql.access import IDENT, Access, Rules, rendered, with_clients
from dbaas_agent.drivers.postgresql.catalog import Execute
from dbaas_agent.drivers.postgresql.databases import Database, Extension
from dbaas_agent.drivers.postgresql.grants import SEQUENCE, TABLE, Atom, Catalog, Held, Relation, Scope
from dbaas_agent.drivers.postgresql.roles import Role, Traces
from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.errors import AgentError

Rows = list[dict[str, Any]]


def row_of_grant(kind: str, schema: str, name: str, privilege: str, **rest: Any) -> dict[str, Any]:
    usual = {"role": "u", "grantable": False, "grantor": None}
    return {**usual, "kind": kind, "schema": schema, "names": [name], "privilege": privilege, **rest}


class Server:
    """Answers each query with its rows; sessions tells what ran where, with the ends of sessions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ran: list[tuple[str, str]] = []
        self.rows: dict[str, Rows] = {
            catalog._ROLES: [
                self.role("postgres", superuser=True),
                self.role("u", memberships=["r"]),
                self.role("o", login=False),
            ],
            catalog._DATABASES: [
                self.database("postgres", "postgres"),
                self.database("template1", "postgres", public=["CONNECT"]),
                self.database("shop", "o", public=["CONNECT"]),
                self.database("closed", "o", open=False),
            ],
            catalog._SESSION_ROLES: [{"role": "u", "database": "shop", "session_role": "o"}],
            catalog._TRACES: [
                {"role": "u", "database": "shop", "owns": False, "owned": None},
                {"role": "u", "database": "shop", "owns": True, "owned": None},
                {"role": "o", "database": "postgres", "owns": True, "owned": "shop"},
            ],
            catalog._GRANTS_ON_DATABASES: [row_of_grant("DATABASE", "", "", "CONNECT", database="shop")],
            catalog._VERSION: [{"version": 150018}],
            catalog._RULES_FILE: [{"path": str(path), "read": os.stat(path).st_mtime + 1}],
            catalog._RULES: [],
            published_access._THERE.sql: [{"there": False, "follows": False}],
            catalog._SCHEMAS: [{"name": "public"}],
            catalog._RELATIONS: [
                {"schema": "public", "name": "t", "kind": TABLE, "of": ""},
                {"schema": "public", "name": "q", "kind": SEQUENCE, "of": "t"},
            ],
            catalog._GRANTS: [
                row_of_grant("TABLE", "public", "t", "SELECT", grantable=True),
                row_of_grant("TABLE", "public", "t", "INSERT", grantor="eve"),
            ],
            catalog._DEFAULTS: [row_of_grant("DEFAULT", "", "TABLES", "SELECT")],
            catalog._PUBLIC_CREATES: [{"creates": True}],
            catalog._ENCODINGS: [{"asked": "latin1", "name": "LATIN1"}],
            catalog._LOCALES: [{"name": "de-AT"}, {"name": None}],
            catalog._EXTENSIONS: [{"name": "cube", "trusted": True, "schema": "", "requires": []}],
            "SELECT extname::text AS name FROM pg_extension": [{"name": "plpgsql"}],
            "SELECT current_setting('ssl') AS spoken": [{"spoken": "on"}],
        }

    @staticmethod
    def role(name: str, **rest: Any) -> dict[str, Any]:
        usual = {"login": True, "superuser": False, "verifier": None, "marked": False, "memberships": []}
        return {"name": name, **usual, **rest}

    @staticmethod
    def database(name: str, owner: str, **rest: Any) -> dict[str, Any]:
        return {
            "name": name,
            "owner": owner,
            "open": True,
            "character_set": "UTF8",
            "collation": "und",
            "public": [],
            **rest,
        }

    @contextmanager
    def sessions(self, database: str) -> Iterator[Execute]:
        def execute(statement: Statement) -> Rows:
            self.ran.append((database, statement.sql))
            return [dict(row) for row in self.rows.get(statement.sql, [])]

        yield execute
        self.ran.append((database, "end"))

    def reload(self) -> None:
        self.ran.append(("", "reload"))


@pytest.fixture
def server(tmp_path: Path) -> Server:
    path = tmp_path / "pg_hba.conf"
    path.write_text(rendered(Access()))
    return Server(path)


def test_the_world_of_some_roles(server: Server) -> None:
    world = catalog.world(server.sessions, {"u", "o"})
    assert world.roles["u"] == Role("u", memberships=frozenset({"r"}))
    assert world.catalogs == {
        "postgres": Catalog("postgres"),
        "template1": Catalog("postgres"),
        "shop": Catalog(
            "o", frozenset({"public"}), {("public", "t"): Relation(TABLE), ("public", "q"): Relation(SEQUENCE, "t")}
        ),
    }
    selects, inserts = (Atom(TABLE, "shop", "public", "t", word) for word in ("SELECT", "INSERT"))
    connects = Atom("DATABASE", "shop", "", "", "CONNECT")
    assert world.held == {
        "u": Held(frozenset({connects, selects}), frozenset({selects}), frozenset({(inserts, "eve")}))
    }
    assert world.traces == {
        "u": Traces(frozenset({"shop"}), frozenset({"shop"})),
        "o": Traces(databases=frozenset({"shop"})),
    }
    assert world.session_roles == {("u", "shop"): "o"}
    assert (world.rules_path, world.rules, world.unread) == (str(server.path), rendered(Access()), False)


def test_a_listing_tells_what_is_declared(server: Server) -> None:
    closed = row_of_grant("DATABASE", "", "", "CONNECT", database="closed")
    server.rows[catalog._GRANTS_ON_DATABASES].append(closed)
    _dummy, declared = catalog.listing(server.sessions)
    assert declared == {"u": {Scope("shop", "public", "t"): frozenset({"INSERT", "SELECT"})}}


def test_a_file_that_the_server_has_not_read_is_seen(server: Server) -> None:
    server.rows[catalog._RULES_FILE][0]["read"] = os.stat(server.path).st_mtime - 1
    assert catalog.world(server.sessions, ()).unread is True


def test_only_databases_with_something_of_the_roles_are_looked_into(server: Server) -> None:
    server.rows[catalog._TRACES] = []
    catalog.world(server.sessions, {"u"})
    assert {database for database, _dummy in server.ran} == {"postgres"}


def test_databases_are_no_system_ones_and_a_closed_one_is_not_looked_into(server: Server) -> None:
    found = catalog.databases(server.sessions)
    assert found["closed"] == Database("closed", "UTF8", "und", "o")
    assert found["shop"] == Database(
        "shop",
        "UTF8",
        "und",
        "o",
        frozenset({"public"}),
        frozenset({"plpgsql"}),
        frozenset({"CONNECT"}),
        public_creates=True,
        defaults={"u": frozenset({Atom("DEFAULT", "shop", "", "TABLES", "SELECT")})},
    )
    assert [shown["name"] for shown in objects.databases(server.sessions)] == ["closed", "shop"]


def test_what_a_database_can_have(server: Server) -> None:
    known = catalog.known(server.sessions, ["latin1"])
    assert (known.encodings, known.locales) == ({"latin1": "LATIN1"}, {"de-at": "de-AT"})
    assert (known.extensions, known.character_set, known.collation) == ({"cube": Extension(True)}, "UTF8", "und")


def test_plans_are_made_of_what_is_read(server: Server, config: Config) -> None:
    options = schema.VERBS["database_set"]["args"]
    wanted = validate.arguments(options, {"databases": [{"name": "new", "character_set": "latin1"}]})["databases"]
    assert "ENCODING 'LATIN1'" in objects.plan_databases(server.sessions, wanted).statements[1].sql
    given = {
        "name": "v",
        "password": "x",
        "databases": ["coming"],
        "grants": [{"database": "shop", "privileges": ["select"]}],
    }
    users = validate.arguments(schema.VERBS["user_set"]["args"], {"users": [given]})["users"]
    made = objects.plan_users(server.sessions, config, users, ["coming"])
    assert 'GRANT "coming_owner" TO "v"' in [step.sql for step in made.statements]
    assert [user["name"] for user in objects.users(server.sessions, config)] == ["o", "u"]
    assert objects.root_enabled(server.sessions) is False
    assert objects.plan_root(server.sessions, config, False, None, True).statements == []
    assert objects.speaks_tls(server.sessions) is True
    assert len(objects.plan_tls(server.sessions, config, "required").statements) == 1


def test_steps_run_each_in_its_database_and_leave_no_session_behind(server: Server) -> None:
    rules = Rules(str(server.path), rendered(Access()), "new\n")
    steps = [
        Statement("a"),
        Statement("b"),
        Statement("c", database="shop"),
        rules,
        Statement("d"),
        Statement("e", database="x"),
    ]
    objects.apply(server.sessions, server.reload, Plan(steps, {}, {}))
    checked = "SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"
    assert server.ran == [
        ("postgres", "a"),
        ("postgres", "b"),
        ("postgres", "end"),
        ("shop", "c"),
        ("shop", "end"),
        ("postgres", checked),
        ("postgres", published_access._THERE.sql),
        ("postgres", "end"),
        ("", "reload"),
        ("postgres", "d"),
        ("postgres", "end"),
        ("x", "e"),
        ("x", "end"),
    ]
    assert server.path.read_text() == "new\n"
    assert server.path.stat().st_mode & 0o777 == 0o600


def test_a_file_with_faults_is_not_read(server: Server) -> None:
    server.rows["SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"] = [
        {"line_number": 1, "error": "bad"}
    ]
    with pytest.raises(AgentError) as caught:
        objects.apply(server.sessions, server.reload, Plan([Rules(str(server.path), "a", "b")], {}, {}))
    assert caught.value.reason == "agent"
    assert ("", "reload") not in server.ran


def test_a_new_cluster_is_closed(server: Server) -> None:
    objects.lock_down(server.sessions)
    assert [place for place, sql in server.ran if sql.startswith("REVOKE CONNECT")] == ["postgres", "template1"]
    objects.end_root_sessions(server.sessions)
    assert server.ran[-2][1].startswith("SELECT pg_terminate_backend")


def test_before_the_first_start_only_the_agent_gets_in(tmp_path: Path) -> None:
    hba, ident = tmp_path / "pg_hba.conf", tmp_path / "pg_ident.conf"
    hba.write_text("local all all trust\n")
    objects.before_start(str(tmp_path))
    assert (hba.read_text(), ident.read_text()) == (rendered(Access()), IDENT)
    ours = rendered(Access("off", {"u": "192.0.2.1"}))
    hba.write_text(ours)
    seen = ident.stat().st_mtime_ns
    objects.before_start(str(tmp_path))
    assert (hba.read_text(), ident.stat().st_mtime_ns) == (ours, seen)


@pytest.fixture
def data(server: Server) -> str:
    """The data directory, whose pg_hba.conf the server reads."""
    server.rows[published_access._THERE.sql] = [{"there": True, "follows": False}]
    return str(server.path.parent)


def updates(server: Server) -> list[str]:
    return [sql for _database, sql in server.ran if sql.startswith("UPDATE dbaas.access")]


def test_a_primary_tells_its_replicas_whom_it_lets_in(server: Server, data: str) -> None:
    objects.publish_access(server.sessions, data)
    assert len(updates(server)) == 1
    after = rendered(Access(hosts={"u": "192.0.2.1"}))
    objects.apply(server.sessions, server.reload, Plan([Rules(str(server.path), "", after)], {}, {}))
    assert len(updates(server)) == 2
    server.rows[published_access._THERE.sql] = [{"there": True, "follows": True}]
    objects.apply(server.sessions, server.reload, Plan([Rules(str(server.path), "", after)], {}, {}))
    assert len(updates(server)) == 2


@pytest.mark.parametrize("closed", [False, True])
def test_a_replica_lets_in_whom_its_primary_does(server: Server, data: str, closed: bool) -> None:
    objects.close(data, closed)
    told = rendered(Access(hosts={"u": "192.0.2.1"}))
    server.rows["SELECT rules FROM dbaas.access"] = [{"rules": told}]
    assert objects.take_access(server.sessions, data)
    assert server.path.read_text() == with_clients(told, closed)
    assert not objects.take_access(server.sessions, data)


@pytest.mark.parametrize("rows", [[], [{"rules": ""}], [{"rules": "host all all all trust\n"}]])
def test_what_nobody_told_changes_nothing(server: Server, data: str, rows: Rows) -> None:
    server.rows["SELECT rules FROM dbaas.access"] = rows
    before = server.path.read_text()
    assert not objects.take_access(server.sessions, data)
    assert server.path.read_text() == before


def test_the_file_of_somebody_else_is_left_alone(server: Server, data: str) -> None:
    server.path.write_text("# mine\n")
    objects.close(data, True)
    assert server.path.read_text() == "# mine\n"
    assert not objects.is_closed(data)
