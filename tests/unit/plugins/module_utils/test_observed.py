# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two anchors of one name: whatever the order of what several runs do, one comes into force."""

from __future__ import annotations

import dataclasses
import random

from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import TAG
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Group, outranked
from hypothesis import given
from hypothesis import strategies as st

PATIENCE = 4
"""Looks after which a run that could come first yields all the same."""


class Maker:
    """A run that makes an anchor: adds it, looks until it stands alone or yields, tags it. It may be killed at any point."""

    def __init__(self, number: int, created_at: str) -> None:
        self.group = Group(f"sg-{number}", "orders", created_at=created_at)
        self.next = "create"
        self.looks = 0

    def step(self, cloud: dict[str, Group]) -> None:
        if self.next == "create":
            cloud[self.group.id] = self.group
            self.next = "look"
        elif self.next == "look":
            self.looks += 1
            verdict = outranked(self.group.id, list(cloud.values()))
            if verdict is False:
                self.next = "tag"
            elif verdict or self.looks >= PATIENCE:
                self.next = "yield"
        elif self.next == "yield":
            del cloud[self.group.id]
            self.next = "end"
        elif self.next == "tag":
            cloud[self.group.id] = dataclasses.replace(self.group, tags=frozenset({TAG}))
            self.next = "end"


@given(st.integers(0, 2**32), st.booleans())
def test_two_anchors_are_never_both_in_force(seed: int, deadly: bool) -> None:
    chance = random.Random(seed)  # noqa: S311
    cloud: dict[str, Group] = {}
    # Clocks of Neutron's workers differ, and tell seconds: later made may be older by its date.
    makers = [Maker(number, f"2026-11-21T00:00:0{chance.randrange(2)}Z") for number in range(3)]
    while alive := [maker for maker in makers if maker.next != "end"]:
        maker = chance.choice(alive)
        maker.step(cloud)
        if deadly and chance.random() < 0.1:
            maker.next = "end"
    assert sum(TAG in group.tags for group in cloud.values()) <= 1


def test_who_stands_alone_goes_on_and_who_comes_second_yields() -> None:
    older, younger = Group("b", "orders", created_at="1"), Group("a", "orders", created_at="2")
    assert outranked("a", [younger]) is False
    assert outranked("a", [younger, older]) is True
    assert outranked("b", [younger, older]) is None
    in_force = dataclasses.replace(younger, tags=frozenset({TAG}))
    assert outranked("b", [in_force, older]) is True
