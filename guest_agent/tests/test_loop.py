# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop with a faked world around it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from dbaas_agent import loop as module
from dbaas_agent.loop import Loop, beat_due

CALM = {
    "status": "ACTIVE",
    "fault": "",
    "role": "primary",
    "ticket_expires": None,
    "volume": {"used_percent": 12},
    "clock_offset": None,
    "replication": {"source": {"receiving": True, "applying": True}},
}


@pytest.mark.parametrize(
    ("now", "document", "told", "due"),
    [
        (0.0, CALM, None, True),
        (0.0, CALM, CALM, False),
        (10.0, CALM, CALM, True),
        (0.0, {**CALM, "status": "FAILED"}, CALM, True),
        (0.0, {**CALM, "fault": "x"}, CALM, True),
        (0.0, {**CALM, "ticket_expires": 7}, CALM, True),
        (0.0, {**CALM, "volume": None}, CALM, False),
        (0.0, {**CALM, "replication": {"source": {"receiving": False, "applying": True}}}, CALM, True),
        (0.0, {**CALM, "replication": {"source": None}}, CALM, True),
        (0.0, {**CALM, "replication": {**CALM["replication"], "applied": "0-1-2"}}, CALM, False),
    ],
)
def test_beat_due(now: float, document: dict[str, Any], told: dict[str, Any] | None, due: bool) -> None:
    assert beat_due(now, 10.0, document, told) is due


class World:
    """What the loop sees and what it did."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = CALM
        self.offered: list[dict[str, Any]] = []
        self.renewed = threading.Semaphore(0)
        self.end: float | None = None
        self.news = False
        self.guarded = 0

    def guard(self) -> bool:
        self.guarded += 1
        return self.news

    def loop(self, interval: int = 30) -> Loop:
        return self.seeing(lambda: self.document, interval)

    def seeing(self, observe: Callable[[], dict[str, Any]], interval: int = 30) -> Loop:
        return Loop(
            observe, self.offered.append, self.renewed.release, lambda: self.end, guard=self.guard, interval=interval
        )


def test_a_beat_at_first_at_a_change_and_when_woken() -> None:
    world = World()
    made = world.loop()
    for _dummy in range(3):
        made.cycle()
    assert len(world.offered) == 1
    world.document = {**CALM, "status": "FAILED"}
    made.cycle()
    made.cycle()
    assert [document["status"] for document in world.offered] == ["ACTIVE", "FAILED"]
    made.wake()
    made.cycle()
    made.cycle()
    assert len(world.offered) == 3


def test_space_is_logged_at_each_crossing(capfd: pytest.CaptureFixture[str]) -> None:
    world = World()
    made = world.loop()
    for percent in (10, 95, 96, 20, None):
        world.document = {**CALM, "volume": None if percent is None else {"used_percent": percent}}
        made.cycle()
    assert capfd.readouterr().err.count('"space"') == 2


def test_a_wrong_clock_is_logged_at_each_crossing(capfd: pytest.CaptureFixture[str]) -> None:
    world = World()
    made = world.loop()
    for offset in (None, 30, 31, 45, -31, -30, None):
        world.document = {**CALM, "clock_offset": offset}
        made.cycle()
    events = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    clocks = [(event["level"], event["offset"]) for event in events if event["event"] == "clock"]
    assert clocks == [("warning", 31), ("info", -30)]


def test_a_certificate_near_its_end_is_renewed_once_an_hour() -> None:
    world = World()
    made = world.loop()
    world.end = time.time() + 31 * 86400
    made.cycle()
    world.end = time.time() + 29 * 86400
    for _dummy in range(3):
        made.cycle()
    assert world.renewed.acquire(timeout=10)
    assert not world.renewed.acquire(timeout=0.2)


def test_the_watchdog_hears_only_of_completed_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    told: list[str] = []
    monkeypatch.setattr(module, "notify", lambda *lines: told.extend(lines))
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.01)
    cycles = iter(range(3))

    def observe() -> dict[str, Any]:
        if next(cycles, None) is None:
            made.stop()
        assert told.count("WATCHDOG=1") <= 3
        return CALM

    made = world.seeing(observe)
    made.run()
    assert told.count("WATCHDOG=1") == 4
    assert told.count("READY=1") == 1
    assert told[-1] == "STOPPING=1"


def test_a_failing_cycle_tells_the_watchdog_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(module, "notify", lambda *lines: told.extend(lines))

    def observe() -> dict[str, Any]:
        raise RuntimeError

    world = World()
    with pytest.raises(RuntimeError):
        world.seeing(observe).run()
    assert told == []


def test_a_wake_during_a_look_is_not_lost() -> None:
    world = World()
    made = world.loop()
    made.cycle()

    def observe() -> dict[str, Any]:
        made.wake()
        return CALM

    made._observe = observe
    made.cycle()
    made._observe = lambda: CALM
    made.cycle()
    assert len(world.offered) == 2


def test_space_is_guarded_before_each_look_and_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.1)
    world = World()
    guarded: list[int] = []

    def observe() -> dict[str, Any]:
        guarded.append(world.guarded)
        if len(guarded) == 2:
            made.stop()
        return CALM

    made = world.seeing(observe)
    made.run()
    assert guarded[0] == 1
    assert guarded[1] > 2


def test_news_of_the_space_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "CHECK_SECONDS", 3600.0)
    world = World()
    world.news = True
    looks = iter(range(2))

    def observe() -> dict[str, Any]:
        if next(looks, None) is None:
            made.stop()
        return CALM

    made = world.seeing(observe)
    made.run()
    assert world.guarded == 5
