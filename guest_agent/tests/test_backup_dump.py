# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as statements of the family, with a server that answers from a script and programs that say how they were called."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent import data_directory
from dbaas_agent.config import Config
from dbaas_agent.drivers import mariadb, mysql
from dbaas_agent.drivers.mysql_family import scratch_server
from dbaas_agent.drivers.mysql_family.dump import Dump
from dbaas_agent.errors import AgentError

from guest_agent.tests.fakes import FakeReport, FakeSessions

NAMES = ["it's", "--shop", "mysql"]
MADE = "CREATE USER `a``b`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 DEFAULT ROLE `r``1`@`%`,`r2`@`h` REQUIRE SSL"
POSITION = {
    mariadb: {"lsn": "77", "server_id": 1, "version": "1"},
    mysql: {"server_uuid": "U", "binlog_file": "binlog.000006", "binlog_position": "4", "gtid": "u:1-5"},
}


@pytest.fixture(params=[mariadb, mysql])
def module(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def driver(config: Config, module: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = module.Driver(config)
    script = {
        "SCHEMATA": [{"name": name} for name in NAMES],
        "DATA_LENGTH": [{"bytes": 4096}],
        "Innodb_lsn_current": [{"Value": "77"}],
        "server_uid,": [],
        "server_id AS server_id, @@version": [{"server_id": 1, "version": "1"}],
        "SHOW BINARY LOG STATUS": [{"File": "binlog.000006"}],
        "SHOW BINLOG EVENTS": [{}, {"Info": "u:1-5"}],
        "GTID_SUBTRACT": [{"gtid": "u:1-5"}],
        "AS server_uuid": [{"server_uuid": "U"}],
        "FROM mysql.user": [{"user": "a`b", "host": "%"}, {"user": "r`1", "host": "%"}],
        "SHOW CREATE USER": lambda user, _host: [{"CREATE USER": MADE if user == "a`b" else "CREATE USER r"}],
        "SHOW GRANTS": lambda user, _host: [{"Grants": f"GRANT 1 TO {user}"}, {"Grants": f"GRANT 2 TO {user}"}],
    }
    monkeypatch.setattr(made, "session", FakeSessions(script))
    return made


@pytest.fixture
def dump(driver: Any) -> Dump:
    (made,) = [kind(driver) for kind in driver.backup_strategies().values() if issubclass(kind, Dump)]
    return made


@pytest.fixture
def programs(tmp_path: Path, dump: Dump, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Dump programs that print their arguments, and fail if told so."""
    place = tmp_path / "programs"
    place.mkdir()
    program = place / dump.program[0]
    program.write_text('#!/bin/sh\nfor word; do echo "$word"; done\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    return program


def carried_out(dump: Dump, scratch: Path) -> str:
    with dump.take(None, str(scratch), FakeReport()) as taking:
        (command,) = taking.source().commands
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_all_databases_but_the_servers_own_are_dumped(dump: Dump, programs: Path, tmp_path: Path) -> None:
    del programs
    *_rest, told = carried_out(dump, tmp_path).split("--databases\n")
    assert told.splitlines() == ["--", "--shop", "it's"]


def test_a_server_without_databases(dump: Dump, driver: Any, programs: Path, tmp_path: Path) -> None:
    del programs
    driver.session.script["SCHEMATA"] = []
    assert "--databases" not in carried_out(dump, tmp_path)


def test_a_program_that_fails_ends_it(dump: Dump, programs: Path, tmp_path: Path) -> None:
    programs.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(subprocess.CalledProcessError):
        carried_out(dump, tmp_path)


def test_what_was_written_before_is_in_it(dump: Dump, module: Any, tmp_path: Path) -> None:
    with dump.take(None, str(tmp_path), FakeReport()) as taking:
        assert taking.source().total == 4096
        assert taking.ended([]) == POSITION[module]


def test_it_follows_none(dump: Dump) -> None:
    with pytest.raises(AgentError) as told:
        dump.verify({"lsn": "1"})
    assert told.value.reason == "unsupported"


@pytest.mark.parametrize("module", [mysql], indirect=True)
def test_mysqls_accounts_come_before_their_roles(dump: Dump, programs: Path, tmp_path: Path) -> None:
    del programs
    assert carried_out(dump, tmp_path).splitlines()[:7] == [
        "CREATE USER `a``b`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 REQUIRE SSL;",
        "CREATE USER r;",
        *(f"GRANT {number} TO {user};" for user in ("a`b", "r`1") for number in (1, 2)),
        "ALTER USER `a``b`@`%` DEFAULT ROLE `r``1`@`%`,`r2`@`h`;",
    ]
    assert (tmp_path / "accounts.sql").stat().st_mode & 0o777 == 0o600


def test_a_new_server_for_nobody_takes_it(
    dump: Dump, driver: Any, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    @contextmanager
    def serving(_driver: Any, directory: str) -> Iterator[Any]:
        done.append(f"begin {directory}")
        yield SimpleNamespace()
        done.append("end")

    monkeypatch.setattr(data_directory, "initialise", lambda _driver, directory: done.append(f"make {directory}"))
    monkeypatch.setattr(scratch_server, "serving", serving)
    monkeypatch.setattr(driver, "secure", lambda _execute: done.append("secure"))
    monkeypatch.setattr(type(dump), "disable_events", lambda _self, _execute: done.append("disable"))
    with dump.receiving("/data.new"):
        command = dump.unpack("/data.new", 0)
    dump.settle("/data.new", FakeReport())
    assert done == ["make /data.new", "begin /data.new", "secure", "end", "begin /data.new", "disable", "end"]
    assert command[0] == {mariadb: "mariadb", mysql: "mysql"}[module]
    assert f"--socket={scratch_server.SOCKET}" in command
