# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a log is to those that read it: lines with a cursor after them, wherever they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Piece:
    """Whole lines. name: theirs alone, in their order. cursor: what comes after it begins there."""

    data: bytes
    name: str
    cursor: str

    @property
    def lines(self) -> int:
        return self.data.count(b"\n")


@dataclass(frozen=True)
class Amount:
    """How much of a log there is."""

    bytes: int = 0
    lines: int = 0

    def __add__(self, piece: Piece) -> Amount:
        return Amount(self.bytes + len(piece.data), self.lines + piece.lines)


def amount(pieces: Iterable[Piece]) -> Amount:
    """All of them together."""
    total = Amount()
    for piece in pieces:
        total += piece
    return total


class Source(Protocol):
    """Where a log is kept."""

    def pieces(self, after: str, size: int) -> Iterator[Piece]:
        """What comes after the cursor, or everything after an empty one, in pieces of about so many bytes. AgentError (invalid) when it is no cursor."""

    def tail(self, lines: int, size: int) -> Piece:
        """The last lines, no more than so many and about so many bytes."""

    def lost(self, after: str) -> bool:
        """Whether something that came after the cursor is there no more."""
