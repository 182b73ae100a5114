# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What members of a replication set have of the writes, as sets that can be compared. Pure; private to the collection.

Each datastore numbers its writes along several lines, and never gives a number of a line to two different writes:

- MySQL: a line for each server that ever wrote; "UUID:1-5:7,UUID:1-3", with holes.
- MariaDB: a line for each domain and server that ever wrote; "0-1-100,0-2-117". Within a domain numbers only grow
  (`gtid_strict_mode`), so that the last one stands for all before.
- PostgreSQL: a line for each timeline, which begins where its parent ended; "1@0/0:0/3000060,2@0/3000060:0/5000110" in bytes
  of the write-ahead log.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

Interval = tuple[int, int]
"""First number, and the one after the last."""

TRANSACTIONS, BYTES = "transactions", "bytes"


@dataclasses.dataclass(frozen=True)
class History:
    """The numbers of the writes that are there, by line. They are sorted, and do not touch each other. unit: what one number counts.

    shared: whether the lines of a domain, which is what stands before the dash in their names, share its numbers.
    """

    lines: t.Mapping[str, tuple[Interval, ...]]
    unit: str = TRANSACTIONS
    shared: bool = False

    def lacks(self, other: History) -> History:
        """What the other one has, and this one has not."""
        left = {line: _without(theirs, self.lines.get(line, ())) for line, theirs in other.lines.items()}
        return dataclasses.replace(other, lines={line: numbers for line, numbers in left.items() if numbers})

    def has_all_of(self, other: History) -> bool:
        """Whether nothing of the other one is missing."""
        return not self.lacks(other).lines

    def missing(self, other: History) -> int:
        """How much of the other one is missing. Where numbers are shared, those up to the last one here count as here: whose they are, nobody knows."""
        lacking = self.lacks(other)
        if not other.shared:
            return sum(end - first for numbers in lacking.lines.values() for first, end in numbers)
        here, there = self._ends(), other._ends()
        return sum(max(1, there[name] - here.get(name, 1)) for name in {_domain(line) for line in lacking.lines})

    def _ends(self) -> dict[str, int]:
        """After the last number, by domain."""
        ends: dict[str, int] = {}
        for line, numbers in self.lines.items():
            ends[_domain(line)] = max(numbers[-1][1], ends.get(_domain(line), 1))
        return ends

    def shown(self) -> str:
        """The lines with their last numbers, for people."""
        return ", ".join(f"{line}:{numbers[-1][1] - 1}" for line, numbers in sorted(self.lines.items()))


NOTHING = History({})


def _domain(line: str) -> str:
    return line.partition("-")[0]


def _without(theirs: tuple[Interval, ...], ours: tuple[Interval, ...]) -> tuple[Interval, ...]:
    left: list[Interval] = []
    for first, end in theirs:
        begin = first
        for taken_first, taken_end in ours:
            if taken_end <= begin or taken_first >= end:
                continue
            if taken_first > begin:
                left.append((begin, taken_first))
            begin = taken_end
        if begin < end:
            left.append((begin, end))
    return tuple(left)


def joined(numbers: t.Iterable[Interval]) -> tuple[Interval, ...]:
    """The same numbers, sorted, as few intervals as can be."""
    found: list[Interval] = []
    for first, end in sorted(pair for pair in numbers if pair[0] < pair[1]):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((first, end))
    return tuple(found)


def read(kind: str, word: str) -> History:
    """What an agent tells. kind: gtid_set, gtid_state or wal. DbaasError (agent) for a word that is none."""
    try:
        return _READ[kind]("".join(word.split()))
    except (KeyError, ValueError) as fault:
        raise DbaasError("agent", f"{word!r} is no position of kind {kind!r}") from fault


def _collected(pairs: t.Iterable[tuple[str, Interval]], unit: str = TRANSACTIONS, shared: bool = False) -> History:
    lines: dict[str, list[Interval]] = {}
    for line, interval in pairs:
        lines.setdefault(line, []).append(interval)
    return History({line: joined(numbers) for line, numbers in lines.items()}, unit, shared)


def _gtid_set(word: str) -> History:
    def pairs() -> t.Iterator[tuple[str, Interval]]:
        for part in filter(None, word.lower().split(",")):
            server, *rest = part.split(":")
            if not rest:
                raise ValueError(part)
            # MySQL 8.3 and later: a tag stands before the numbers that it is for.
            tag = ""
            for piece in rest:
                if re.fullmatch(r"[a-z_][a-z0-9_]*", piece):
                    tag = f":{piece}"
                    continue
                first, _dash, last = piece.partition("-")
                yield server + tag, (int(first), int(last or first) + 1)

    return _collected(pairs())


def _gtid_state(word: str) -> History:
    def pairs() -> t.Iterator[tuple[str, Interval]]:
        for part in filter(None, word.split(",")):
            domain, server, number = map(int, part.split("-"))
            yield f"{domain}-{server}", (1, number + 1)

    return _collected(pairs(), shared=True)


def _wal(word: str) -> History:
    def pairs() -> t.Iterator[tuple[str, Interval]]:
        for part in filter(None, word.split(",")):
            line, end = part.split(":")
            _timeline, begin = line.split("@")
            yield line, (lsn(begin), lsn(end))

    return _collected(pairs(), BYTES)


def lsn(word: str) -> int:
    """The number of a place in PostgreSQL's write-ahead log, "16/B374D848". ValueError for what is none."""
    high, low = word.split("/")
    return (int(high, 16) << 32) + int(low, 16)


_READ: dict[str, t.Callable[[str], History]] = {"gtid_set": _gtid_set, "gtid_state": _gtid_state, "wal": _wal}
