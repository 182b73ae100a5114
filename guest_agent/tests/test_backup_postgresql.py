# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of PostgreSQL, with a server that answers from a script, without its programs, and with tee and tar as they are."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent import data_directory, subproc
from dbaas_agent.backup import kept
from dbaas_agent.backup.strategy import Strategy
from dbaas_agent.config import Config
from dbaas_agent.drivers.postgresql import backup
from dbaas_agent.drivers.postgresql.backup import Base, PgBasebackup
from dbaas_agent.drivers.postgresql.backup_blocks import BlockBackup
from dbaas_agent.drivers.postgresql.backup_log import LogBackup
from dbaas_agent.errors import AgentError
from dbaas_agent.pipe import Pipe
from dbaas_agent.subproc import Completed

from guest_agent.tests.fakes import FakeReport, FakeSessions

SERVER = {"system": "7000", "timeline": "1", "version": "17.6"}
SIZE = 16 << 20
WORDS = [
    "pg_basebackup: checkpoint completed",
    "pg_basebackup: write-ahead log start point: 0/2000028 on timeline 1",
    "pg_basebackup: write-ahead log end point: 0/2000100",
    "pg_basebackup: base backup completed",
]
SLOT = "dbaas_backup_{:020d}".format
PARENT = {**SERVER, "lsn": "0/F000100", "slot": SLOT(2)}


class Slots:
    """A server's slots for backups; lost: those whose log is gone."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.lost: set[str] = set()

    def rows(self) -> list[dict[str, Any]]:
        return [{"name": name, "lost": name in self.lost} for name in sorted(self.names)]

    def create(self, name: str) -> list[Any]:
        if name.startswith("dbaas_backup_"):
            self.names.append(name)
        return []

    def drop(self, name: str) -> list[Any]:
        self.names.remove(name)
        return []


@pytest.fixture
def slots() -> Slots:
    return Slots(SLOT(1), SLOT(2), SLOT(3))


@pytest.fixture
def script(slots: Slots) -> dict[str, Any]:
    return {
        "pg_tablespace": [],
        "pg_control_system": lambda: [SERVER],
        "pg_database_size": [{"bytes": "4096"}],
        "pg_create_physical": slots.create,
        "pg_drop": slots.drop,
        "pg_replication_slots": slots.rows,
        "pg_switch_wal": [{"lsn": "0/11000028", "size": str(SIZE)}],
        "AS follows": [{"follows": False}],
    }


@pytest.fixture
def driver(config: Config, script: dict[str, Any]) -> Any:
    return SimpleNamespace(
        config=config, session=FakeSessions(script), program=lambda name: f"/bin/{name}", port=lambda: "5433"
    )


@pytest.fixture
def scratch(config: Config) -> str:
    kept.prepare(config)
    return os.path.join(kept.directory(config), ".new")


def refusal(act: Callable[[], Any]) -> AgentError:
    with pytest.raises(AgentError) as told:
        act()
    return told.value


def test_where_a_whole_one_begins_and_ends_stands_in_what_the_tool_says(driver: Any) -> None:
    position = Base(driver, {**SERVER, "timeline": "9"}, 0).ended(WORDS)
    assert position == {**SERVER, "start_lsn": "0/2000028", "lsn": "0/2000100"}


@pytest.mark.parametrize("words", [[], WORDS[:2], WORDS[2:], [WORDS[0], WORDS[3]]])
def test_one_that_does_not_say_so_has_not_ended_well(driver: Any, words: list[str]) -> None:
    assert refusal(lambda: Base(driver, SERVER, 0).ended(words)).reason == "agent"


@pytest.mark.parametrize("strategy", [PgBasebackup, BlockBackup, LogBackup])
@pytest.mark.parametrize("with_parent", [False, True])
def test_tables_elsewhere_are_in_no_backup(
    driver: Any, script: dict[str, Any], strategy: type[Strategy], with_parent: bool
) -> None:
    made = strategy(driver)
    made.verify(None)
    script["pg_tablespace"] = [{"name": "fast"}, {"name": "large"}]
    told = refusal(lambda: made.verify(PARENT if with_parent and made.incremental else None))
    assert (told.reason, told.details) == ("not_actionable", {"tablespaces": ["fast", "large"]})


@pytest.mark.parametrize("strategy", [BlockBackup, LogBackup])
@pytest.mark.parametrize(
    ("parent", "differs"),
    [
        ({"system": "7001"}, ["system"]),
        ({"timeline": "2"}, ["timeline"]),
        ({"system": None, "timeline": 1}, ["system", "timeline"]),
    ],
)
def test_a_parent_of_another_life_is_refused(
    driver: Any, strategy: type[Strategy], parent: dict[str, Any], differs: list[str]
) -> None:
    told = refusal(lambda: strategy(driver).verify({**PARENT, **parent}))
    assert (told.reason, told.details) == ("not_actionable", {"differs": differs})


def test_by_itself_the_tool_takes_whole_ones_only(driver: Any) -> None:
    assert refusal(lambda: PgBasebackup(driver).verify(PARENT)).reason == "unsupported"


def test_the_log_that_a_whole_one_needs_stays_as_long_as_it_is_taken(driver: Any, scratch: str) -> None:
    with PgBasebackup(driver).take(None, scratch, FakeReport()) as taking:
        assert driver.session.open == 1
        assert any(f"dbaas_{os.getpid()}" in statement for statement in driver.session.asked)
        source = taking.source()
    assert driver.session.open == 0
    (command,) = source.commands
    assert command[0] == "/bin/pg_basebackup"
    assert {f"--host={driver.config.socket}", "--port=5433", "--format=tar"} < set(command)
    assert source.total == 4096


def test_the_blocks_that_changed_are_asked_for_by_the_manifest_of_the_parent(driver: Any) -> None:
    whole, since = (Base(driver, SERVER, 4096, name).source() for name in ("", "/kept"))
    assert list(since.commands) == [[*whole.commands[0], "--incremental=/kept"]]
    assert since.total is None


def test_a_parent_whose_manifest_is_gone_is_refused(driver: Any, scratch: str) -> None:
    assert refusal(lambda: BlockBackup(driver).verify(PARENT)).reason == "not_actionable"
    Path(kept.path_of(driver.config, "0/F000100.manifest")).touch()
    BlockBackup(driver).verify(PARENT)
    with BlockBackup(driver).take(PARENT, scratch, FakeReport()) as taking:
        assert taking.source().commands[0][-1] == f"--incremental={kept.directory(driver.config)}/0-F000100.manifest"


def packed(path: Path, *names: str) -> Path:
    """An archive, as the server makes it, of files that hold their names."""
    with tarfile.open(path, "w") as archive:
        for name in names:
            file = path.with_name("member")
            file.write_text(name * 100000)
            archive.add(file, name)
        end = archive.offset
    os.truncate(path, end + 1024)
    return path


def passed(source: Path, taking: Any) -> bytes:
    with Pipe([["cat", str(source)], *taking.source().commands[1:]]) as pipe:
        content = b"".join(iter(lambda: pipe.read(1 << 20), b""))
        pipe.finish()
    return content


@pytest.mark.parametrize("names", [("PG_VERSION", "backup_manifest"), ("PG_VERSION", "global/backup_manifest")])
def test_the_manifest_is_kept_out_of_the_stream(
    driver: Any, scratch: str, tmp_path: Path, names: tuple[str, str]
) -> None:
    archive = packed(tmp_path / "archive", *names)
    with BlockBackup(driver).take(None, scratch, FakeReport()) as taking:
        assert passed(archive, taking) == archive.read_bytes()
        if names[1] != "backup_manifest":
            assert refusal(lambda: taking.ended(WORDS)).reason == "agent"
            return
        position = taking.ended(WORDS)
    assert Path(kept.path_of(driver.config, f"{position['lsn']}.manifest")).read_text() == names[1] * 100000


def test_who_listens_for_the_manifest_ends_with_a_backup_that_did_not_begin(driver: Any, scratch: str) -> None:
    with suppress(KeyboardInterrupt), BlockBackup(driver).take(None, scratch, FakeReport()) as taking:
        process = taking._tap._process  # type: ignore[attr-defined]
        raise KeyboardInterrupt
    assert process.returncode is not None
    assert driver.session.open == 0


@pytest.mark.parametrize("count", [1, 3])
def test_blocks_are_combined_into_one_data_directory(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    combined: list[list[str]] = []

    def run(command: list[str], _timeout: float) -> Completed:
        combined.append(command)
        (volume / "data.new.combined" / "base").mkdir(parents=True)
        (volume / "data.new.combined" / "PG_VERSION").write_text("17")
        return Completed(0, "", "")

    monkeypatch.setattr(subproc, "run", run)
    strategy, volume = BlockBackup(driver), tmp_path / "volume"
    target = volume / "data.new"
    target.mkdir(parents=True)
    same = target.stat().st_ino
    for number in range(count):
        archive = packed(tmp_path / "archive", "PG_VERSION", f"base/{number}")
        with Pipe([["cat", str(archive)], strategy.unpack(str(target), number)]) as pipe:
            pipe.finish()
    strategy.complete(str(target), count, FakeReport())
    assert [path.name for path in volume.iterdir()] == ["data.new"]
    assert target.stat().st_ino == same
    assert {path.name for path in target.iterdir()} == {"PG_VERSION", "base", "postmaster.opts", "recovery.signal"}
    places = [str(target), f"{target}.1", f"{target}.2"]
    expected = [["/bin/pg_combinebackup", f"--output={target}.combined", *places]]
    assert combined == (expected if count > 1 else [])
    assert ((target / "PG_VERSION").read_text() == "17") is (count > 1)


@pytest.mark.parametrize(
    ("before", "parent", "stays"),
    [
        ([1, 2, 3], SLOT(2), [SLOT(2)]),
        ([1, 2, 3], None, [SLOT(3)]),
        ([3], SLOT(3), [SLOT(3)]),
        ([], None, []),
    ],
)
def test_of_older_slots_one_stays(
    *, driver: Any, slots: Slots, scratch: str, before: list[int], parent: str | None, stays: list[str]
) -> None:
    slots.names = list(map(SLOT, before))
    since = {**PARENT, "slot": parent} if parent else None
    with LogBackup(driver).take(since, scratch, FakeReport()) as taking:
        position = taking.ended(WORDS)
        assert driver.session.open > 0
    assert driver.session.open == 0
    assert slots.names == sorted(slots.names) == [*stays, position["slot"]]
    assert (position["system"], position["timeline"]) == (SERVER["system"], SERVER["timeline"])
    assert position["lsn"] == ("0/11000028" if parent else "0/2000100")


@pytest.mark.parametrize("parent", [None, PARENT])
def test_a_backup_that_failed_has_no_slot(
    driver: Any, slots: Slots, scratch: str, parent: dict[str, Any] | None
) -> None:
    with pytest.raises(KeyboardInterrupt), LogBackup(driver).take(parent, scratch, FakeReport()):
        raise KeyboardInterrupt
    assert slots.names == [SLOT(2) if parent else SLOT(3)]


@pytest.mark.parametrize("gone", [False, True])
def test_a_parent_whose_log_is_not_kept_is_refused(driver: Any, slots: Slots, scratch: str, gone: bool) -> None:
    strategy = LogBackup(driver)
    strategy.verify(PARENT)
    assert refusal(lambda: strategy.verify({**SERVER, "lsn": "0/F000100"})).reason == "not_actionable"
    with strategy.take(PARENT, scratch, FakeReport()) as taking:
        if gone:
            slots.names.remove(SLOT(2))
        else:
            slots.lost.add(SLOT(2))
        for act in (lambda: strategy.verify(PARENT), lambda: taking.ended([])):
            assert refusal(act).reason == "not_actionable"


@pytest.mark.parametrize(
    ("now", "lsn", "files"),
    [
        ("0/11000028", "0/11000028", ["00000001000000000000000F", "000000010000000000000010", "000000010000000000000011"]),
        ("0/10000000", "0/10000000", ["00000001000000000000000F"]),
        ("0/F000000", "0/F000100", ["00000001000000000000000F"]),
    ],
)  # fmt: skip
def test_the_log_from_the_parent_to_now(
    *, driver: Any, script: dict[str, Any], scratch: str, now: str, lsn: str, files: list[str]
) -> None:
    script["pg_switch_wal"] = [{"lsn": now, "size": str(SIZE)}]
    with LogBackup(driver).take(PARENT, scratch, FakeReport()) as taking:
        source, position = taking.source(), taking.ended([])
    (command,) = source.commands
    assert command[-len(files) - 1 :] == [f"--directory={driver.config.data_dir}/pg_wal", *files]
    assert source.total == len(files) * SIZE
    assert (position["start_lsn"], position["lsn"]) == ("0/F000100", lsn)


@pytest.mark.parametrize("count", [1, 3])
def test_it_settles_with_the_log_of_all_that_followed(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    seen: list[tuple[str, list[str]]] = []
    given: list[str] = []
    strategy, volume = LogBackup(driver), tmp_path / "volume"
    target, log = volume / "data.new", volume / "data.new.log"

    def recover(_driver: Any, _target: str, restore_command: str) -> None:
        seen.append((restore_command, sorted(path.name for path in log.glob("*"))))

    monkeypatch.setattr(backup, "recover", recover)
    monkeypatch.setattr(data_directory, "give_away", lambda _config, path: given.append(path))
    target.mkdir(parents=True)
    for number in range(count):
        archive = packed(tmp_path / "archive", f"file{number}")
        with Pipe([["cat", str(archive)], strategy.unpack(str(target), number)]) as pipe:
            pipe.finish()
    strategy.complete(str(target), count, FakeReport())
    strategy.settle(str(target), FakeReport())
    assert seen == ([(f"cp {log}/%f %p", ["file1", "file2"])] if count > 1 else [("false", [])])
    assert given == ([str(log)] if count > 1 else [])
    assert list(volume.iterdir()) == [target]
    assert {path.name for path in target.iterdir()} == {"file0", "postmaster.opts", "recovery.signal"}


@pytest.mark.parametrize(
    ("follows", "redo", "refused"), [(False, "", False), (True, "0/F000100", False), (True, "0/F0000FF", True)]
)
def test_on_a_replica_one_follows_only_after_a_checkpoint_of_the_primary(
    *, driver: Any, script: dict[str, Any], scratch: str, follows: bool, redo: str, refused: bool
) -> None:
    script.update({"AS follows": [{"follows": follows}], "AS redo": [{"redo": redo}]})
    begin = BlockBackup(driver).take(PARENT, scratch, FakeReport())
    if refused:
        assert refusal(begin.__enter__).reason == "not_actionable"
    else:
        with begin:
            pass
    assert ("CHECKPOINT" in driver.session.asked) is follows


@pytest.mark.parametrize("strategy", [LogBackup, BlockBackup])
@pytest.mark.parametrize("copied", [False, True])
def test_what_a_replica_left_is_none(driver: Any, tmp_path: Path, strategy: type[PgBasebackup], copied: bool) -> None:
    """copied: of its volume, with a slot for one that follows it."""
    slot = tmp_path / "pg_replslot" / "dbaas_replica_01234567"
    slot.mkdir(parents=True)
    (slot / "state").touch()
    (tmp_path / "standby.signal").touch()
    if copied:
        strategy(driver).revive(str(tmp_path))
    else:
        PgBasebackup.complete(strategy(driver), str(tmp_path), 1, FakeReport())
    assert [path.name for path in tmp_path.glob("*.signal")] == ["recovery.signal"]
    assert slot.exists() is not copied


@pytest.mark.parametrize("strategy", [LogBackup, BlockBackup])
@pytest.mark.parametrize("followed", [False, True])
def test_a_copy_of_a_member_follows(driver: Any, tmp_path: Path, strategy: type[PgBasebackup], followed: bool) -> None:
    """followed: it is one of a replica."""
    (tmp_path / "pg_replslot").mkdir()
    for name in ["postmaster.pid", *(["standby.signal"] if followed else [])]:
        (tmp_path / name).touch()
    made = strategy(driver)
    made.revive(str(tmp_path))
    made.follow_revived(str(tmp_path), FakeReport())
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".signal", ".pid")] == ["standby.signal"]


@pytest.mark.parametrize("strategy", [LogBackup, BlockBackup])
def test_a_replica_is_not_recovered(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: type[PgBasebackup]
) -> None:
    monkeypatch.setattr(backup, "recover", lambda *_args: pytest.fail("it was recovered"))
    target = tmp_path / "data.new"
    target.mkdir()
    made = strategy(driver)
    PgBasebackup.complete(made, str(target), 1, FakeReport())
    made.follow(str(target), FakeReport())
    assert {path.name for path in target.iterdir()} == {"postmaster.opts", "standby.signal"}
