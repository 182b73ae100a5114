# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of a backup in the store, and what the manifest tells of them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Segment:
    """One piece: its name in the backup's folder, its bytes, and their digests in hexadecimal."""

    name: str
    bytes: int
    md5: str
    sha256: str


def segment(number: int, data: bytes) -> Segment:
    """The piece of this number, from 0."""
    # The store's own check of what it took (ETag) is an MD5.
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return Segment(f"{number:08d}", len(data), md5, hashlib.sha256(data).hexdigest())


def whole(segments: Iterable[Segment]) -> str:
    """The digest of a backup: SHA-256 of its segments' SHA-256, in their order, each in hexadecimal and a line."""
    return hashlib.sha256("".join(f"{one.sha256}\n" for one in segments).encode()).hexdigest()


def manifest(segments: Sequence[Segment]) -> dict[str, Any]:
    """bytes and sha256 of the whole, and the segments in order."""
    total = sum(one.bytes for one in segments)
    return {"bytes": total, "sha256": whole(segments), "segments": [asdict(one) for one in segments]}


def cut(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    """What is read, in pieces of the size; the last may be shorter, and an empty stream has none."""
    while piece := read(size):
        yield piece


def listed(told: Any) -> list[Segment]:
    """The segments of a manifest; ValueError when it is none."""
    try:
        segments = [Segment(**row) for row in told["segments"]]
        if [one.name for one in segments] != [f"{number:08d}" for number in range(len(segments))]:
            raise ValueError("its segments are not in order")
        if not all(isinstance(one.bytes, int) and isinstance(one.sha256, str) for one in segments):
            raise ValueError("its segments are none")
    except (KeyError, TypeError) as fault:
        raise ValueError(f"it is no manifest of a backup ({fault})") from fault
    return segments


def is_intact(one: Segment, data: bytes) -> bool:
    """Whether the data are the segment's."""
    return len(data) == one.bytes and hashlib.sha256(data).hexdigest() == one.sha256
