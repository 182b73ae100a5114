# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the soak of replication calls two writers, a gap, and a loss that was not told of."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import Decision
from hypothesis import given, strategies

from tests.soak.replication_judge import Acknowledged, Look, gap, loss_faults, share, spread, two_writers


def looks(member: str, *seen: tuple[float, bool], seconds: float = 0.1) -> list[Look]:
    return [Look(member, began, began + seconds, writable) for began, writable in seen]


B = Look("b", 1.0, 1.1, writable=True)


@pytest.mark.parametrize(
    ("others", "proven"),
    [
        ([(0.5, True), (1.2, True)], True),
        ([(0.5, True), (1.2, False)], False),
        ([(0.5, False), (1.2, True)], False),
        ([(0.5, True)], False),
        ([(1.2, True)], False),
        # One that is under way at the same time says nothing of when it was taken.
        ([(0.95, True), (1.2, True)], False),
        ([(0.5, True), (0.95, True), (1.2, True)], True),
        ([(0.5, True), (1.05, False), (1.2, True)], False),
        ([], False),
    ],
)
def test_two_writers(others: list[tuple[float, bool]], proven: bool) -> None:
    assert (B in two_writers([*looks("a", *others), B])) is proven


def test_a_look_that_found_nothing_proves_nothing() -> None:
    assert two_writers([*looks("a", (0.5, True), (1.2, True)), Look("b", 1.0, 1.1, writable=False)]) == []


@strategies.composite
def handed_over(draw: Any) -> list[Look]:
    """Looks at two members of which at most one takes writes at each moment; a write is taken at some moment of its look."""
    ends = sorted(draw(strategies.lists(strategies.integers(1, 1000), max_size=6)))

    def writes(member: int, moment: int) -> bool:
        return bisect_of(ends, moment) % 2 == member

    made = []
    for member in (0, 1):
        now = 0
        for pause, before, after in draw(strategies.lists(strategies.tuples(*[strategies.integers(1, 60)] * 3))):
            began, moment = now + pause, now + pause + before
            now = moment + after
            made.append(Look(str(member), began, now, writes(member, moment)))
    # Between two handings over of one member the other one is looked at, or it is not known that there were two.
    return made if all(later - earlier > 400 for earlier, later in itertools.pairwise(ends)) else []


def bisect_of(ends: list[int], moment: int) -> int:
    return sum(end <= moment for end in ends)


@given(handed_over())
def test_who_hands_over_once_in_a_while_is_never_taken_for_two(seen: list[Look]) -> None:
    assert two_writers(seen) == []


@given(strategies.floats(0, 10), strategies.floats(0.4, 10))
def test_two_that_take_writes_longer_than_two_looks_are_always_found(begins: float, lasts: float) -> None:
    moments = [step * 0.2 for step in range(110)]
    a = looks("a", *((moment, moment < begins + lasts) for moment in moments), seconds=0.01)
    b = looks("b", *((moment + 0.1, moment + 0.1 >= begins) for moment in moments), seconds=0.01)
    assert two_writers([*a, *b])


def rows(*moments: float) -> list[Acknowledged]:
    return [Acknowledged(at, "a", number) for number, at in enumerate(moments)]


@pytest.mark.parametrize(
    ("moments", "since", "expected"),
    [((), 0, 0), ((1,), 0, 0), ((1, 2, 5, 6), 0, 3), ((1, 2, 5, 6), 4, 3), ((1, 2, 5, 6), 5, 1), ((1, 2), 9, 0)],
)
def test_gap(moments: tuple[float, ...], since: float, expected: float) -> None:
    assert gap(rows(*moments), since) == expected


@given(strategies.lists(strategies.floats(0, 100), min_size=1), strategies.floats(0.01, 1))
def test_a_share_is_a_value_that_so_many_do_not_exceed(values: list[float], part: float) -> None:
    value = share(values, part)
    assert value in values
    assert sum(one <= value for one in values) >= part * len(values)
    assert sum(one < value for one in values) < part * len(values)


def test_spread() -> None:
    assert spread([float(number) for number in range(1, 21)]) == {"count": 20, "p50": 10, "p95": 19, "max": 20}
    assert spread([]) == {"count": 0, "p50": None, "p95": None, "max": None}


@pytest.mark.parametrize(
    ("told", "lost", "missing", "faults"),
    [
        ({"lost": 0}, 0, 0, 0),
        ({"lost": 0}, 1, 1, 1),
        ({"lost": 2}, 2, 2, 0),
        ({"lost": None}, 9, 9, 0),
        ({"lost": None, "known_lost": 3}, 3, 3, 0),
        ({"lost": None, "known_lost": 3}, 2, 2, 1),
        ({"lost": 1, "known_lost": 3}, 2, 2, 2),
    ],
)
def test_loss(told: dict[str, Any], lost: int, missing: int, faults: int) -> None:
    assert len(loss_faults(Decision(primary="b", **told), lost, missing)) == faults
