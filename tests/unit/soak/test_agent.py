# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the soak of the agent calls flat."""

from __future__ import annotations

from hypothesis import given, strategies

from tests.soak.agent import TOLERANCE, growth, judged

FLAT = {"rss_kib": 20000, "descriptors": 9, "threads": 4}


@given(strategies.lists(strategies.integers(-128, 128), min_size=30, max_size=200), strategies.integers(0, 50000))
def test_noise_within_the_tolerance_is_flat(noise: list[int], level: int) -> None:
    values = [level + one for one in noise]
    assert growth(values) <= TOLERANCE["rss_kib"]


@given(strategies.integers(30, 500), strategies.integers(1, 100))
def test_a_steady_rise_grows_by_a_third_of_it(count: int, step: int) -> None:
    assert abs(growth([step * place for place in range(count)]) - step * count / 3) <= 2 * step


def test_the_warming_up_does_not_count() -> None:
    assert growth([*range(100), *[100] * 200]) == 0


def test_each_figure_is_judged_by_its_own_tolerance() -> None:
    leak = [{**FLAT, "descriptors": 9 + place // 10} for place in range(90)]
    shown = judged(leak)
    assert {name: figure["flat"] for name, figure in shown.items()} == {
        "rss_kib": True,
        "descriptors": False,
        "threads": True,
    }
    assert shown["descriptors"]["peak"] == 17
