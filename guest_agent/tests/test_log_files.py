# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from dbaas_agent.drivers.postgresql.log_files import files_between, lsn
from hypothesis import given
from hypothesis import strategies as st

SIZES = st.integers(min_value=20, max_value=30).map(lambda power: 1 << power)
TIMELINES = st.integers(min_value=1, max_value=(1 << 32) - 1)
FIRSTS = st.integers(min_value=0, max_value=(1 << 60) - 1)
LENGTHS = st.floats(min_value=0, max_value=20)


def first_byte(name: str, size: int) -> int:
    """A file's second part counts 4 GiB, its third the files in them."""
    return (int(name[8:16], 16) << 32) + int(name[16:], 16) * size


@given(TIMELINES, FIRSTS, LENGTHS, SIZES, st.floats(min_value=0, max_value=1, exclude_max=True))
def test_every_byte_lies_in_one_file(timeline: int, start: int, length: float, size: int, where: float) -> None:
    end = start + int(length * size) + 1
    byte = start + int(where * (end - start))
    begins = [first_byte(name, size) for name in files_between(timeline, start, end, size)]
    assert sum(begin <= byte < begin + size for begin in begins) == 1


@given(TIMELINES, FIRSTS, LENGTHS, SIZES)
def test_the_files_are_those_that_are_needed_in_their_order(
    timeline: int, start: int, length: float, size: int
) -> None:
    end = start + int(length * size) + 1
    names = files_between(timeline, start, end, size)
    begins = [first_byte(name, size) for name in names]
    assert begins == list(range(start - start % size, end, size))
    assert names == sorted(set(names))
    assert {(len(name), int(name[:8], 16)) for name in names} == {(24, timeline)}


def test_what_the_server_calls_them() -> None:
    files = files_between(1, lsn("0/FEFFFFFF"), lsn("1/1"), 16 << 20)
    assert files == ["0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000"]


@pytest.mark.parametrize("place", ["0/0", "0/5000000"])
def test_nothing_is_in_no_file_at_the_beginning_of_one(place: str) -> None:
    assert files_between(1, lsn(place), lsn(place), 1 << 20) == []


@given(st.integers(min_value=0, max_value=(1 << 64) - 1))
def test_a_place_is_read_as_the_server_writes_it(place: int) -> None:
    assert lsn(f"{place >> 32:X}/{place & 0xFFFFFFFF:X}") == place
