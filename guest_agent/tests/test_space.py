# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the space, against writers of all paces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dbaas_agent import space
from dbaas_agent.space import LOOK_SECONDS, MIB, Hold, Space
from hypothesis import given
from hypothesis import strategies as st

GIB = 1024 * MIB
SIZES = st.integers(GIB // 2, 16384 * GIB)
PACES = st.integers(0, 4 * GIB)
"""Bytes a second."""


def at(number: float, size: int, free: int) -> Space:
    return Space(size, free, 100 - 100 * free // size, number * LOOK_SECONDS)


def stops(looks: Iterator[Space]) -> Space:
    """The look at which writes are stopped."""
    before = None
    for now in looks:
        if space.must_stop(now, before):
            return now
        before = space.base(now, before)
    pytest.fail("nobody stopped it")


@pytest.mark.parametrize(
    ("size", "kept"),
    [(GIB, 64 * MIB), (2 * GIB, 2 * GIB * 5 // 100), (40 * GIB, 2 * GIB), (16384 * GIB, 2 * GIB)],
)
def test_the_reserve(size: int, kept: int) -> None:
    assert space.reserve(size) == kept


@given(SIZES, st.floats(0.05, 1), st.floats(3, 1000))
def test_a_writer_of_constant_pace_never_fills_the_volume(size: int, room: float, looks: float) -> None:
    """Of any pace that leaves the guard three looks; even what it writes until the next look there is room for."""
    first = int(size * room)
    step = int(first / looks)
    stopped = stops(at(number, size, max(0, first - number * step)) for number in range(1010))
    assert stopped.free > step


@given(SIZES, st.floats(0, 1), st.floats(0.002, 0.99))
def test_one_that_begins_between_two_looks_finds_the_reserve(size: int, room: float, part: float) -> None:
    """Up to what the reserve holds in the time of one look."""
    kept = space.reserve(size)
    first = kept + 1 + int(min(size - kept, 400 * part * kept) * room)
    step = int(kept * part)
    idle = [at(0, size, first), at(1, size, first)]
    busy = (at(2 + number, size, max(0, first - (number + 1) * step)) for number in range(1000))
    assert stops(iter([*idle, *busy])).free > 0


@given(SIZES, st.lists(st.floats(0, 1), min_size=1), PACES)
def test_no_flapping_while_nothing_is_freed(size: int, shares: list[float], pace: int) -> None:
    free = max(space.reserve(size), 2 * pace)
    hold = Hold(free, 90, ours=True)
    for number, share in enumerate(shares):
        free = int(free * share)
        assert not space.may_go_on(at(number, size, free), hold)


@given(SIZES, st.integers(1, 64), st.floats(0.8, 1))
def test_growth_lets_them_go_on_and_stops_nothing(size: int, gib: int, kept: float) -> None:
    """By the least step in which volumes grow; the file system itself takes a twentieth of it."""
    free = space.reserve(size)
    hold = Hold(free, 95, ours=True)
    larger = size + gib * GIB
    grown = at(1, larger, int(free * kept) + gib * GIB * 95 // 100)
    assert space.may_go_on(grown, hold)
    assert not space.must_stop(grown, at(0, size, free))


@given(SIZES, st.integers(0, 10 * GIB), PACES)
def test_writes_that_went_on_are_not_stopped_by_the_same_look(size: int, free: int, pace: int) -> None:
    now, hold = at(1, size, free), Hold(max(space.reserve(size), 2 * pace), 90, ours=True)
    assert not (space.may_go_on(now, hold) and space.must_stop(now, at(0, size, hold.free)))


@pytest.mark.parametrize(
    ("free", "before", "hurry"),
    [(60, 64, False), (60, 75, True), (48, 48, True), (49, 49, False), (60, None, False)],
)
def test_hurry(free: int, before: int | None, hurry: bool) -> None:
    """In MiB: soon full at this pace, or a quarter less than when it was decided."""
    earlier = None if before is None else at(0, GIB, before * MIB)
    assert space.must_hurry(at(1, GIB, free * MIB), earlier, Hold(64 * MIB, 94, ours=True)) is hurry


def test_a_look_of_just_now_is_not_the_base_of_the_next() -> None:
    first, soon, later = at(0, GIB, GIB), at(0.5, GIB, GIB), at(1, GIB, GIB)
    assert space.base(first, None) is first
    assert space.base(soon, first) is first
    assert space.base(later, first) is later


@given(st.integers(0, GIB), st.integers(0, 100), st.booleans())
def test_a_hold_survives_its_file(free: int, percent: int, ours: bool) -> None:
    hold = Hold(free, percent, ours)
    assert space.parse_hold(hold.shown()) == hold


@pytest.mark.parametrize("given_", [{}, {"free": "x", "used_percent": 1, "ours": True}, {"free": None}])
def test_what_is_no_hold_is_refused(given_: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        space.parse_hold(given_)
