# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of MySQL, with a server that answers from a script and tar as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent.config import Config
from dbaas_agent.drivers.mysql import Driver as MysqlDriver
from dbaas_agent.drivers.mysql import backup, events
from dbaas_agent.drivers.mysql.backup import CloneBackup
from dbaas_agent.drivers.mysql_family import scratch_server
from dbaas_agent.errors import AgentError
from dbaas_agent.pipe import Pipe

from guest_agent.tests.fakes import FakeReport, FakeSessions

LOGS = [f"binlog.{number:06d}" for number in range(3, 7)]
PARENT = {"server_uuid": "U", "binlog_file": LOGS[1]}
POSITION = {
    "server_uuid": "U",
    "server_id": 1,
    "version": "9.7.4",
    "binlog_file": LOGS[-1],
    "binlog_position": "4",
    "gtid": "u-1:1-5,u-2:1-3",
}
EVENT = {
    "place": "shop",
    "name": "nightly",
    "definer": "clerk@%",
    "mode": "ANSI_QUOTES",
    "zone": "+02:00",
    "charset": "latin1",
    "collation": "latin1_bin",
}


@pytest.fixture
def script() -> dict[str, Any]:
    """The first of them that fits is the answer."""
    return {
        "SHOW BINARY LOGS": [{"Log_name": name} for name in LOGS],
        "AS uuid": [{"uuid": "U"}],
        "SHOW BINARY LOG STATUS": [{"File": LOGS[-1]}],
        "SHOW BINLOG EVENTS": [{"Info": "Server ver: 9.7"}, {"Info": "u-1:4-5,\nu-2:1-3"}],
        "GTID_SUBTRACT": lambda told: [{"gtid": told.replace("4-5", "1-5")}],
        "AS server_uuid": [{"server_uuid": "U", "server_id": 1, "version": "9.7.4"}],
        "information_schema.PLUGINS": [{"PLUGIN_NAME": "clone"}],
        "CONNECTION_ID": [{"id": 8}],
        "information_schema.TABLES ": [],
        "INNODB_TABLESPACES": [{"bytes": 100}],
    }


@pytest.fixture
def driver(config: Config, script: dict[str, Any]) -> Any:
    return SimpleNamespace(config=config, session=FakeSessions(script), forget_source=MysqlDriver.forget_source)


def refusal(act: Callable[[], Any]) -> AgentError:
    with pytest.raises(AgentError) as told:
        act()
    return told.value


@pytest.mark.parametrize("first", range(3))
def test_the_logs_since_the_parent_but_the_newest(driver: Any, first: int) -> None:
    parent = {**PARENT, "binlog_file": LOGS[first]}
    strategy = CloneBackup(driver)
    strategy.verify(parent)
    with strategy.take(parent, "/nowhere", FakeReport()) as taking:
        for name in LOGS:
            Path(driver.config.mount_point, "data").mkdir(exist_ok=True)
            Path(driver.config.data_dir, name).write_bytes(bytes(10))
        (command,) = taking.source().commands
        assert command[-3 + first :] == LOGS[first:-1]
        assert f"--directory={driver.config.data_dir}" in command
        assert taking.ended([]) == POSITION
    assert driver.session.asked.index("FLUSH BINARY LOGS") < driver.session.asked.index("SHOW BINARY LOG STATUS")


@pytest.mark.parametrize("wrong", [{"server_uuid": "V"}, {"binlog_file": "binlog.000002"}, {"binlog_file": None}])
def test_logs_that_are_not_there_any_more_are_refused(driver: Any, wrong: dict[str, Any]) -> None:
    told = refusal(lambda: CloneBackup(driver).verify({**PARENT, **wrong}))
    assert (told.reason, told.details) == ("not_actionable", {"logs": LOGS})


def test_logs_that_go_while_they_are_read_are_refused(driver: Any, script: dict[str, Any]) -> None:
    def act() -> None:
        with CloneBackup(driver).take(PARENT, "/nowhere", FakeReport()):
            script["SHOW BINARY LOGS"] = [{"Log_name": name} for name in LOGS[2:]]

    assert refusal(act).reason == "not_actionable"


def test_tables_that_the_clone_leaves_out_are_told(driver: Any, script: dict[str, Any]) -> None:
    script["information_schema.TABLES "] = [{"place": "shop", "name": "old", "engine": "MyISAM"}]
    told = refusal(lambda: CloneBackup(driver).verify(None))
    assert (told.reason, told.details) == ("not_actionable", {"tables": ["shop.old (MyISAM)"]})
    CloneBackup(driver).verify(PARENT)


@pytest.mark.parametrize(("free", "fits"), [(199, False), (200, True)])
def test_the_clone_needs_its_size_and_a_tenth_of_the_volume(
    driver: Any, monkeypatch: pytest.MonkeyPatch, free: int, fits: bool
) -> None:
    monkeypatch.setattr(backup, "usage", lambda _path: {"size_bytes": 1000, "free_bytes": free})
    if fits:
        CloneBackup(driver).verify(None)
    else:
        told = refusal(lambda: CloneBackup(driver).verify(None))
        assert (told.reason, told.details) == ("not_actionable", {"needed_bytes": 200, "free_bytes": 199})


def test_of_a_volume_that_is_not_there_nothing_is_cloned(driver: Any) -> None:
    assert refusal(lambda: CloneBackup(driver).verify(None)).reason == "not_actionable"


@pytest.mark.parametrize("installed", [True, False])
def test_a_whole_one_is_a_clone_that_begins_after_its_position(
    driver: Any, script: dict[str, Any], tmp_path: Path, installed: bool
) -> None:
    if not installed:
        script["information_schema.PLUGINS"] = []
    with CloneBackup(driver).take(None, str(tmp_path), FakeReport()) as taking:
        place = tmp_path / "clone"
        (place / "mysql").mkdir(parents=True)
        (place / "mysql" / "t.ibd").write_bytes(bytes(8192))
        source = taking.source()
        assert taking.ended([]) == POSITION
    assert source.commands[0][-2:] == [f"--directory={place}", "."]
    assert source.total is not None
    assert source.total >= 8192
    asked = [statement.partition(" DATA")[0] for statement in driver.session.asked]
    order = ["FLUSH BINARY LOGS", "SHOW BINARY LOG STATUS", "CLONE LOCAL"]
    assert [statement for statement in asked if statement in order] == order
    assert ("INSTALL PLUGIN clone SONAME 'mysql_clone.so'" in asked) is not installed


@pytest.mark.parametrize("ended", [False, True])
def test_a_clone_that_is_ended_ends_in_the_server(driver: Any, script: dict[str, Any], ended: bool) -> None:
    def clone(_directory: str) -> None:
        raise KeyboardInterrupt

    def kill(*_values: str) -> list[Any]:
        if ended:
            raise AgentError("agent", "unknown thread")
        return []

    script["CLONE LOCAL"], script["KILL"] = clone, kill
    with pytest.raises(KeyboardInterrupt), CloneBackup(driver).take(None, "/nowhere", FakeReport()):
        pass
    assert driver.session.asked[-1] == "KILL 8"
    assert driver.session.open == 0


def test_what_is_packed_is_unpacked_the_whole_one_in_place_and_logs_beside_it(driver: Any, tmp_path: Path) -> None:
    strategy, target = CloneBackup(driver), tmp_path / "data.new"
    target.mkdir(0o700)
    data = Path(driver.config.data_dir)
    data.mkdir()
    for name in LOGS:
        (data / name).write_text(name)
    with strategy.take(None, str(tmp_path), FakeReport()) as whole:
        place = tmp_path / "clone"
        (place / "shop").mkdir(parents=True, mode=0o755)
        (place / "shop" / "t.ibd").write_text("row")
        _moved(whole.source().commands[0], strategy.unpack(str(target), 0))
    for number, parent in ((1, {**PARENT, "binlog_file": LOGS[0]}), (2, {**PARENT, "binlog_file": LOGS[2]})):
        with strategy.take(parent, str(tmp_path), FakeReport()) as part:
            _moved(part.source().commands[0], strategy.unpack(str(target), number))
    assert (target / "shop" / "t.ibd").read_text() == "row"
    assert target.stat().st_mode & 0o777 == 0o700
    logs = {path.name: path.read_text() for path in Path(f"{target}.logs").iterdir()}
    assert logs == {name: name for name in LOGS[:-1]}


def _moved(pack: Any, unpack: Any) -> None:
    with Pipe([pack, unpack]) as pipe:
        assert pipe.read(1) == b""
        pipe.finish()


@pytest.mark.parametrize("logs", [[], ["binlog.000009", "binlog.000010"]])
def test_it_settles_with_the_logs_applied_in_their_order_and_no_event(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    applied: list[list[str]] = []
    scratch = FakeSessions({"information_schema.EVENTS": lambda: [EVENT] if bool(applied) == bool(logs) else []})
    monkeypatch.setattr(scratch_server, "serving", scratch)
    monkeypatch.setattr(backup, "_apply", applied.append)
    target = tmp_path / "data.new"
    target.mkdir()
    for name in reversed(logs):
        CloneBackup(driver).unpack(str(target), 1)
        (tmp_path / "data.new.logs" / name).touch()
    CloneBackup(driver).settle(str(target), FakeReport())
    assert [[os.path.basename(path) for path in paths] for paths in applied] == ([logs] if logs else [])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("data")] == [target.name]
    assert scratch.asked[0] == "RESET REPLICA ALL"
    assert scratch.asked[-1] == "ALTER DEFINER = `clerk`@`%` EVENT `shop`.`nightly` DISABLE"


def test_a_replica_has_the_events_of_its_source(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = FakeSessions({"information_schema.EVENTS": [EVENT]})
    monkeypatch.setattr(scratch_server, "serving", scratch)
    CloneBackup(driver).follow(str(tmp_path), FakeReport())
    assert scratch.asked == ["RESET REPLICA ALL"]


@pytest.mark.parametrize(
    ("definer", "user", "host"),
    [("clerk@%", "clerk", "%"), ("a@b@10.0.0.1", "a@b", "10.0.0.1"), ("o`%`o@localhost", "o``%``o", "localhost")],
)
def test_an_event_that_is_disabled_keeps_all_that_was_its_own(definer: str, user: str, host: str) -> None:
    server = FakeSessions({"information_schema.EVENTS": [{**EVENT, "definer": definer, "name": "50%"}]})
    with server() as execute:
        events.disable_all(execute)
    *before, last = server.asked
    assert {"SET SESSION sql_mode = 'ANSI_QUOTES'", "SET SESSION time_zone = '+02:00'"} < set(before)
    # The character set first: it decides the collation, too.
    assert before.index("speak latin1") < before.index("SET SESSION collation_connection = 'latin1_bin'")
    assert last == f"ALTER DEFINER = `{user}`@`{host}` EVENT `shop`.`50%` DISABLE"
