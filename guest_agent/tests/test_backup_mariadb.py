# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of MariaDB, without its tools: what they are asked, and what is made of what they say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent import subproc
from dbaas_agent.backup.strategy import Taking
from dbaas_agent.config import Config
from dbaas_agent.drivers.mariadb import Driver as MariadbDriver
from dbaas_agent.drivers.mariadb.backup import MariadbBackup
from dbaas_agent.drivers.mysql_family import scratch_server
from dbaas_agent.errors import AgentError
from dbaas_agent.subproc import Completed

from guest_agent.tests.fakes import FakeReport, FakeSessions

SERVER = {"server_id": 1, "version": "11.8.3-MariaDB", "server_uid": "U=", "gtid_state": "0-2-1,0-1-2"}
POINTS = "backup_type = incremental\nfrom_lsn = 0\nto_lsn = 47629\nlast_lsn = 47700\n"
DONE = ["[00] finished", "[00] 2026-01-01 completed OK!"]
FORGET = MariadbDriver.forget_source
LOGGED = "filename 'binlog.000002', position '328'"


@pytest.fixture
def driver(config: Config) -> Any:
    script = {"server_id": [SERVER], "TABLESPACES": [{"bytes": 4096}]}
    return SimpleNamespace(config=config, session=FakeSessions(script), ping=lambda: "11.8.3", forget_source=FORGET)


@contextmanager
def taking(driver: Any, scratch: Path, parent: dict[str, Any] | None = None) -> Iterator[Taking]:
    with MariadbBackup(driver).take(parent, str(scratch), FakeReport()) as one:
        yield one


@pytest.mark.parametrize("begins", ["mariadb_backup", "xtrabackup"])
@pytest.mark.parametrize(
    ("logged", "position"),
    [
        (
            f"{LOGGED}, GTID of the last change '0-1-2,1-1-5'",
            {"binlog_file": "binlog.000002", "binlog_position": "328", "gtid": "0-1-2,1-1-5"},
        ),
        (LOGGED, {"binlog_file": "binlog.000002", "binlog_position": "328", "gtid": ""}),
        ("", {}),
    ],
)
def test_where_it_ended_stands_in_its_files(
    driver: Any, tmp_path: Path, begins: str, logged: str, position: dict[str, str]
) -> None:
    (tmp_path / f"{begins}_checkpoints").write_text(POINTS)
    (tmp_path / f"{begins}_info").write_text(f"uuid = x\ntool_command = --a = b\nbinlog_pos = {logged}\n")
    with taking(driver, tmp_path) as one:
        assert one.ended(DONE) == {"lsn": "47629", "from_lsn": "0", **SERVER, **position}


@pytest.mark.parametrize("words", [[], ["failed"], [*DONE, "one", "more", "word"]])
def test_one_that_does_not_say_so_has_not_ended_well(driver: Any, tmp_path: Path, words: list[str]) -> None:
    with taking(driver, tmp_path) as one, pytest.raises(AgentError) as told:
        one.ended(words)
    assert told.value.reason == "agent"


@pytest.mark.parametrize(
    ("stages", "holds_up"),
    [
        ([], False),
        (["START"], False),
        (["START", "FLUSH"], False),
        (["START", "FLUSH", "BLOCK_DDL"], True),
        (["START", "FLUSH", "BLOCK_DDL", "BLOCK_COMMIT"], True),
        (["START", "FLUSH", "BLOCK_DDL", "BLOCK_COMMIT", "END"], False),
    ],
)
def test_the_datastore_waits_from_its_lock_to_its_end(
    driver: Any, tmp_path: Path, stages: list[str], holds_up: bool
) -> None:
    words = [word for stage in stages for word in (f"[00] Executing BACKUP STAGE {stage}", "[01] Streaming t.ibd")]
    with taking(driver, tmp_path) as one:
        assert one.holds_up(words) == holds_up


def test_what_came_since_another_one_is_asked_for_by_its_lsn(driver: Any, tmp_path: Path) -> None:
    with taking(driver, tmp_path) as whole, taking(driver, tmp_path, {"lsn": "47629"}) as since:
        full, part = whole.source(), since.source()
    assert driver.session.open == 0
    assert (full.total, part.total) == (4096, None)
    (command,) = full.commands
    assert list(part.commands) == [[*command, "--incremental-lsn=47629"]]
    config = driver.config
    assert {f"--socket={config.socket}", f"--datadir={config.data_dir}", f"--extra-lsndir={tmp_path}"} < set(command)


@pytest.mark.parametrize("lsn", [None, "", "x", "47629 --x", "-1", "\n1"])
def test_a_parent_without_an_lsn_is_refused(driver: Any, lsn: str | None) -> None:
    with pytest.raises(AgentError) as told:
        MariadbBackup(driver).verify({"lsn": lsn})
    assert told.value.reason == "invalid"


def test_a_server_that_does_not_answer_is_told_before(driver: Any) -> None:
    asked: list[str] = []
    driver.ping = lambda: asked.append("ping")
    for parent in (None, {"lsn": "47629"}):
        MariadbBackup(driver).verify(parent)
    assert asked == ["ping", "ping"]


def test_a_chain_is_prepared_one_by_one_in_the_first(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[list[str]] = []

    def run(command: list[str], _timeout: float) -> Completed:
        prepared.append(command[1:])
        return Completed(0, "", "[00] 2026-01-01 completed OK!\n")

    monkeypatch.setattr(subproc, "run", run)
    volume = tmp_path / "volume"
    strategy, target = MariadbBackup(driver), volume / "data.new"
    target.mkdir(parents=True)
    for number, place in enumerate((target, volume / "data.new.1", volume / "data.new.2")):
        assert f"--directory={place}" in strategy.unpack(str(target), number)
        (place / "xtrabackup_info").touch()
        strategy.apply(str(target), number, FakeReport())
    (target / "ibdata1").touch()
    strategy.complete(str(target), 3, FakeReport())
    assert [path.name for path in volume.rglob("*")] == ["data.new", "ibdata1"]
    whole = ["--prepare", f"--target-dir={target}"]
    assert prepared == [whole, *([*whole, f"--incremental-dir={target}.{number}"] for number in (1, 2))]


def test_what_is_not_said_to_be_prepared_is_not(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subproc, "run", lambda *_: Completed(0, "completed OK!", "[00] half\n"))
    with pytest.raises(AgentError) as told:
        MariadbBackup(driver).apply(str(tmp_path), 0, FakeReport())
    assert told.value.reason == "agent"


def test_no_event_of_the_original_goes_on(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = FakeSessions({})
    monkeypatch.setattr(scratch_server, "serving", scratch)
    MariadbBackup(driver).settle(str(tmp_path), FakeReport())
    forgotten, event = scratch.asked[:-1], scratch.asked[-1]
    assert forgotten == ["RESET SLAVE ALL", "SET GLOBAL gtid_slave_pos = ''"]
    assert "mysql.event" in event
    assert "'DISABLED'" in event
    assert driver.session.asked == []


def test_a_replica_has_the_events_of_its_source(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = FakeSessions({})
    monkeypatch.setattr(scratch_server, "serving", scratch)
    MariadbBackup(driver).follow(str(tmp_path), FakeReport())
    assert scratch.asked == ["RESET SLAVE ALL", "SET GLOBAL gtid_slave_pos = ''"]
