# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of PostgreSQL as statements, with a server that answers from a script and programs that say how they were called."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import data_directory, systemd
from dbaas_agent.config import Config
from dbaas_agent.drivers.postgresql import Driver, dump, objects, scratch_server
from dbaas_agent.drivers.postgresql.dump import Dump
from dbaas_agent.errors import AgentError

from guest_agent.tests.fakes import FakeReport, FakeSessions

RULES = "# By the dbaas agent\nlocal all all peer map=dbaas\n\n-- odd\n"
SERVER = {"system": "7", "timeline": "1", "version": "17.6"}
FAULT = AgentError("agent", "no")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Programs that print their names and their arguments after those that all have."""
    place = tmp_path / "programs"
    place.mkdir()
    for name in ("pg_dump", "pg_dumpall"):
        (place / name).write_text(f'#!/bin/sh\nshift 6\necho "{name} $*"\necho "CREATE ROLE postgres;"\n')
        (place / name).chmod(0o755)
    (place / "psql").write_text("#!/bin/sh\ncat\n")
    (place / "psql").chmod(0o755)
    return place


@pytest.fixture
def driver(config: Config, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver(config)
    script = {
        "datname": [{"name": name} for name in ("postgres", "it's", "template1")],
        "current_wal_lsn": [{"lsn": "0/AB"}],
        "pg_control_system": [SERVER],
        "database_size": [{"bytes": "4096"}],
    }
    monkeypatch.setattr(made, "session", FakeSessions(script))
    monkeypatch.setattr(made, "port", lambda _socket="": "5432")
    monkeypatch.setattr(made, "program", lambda name: str(programs / name))
    Path(config.data_dir).mkdir(parents=True)
    Path(config.data_dir, "pg_hba.conf").write_text(RULES)
    return made


def carried_out(driver: Driver, scratch: Path) -> str:
    with Dump(driver).take(None, str(scratch), FakeReport()) as taking:
        (command,) = taking.source().commands
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_roles_come_first_and_new_databases_are_made(driver: Driver, tmp_path: Path) -> None:
    lines = carried_out(driver, tmp_path).splitlines()
    assert lines[lines.index(dump._RULES_END) + 1 :] == [
        "pg_dumpall --roles-only",
        r"\connect postgres",
        "pg_dump --dbname=dbname='postgres'",
        "CREATE ROLE postgres;",
        r"pg_dump --create --dbname=dbname='it\'s'",
        "CREATE ROLE postgres;",
        r"\connect template1",
        "pg_dump --dbname=dbname='template1'",
        "CREATE ROLE postgres;",
    ]


@pytest.mark.parametrize("failing", ["pg_dump", "pg_dumpall"])
def test_a_program_that_fails_ends_it(driver: Driver, programs: Path, tmp_path: Path, failing: str) -> None:
    (programs / failing).write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        carried_out(driver, tmp_path)


def test_what_was_written_before_is_in_it(driver: Driver, tmp_path: Path) -> None:
    with Dump(driver).take(None, str(tmp_path), FakeReport()) as taking:
        assert taking.source().total == 4096
        assert taking.ended([]) == {**SERVER, "lsn": "0/AB"}


def test_who_may_come_in_is_taken_out_again(driver: Driver, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    text = carried_out(driver, tmp_path)
    command = Dump(driver).unpack(str(target), 0)
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=text)
    assert (target / "pg_hba.conf").read_text() == RULES
    assert done.stdout == text.partition(f"{dump._RULES_END}\n")[2]


@pytest.mark.parametrize("text", ["", "-- local all\n", "CREATE ROLE x;\n"])
def test_what_has_no_such_beginning_is_refused(driver: Driver, tmp_path: Path, text: str) -> None:
    command = Dump(driver).unpack(str(tmp_path), 0)
    assert subprocess.run(command, check=False, capture_output=True, text=True, input=text).returncode != 0


def test_a_new_server_for_nobody_takes_it(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    @contextmanager
    def serving(_driver: Any, directory: str) -> Iterator[None]:
        done.append(f"begin {directory}")
        yield
        done.append("end")

    def lock_down(sessions: Any) -> None:
        done.append(f"lock down {sessions.keywords['socket']}")

    monkeypatch.setattr(data_directory, "initialise", lambda _driver, directory: done.append(f"make {directory}"))
    monkeypatch.setattr(objects, "before_start", lambda directory: done.append(f"let in {directory}"))
    monkeypatch.setattr(scratch_server, "serving", serving)
    monkeypatch.setattr(objects, "lock_down", lock_down)
    with Dump(driver).receiving("/d"):
        done.append("it")
    assert done == ["make /d", "let in /d", "begin /d", f"lock down {scratch_server.SOCKET}", "it", "end"]


@pytest.mark.parametrize(
    ("step", "acts"),
    [(None, ["end", "start", "it", "end"]), ("start", ["end", "start", "end"]), ("it", ["end", "start", "it", "end"])],
)
def test_the_server_ends_whatever_happens(
    config: Config, monkeypatch: pytest.MonkeyPatch, step: str | None, acts: list[str]
) -> None:
    done: list[str] = []
    commands: list[list[str]] = []

    def act(name: str) -> None:
        done.append(name)
        if name == step:
            raise FAULT

    def start(_unit: str, command: list[str], properties: dict[str, str], _timeout: float) -> None:
        assert properties["User"] == config.datastore_user
        commands.append(command)
        act("start")

    monkeypatch.setattr(systemd, "end_transient", lambda *_: act("end"))
    monkeypatch.setattr(systemd, "start_transient", start)

    def serve() -> None:
        with scratch_server.serving(Driver(config), "/data.new"):
            act("it")

    if step:
        with pytest.raises(AgentError) as told:
            serve()
        assert told.value is FAULT
    else:
        serve()
    assert done == acts
    ((_program, *words),) = commands
    assert words[:2] == ["-D", "/data.new"]
    assert {"data_directory=/data.new", "listen_addresses=", "hba_file=/data.new/pg_hba.conf"} < set(words)
