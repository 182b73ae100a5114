# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the files of PostgreSQL's write-ahead log: pure functions."""

from __future__ import annotations


def lsn(text: str) -> int:
    """A place in the log, in bytes from its beginning, from the server's way of writing it: two hexadecimal numbers of 32 bits."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def files_between(timeline: int, start: int, end: int, size: int) -> list[str]:
    """The files that hold the bytes from start up to, and without, end. size: of a file."""
    in_each = (1 << 32) // size
    numbers = range(start // size, -(-end // size))
    return [f"{timeline:08X}{number // in_each:08X}{number % in_each:08X}" for number in numbers]
