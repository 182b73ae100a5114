# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard with a file system and a datastore of paper."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, cast

import pytest
from dbaas_agent import guard as module
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver, UnansweredError
from dbaas_agent.errors import AgentError
from dbaas_agent.guard import Guard
from dbaas_agent.space import LOOK_SECONDS, MIB


class Datastore:
    """Whether writes are refused, and what was asked of it. With ``fault`` it neither stops nor allows them."""

    def __init__(self) -> None:
        self.stopped = False
        self.silent = False
        self.fault = ""
        self.asked: list[str] = []
        self.spare = False
        self.room_asked = 0

    def make_room(self) -> bool:
        self.room_asked += 1
        if self.silent:
            raise UnansweredError("silence")
        spare, self.spare = self.spare, False
        return spare

    def writes_stopped(self) -> bool:
        if self.silent:
            raise UnansweredError("silence")
        return self.stopped

    def stop_writes(self, hurry: bool) -> None:
        self._act("hurry" if hurry else "stop", stopped=True)

    def allow_writes(self) -> None:
        self._act("allow", stopped=False)

    def _act(self, word: str, *, stopped: bool) -> None:
        self.asked.append(word)
        if self.fault:
            raise AgentError("agent", self.fault)
        self.stopped = stopped


class World:
    """Time passes between looks; ``free`` is in MiB of 1024."""

    def __init__(self, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config = config
        self.datastore = Datastore()
        self.size, self.free = 1024, 500
        self.mounted = True
        self.may_write = True
        self.now = 0.0
        self.path = Path(config.state_dir, "writes.json")
        monkeypatch.setattr(module, "usage", lambda _path: self._usage() if self.mounted else None)
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.guard = self.started()

    def started(self) -> Guard:
        return Guard(self.config, cast(Driver, self.datastore), lambda: self.may_write)

    def _usage(self) -> dict[str, Any]:
        percent = 100 - 100 * self.free // self.size
        return {"size_bytes": self.size * MIB, "free_bytes": self.free * MIB, "used_percent": percent}

    def look(self, free: int) -> bool:
        self.free = free
        self.now += LOOK_SECONDS
        return self.guard.look()


@pytest.fixture
def world(config: Config, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(config, monkeypatch)


def events(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return [json.loads(line)["event"] for line in capfd.readouterr().err.splitlines()]


def test_a_volume_that_fills_and_grows(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    assert [world.look(free) for free in (100, 80, 70)] == [False] * 3
    assert world.datastore.asked == []
    assert world.look(64)
    assert world.datastore.stopped
    assert world.guard.hold is not None
    assert (world.guard.hold.free, world.guard.hold.used_percent) == (64 * MIB, 94)
    assert not world.look(60)
    world.size = 2048
    assert world.look(1000)
    assert world.guard.hold is None
    assert not world.datastore.stopped
    assert not world.path.exists()
    assert not world.look(1000)
    assert world.datastore.asked == ["stop", "allow"]
    assert events(capfd) == ["writes_stopped", "writes_allowed"]


def test_one_whose_role_forbids_writes_stays_shut(world: World) -> None:
    world.look(64)
    world.may_write, world.size = False, 2048
    assert world.look(1000)
    assert world.guard.hold is None
    assert world.datastore.stopped


def test_what_can_be_done_without_goes_before_writes_stop(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.datastore.spare = True
    for free in (193, 192, 191, 190):
        world.look(free)
    assert (world.datastore.room_asked, world.datastore.asked) == (1, [])
    assert events(capfd) == ["room_made"]
    for _second in range(40):
        world.look(190)
    assert world.datastore.room_asked == 2
    world.now += 60
    world.datastore.silent = True
    world.look(190)
    assert events(capfd) == ["no_room_made"]


def test_a_fast_writer_is_stopped_earlier_and_in_a_hurry(world: World) -> None:
    world.look(500)
    assert world.look(300)
    assert world.datastore.asked == ["hurry"]


def test_the_hold_outlives_agent_and_datastore(world: World) -> None:
    world.look(64)
    world.guard = world.started()
    assert world.guard.hold is not None
    assert not world.look(64)
    assert world.datastore.asked == ["stop"]
    world.datastore.stopped = False
    assert not world.look(64)
    assert world.datastore.asked == ["stop", "stop"]
    world.guard = world.started()
    assert world.look(500)
    assert not world.datastore.stopped


def test_what_others_stopped_is_not_allowed_again(world: World) -> None:
    world.datastore.stopped = True
    assert world.look(64)
    assert world.look(500)
    assert world.guard.hold is None
    assert world.datastore.stopped
    assert world.datastore.asked == []


def test_what_others_allow_meanwhile_is_stopped_and_then_ours(world: World) -> None:
    world.datastore.stopped = True
    world.look(64)
    world.datastore.stopped = False
    assert world.look(64)
    world.guard = world.started()
    world.look(500)
    assert world.datastore.asked == ["stop", "allow"]


def test_a_datastore_that_does_not_follow(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.datastore.fault = "locked"
    assert world.look(64)
    assert "locked" in world.guard.trouble
    assert world.guard.hold is not None
    assert not world.look(60)
    assert not world.look(50)
    assert not world.look(48)
    assert world.datastore.asked == ["stop", "stop", "stop", "hurry"]
    world.datastore.fault = ""
    assert world.look(48)
    assert world.guard.trouble == ""
    world.datastore.fault = "locked"
    assert world.look(500)
    assert world.guard.hold is not None
    world.datastore.fault = ""
    assert world.look(500)
    assert world.guard.hold is None
    assert events(capfd) == ["guard", "writes_stopped", "guard", "writes_allowed"]


def test_a_datastore_that_does_not_answer_is_stopped_when_it_does(world: World) -> None:
    world.datastore.silent = True
    assert not world.look(64)
    assert (world.guard.hold, world.guard.trouble) == (None, "")
    world.datastore.silent = False
    assert world.look(64)
    assert world.datastore.asked == ["stop"]


def test_nothing_is_done_without_the_volume(world: World) -> None:
    world.look(500)
    world.mounted = False
    assert not world.look(0)
    world.mounted = True
    assert not world.look(100)
    assert world.datastore.asked == []


def test_a_hold_that_cannot_be_written_holds_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr(module, "write_atomic", full)
    assert world.look(64)
    assert world.datastore.stopped
    assert world.look(500)
    assert not world.datastore.stopped
    assert events(capfd) == ["hold_not_kept", "writes_stopped", "writes_allowed"]


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}"])
def test_a_file_that_is_no_hold_is_none(world: World, text: str, capfd: pytest.CaptureFixture[str]) -> None:
    world.path.write_text(text)
    assert world.started().hold is None
    assert events(capfd) == ["hold_invalid"]
