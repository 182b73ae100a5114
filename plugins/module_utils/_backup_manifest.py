# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a guest tells of a backup that it has sent, held against what the store has. Pure; private to the collection."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

NAME = "manifest.json"


@dataclasses.dataclass(frozen=True)
class Segment:
    """One piece: its name in the backup's folder, its bytes, and their digests in hexadecimal."""

    name: str
    bytes: int
    md5: str
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """bytes, sha256: of the whole. source_bytes: before compression. position: in the strategy's words. recipients: public keys of age."""

    bytes: int
    source_bytes: int
    sha256: str
    position: t.Mapping[str, t.Any]
    recipients: t.Sequence[str]
    segments: t.Sequence[Segment]


def parse(content: bytes) -> Manifest:
    """DbaasError (conflict) when it is none, or contradicts itself: a guest wrote it."""
    try:
        told = json.loads(content)
        segments = [Segment(**row) for row in told.pop("segments")]
        found = Manifest(segments=segments, **told)
        names = [one.name for one in segments]
        agrees = (
            names == [f"{number:08d}" for number in range(len(names))]
            and found.bytes == sum(one.bytes for one in segments)
            and found.sha256 == whole(segments)
            and isinstance(found.position, dict)
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        agrees = False
    if not agrees:
        raise DbaasError("conflict", "the guest's manifest of the backup contradicts itself: take the backup again")
    return found


def whole(segments: t.Iterable[Segment]) -> str:
    """As the agent computes it: SHA-256 of the segments' SHA-256, in their order, each in hexadecimal and a line."""
    return hashlib.sha256("".join(f"{one.sha256}\n" for one in segments).encode()).hexdigest()


def not_as_told(segments: t.Iterable[Segment], rows: t.Iterable[t.Mapping[str, t.Any]]) -> list[Segment]:
    """The segments that a listing (name without its folder, bytes, hash) does not show as they should be."""
    seen = {row["name"]: (row["bytes"], row["hash"]) for row in rows}
    return [one for one in segments if seen.get(one.name) != (one.bytes, one.md5)]
