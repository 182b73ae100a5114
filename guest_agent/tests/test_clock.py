# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the guest's clock is off."""

from __future__ import annotations

import math
from email.utils import formatdate

import pytest
from dbaas_agent import clock as module
from dbaas_agent.clock import Clock, wrong
from hypothesis import given, strategies

NOW = 1_795_000_000.0
ERAS = strategies.floats(-(10.0**8), 10.0**8)


class World:
    """Both clocks of a guest and the store's, moved by hand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.passed = 1000.0
        self.guest = NOW
        self.store = NOW
        patch.setattr(module.time, "monotonic", lambda: self.passed)
        patch.setattr(module.time, "time", lambda: self.guest)

    def passes(self, seconds: float) -> None:
        self.passed += seconds
        self.guest += seconds
        self.store += seconds

    def ask(self, clock: Clock, there: float = 0.0, back: float = 0.0) -> None:
        sent = self.passed
        self.passes(there)
        date = formatdate(math.floor(self.store), usegmt=True)
        self.passes(back)
        clock.heard(date, sent, self.passed)


@given(ERAS, strategies.floats(0, 1), strategies.floats(0, 10), strategies.floats(0, 10), strategies.floats(0, 10**6))
def test_the_offset_is_right_within_the_grain_and_half_the_way(
    ahead: float, fraction: float, there: float, back: float, later: float
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        world, clock = World(patch), Clock()
        world.store += fraction
        world.guest += fraction + ahead
        world.ask(clock, there, back)
        world.passes(later)
        offset = clock.offset()
    assert offset is not None
    assert abs(offset - ahead) <= 1.01 + abs(there - back) / 2


def test_dates_that_differ_by_their_grain_alone_leave_the_offset_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    world, clock = World(monkeypatch), Clock()
    offsets = set()
    for _dummy in range(50):
        world.passes(0.37)
        world.ask(clock)
        offsets.add(clock.offset())
    assert len(offsets) == 1


def test_a_step_of_the_guests_clock_shows_before_the_next_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    world, clock = World(monkeypatch), Clock()
    world.ask(clock)
    world.guest -= 3600
    offset = clock.offset()
    assert offset is not None
    assert wrong(offset)
    assert abs(offset + 3600) <= 1


def test_a_step_of_the_stores_clock_shows_with_its_next_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    world, clock = World(monkeypatch), Clock()
    world.ask(clock)
    world.store += 100
    world.ask(clock)
    offset = clock.offset()
    assert offset is not None
    assert abs(offset + 100) <= 1


@pytest.mark.parametrize("date", [None, "", "nonsense", "Sat, 99 Nov 2026 99:99:99 GMT"])
def test_an_answer_without_a_date_says_nothing(date: str | None) -> None:
    clock = Clock()
    clock.heard(date, 1.0, 2.0)
    assert clock.offset() is None


@pytest.mark.parametrize(("offset", "is_wrong"), [(None, False), (0, False), (30, False), (31, True), (-31, True)])
def test_wrong(offset: int | None, is_wrong: bool) -> None:
    assert wrong(offset) is is_wrong
