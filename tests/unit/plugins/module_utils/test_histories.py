# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._histories import BYTES, History, joined, read
from hypothesis import given
from hypothesis import strategies as st

UUID, OTHER = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "4e11fa47-71ca-11e1-9e33-c80aa9429562"

numbers = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4)
histories = st.dictionaries(st.sampled_from("abc"), numbers, max_size=3).map(
    lambda lines: History({line: kept for line, many in lines.items() if (kept := joined(many))})
)


def members(history: History) -> set[tuple[str, int]]:
    return {(line, one) for line, many in history.lines.items() for first, end in many for one in range(first, end)}


@given(histories, histories)
def test_they_are_sets(one: History, other: History) -> None:
    assert members(one.lacks(other)) == members(other) - members(one)
    assert one.has_all_of(other) is (members(other) <= members(one))
    assert one.missing(other) == len(members(other) - members(one))


@pytest.mark.parametrize(
    ("kind", "word", "lines"),
    [
        ("gtid_set", "", {}),
        ("gtid_set", f"{UUID.upper()}:1-3:5,\n{OTHER}:7", {UUID: ((1, 4), (5, 6)), OTHER: ((7, 8),)}),
        ("gtid_set", f"{UUID}:1-2:audit:1-4:9", {UUID: ((1, 3),), f"{UUID}:audit": ((1, 5), (9, 10))}),
        ("gtid_state", "0-1-100,0-2-117,5-1-3", {"0-1": ((1, 101),), "0-2": ((1, 118),), "5-1": ((1, 4),)}),
        (
            "wal",
            "1@0/0:0/3000060,2@0/3000060:1/10",
            {"1@0/0": ((0, 0x3000060),), "2@0/3000060": ((0x3000060, 0x100000010),)},
        ),
    ],
)
def test_what_agents_tell_is_read(kind: str, word: str, lines: dict[str, object]) -> None:
    assert dict(read(kind, word).lines) == lines


def test_a_timeline_that_went_on_after_the_other_left_it_is_more() -> None:
    promoted = read("wal", "1@0/0:0/3000060,2@0/3000060:0/5000000")
    assert promoted.has_all_of(read("wal", "1@0/0:0/3000060"))
    assert promoted.missing(read("wal", "1@0/0:0/3000100")) == 0xA0
    assert promoted.unit == BYTES


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("gtid_set", "nonsense"),
        ("gtid_set", f"{UUID}:a-b"),
        ("gtid_state", "0-1"),
        ("gtid_state", "0-1-x"),
        ("wal", "0/3000060"),
        ("wal", "1@0/0"),
        ("else", ""),
    ],
)
def test_what_is_no_position_is_the_agents_fault(kind: str, word: str) -> None:
    with pytest.raises(DbaasError) as caught:
        read(kind, word)
    assert caught.value.reason == "agent"


@given(histories)
def test_it_is_shown_by_its_ends(one: History) -> None:
    ends = {line: many[-1][1] - 1 for line, many in one.lines.items()}
    assert one.shown() == ", ".join(f"{line}:{ends[line]}" for line in sorted(ends))


@pytest.mark.parametrize(
    ("one", "other", "missing"),
    [
        ("0-1-50", "0-1-50", 0),
        ("0-1-50", "0-1-100,0-2-60", 50),
        ("0-1-50,0-2-60", "0-1-50,0-2-63,1-1-4", 7),
        # It has another 101st one.
        ("0-1-105", "0-1-100,0-2-101", 1),
        ("", "0-1-3", 3),
    ],
)
def test_numbers_that_servers_share_are_counted_once(one: str, other: str, missing: int) -> None:
    assert read("gtid_state", one).missing(read("gtid_state", other)) == missing
    assert read("gtid_state", one).has_all_of(read("gtid_state", other)) is (missing == 0)
