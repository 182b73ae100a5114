# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of `./dev soak replication` shows. Pure; all times are seconds of one clock that does not go back."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import Decision


@dataclasses.dataclass(frozen=True)
class Look:
    """Somebody asked a member to take a write. writable: it said that it did; one that does not answer does not say so."""

    member: str
    began: float
    ended: float
    writable: bool


@dataclasses.dataclass(frozen=True)
class Acknowledged:
    """A row of which a client was told that it is kept."""

    at: float
    member: str
    id: int


def two_writers(looks: Iterable[Look]) -> list[Look]:
    """The looks at a member that took a write while another one took writes, too.

    That is proven where the other one took a write before and after, and refused none between: it would have had to change its part twice in
    that time. Two looks at different moments prove nothing. The looks at each member come one after the other.
    """
    found: dict[str, list[Look]] = {}
    for look in sorted(looks, key=lambda one: one.began):
        found.setdefault(look.member, []).append(look)
    return [
        look
        for member, mine in found.items()
        for look in mine
        if look.writable and any(_took_writes(found[other], look) for other in found if other != member)
    ]


def _took_writes(looks: Sequence[Look], during: Look) -> bool:
    """Whether the last look before, the first one after, and all between found it so."""
    first = bisect.bisect_right(looks, during.began, key=lambda one: one.ended) - 1
    last = bisect.bisect_left(looks, during.ended, key=lambda one: one.began)
    return first >= 0 and last < len(looks) and all(look.writable for look in looks[first : last + 1])


def gap(rows: Sequence[Acknowledged], since: float) -> float:
    """The longest time without a row that ended after that moment."""
    pairs = itertools.pairwise(rows)
    return max((after.at - before.at for before, after in pairs if after.at > since), default=0.0)


def share(values: Iterable[float], part: float) -> float | None:
    """The smallest of the values that so great a part of them does not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(part * len(ordered)) - 1] if ordered else None


def spread(values: Sequence[float]) -> dict[str, Any]:
    """For the figures."""
    named = {"p50": share(values, 0.5), "p95": share(values, 0.95), "max": max(values, default=None)}
    return {"count": len(values), **{name: value and round(value, 2) for name, value in named.items()}}


def loss_faults(told: Decision, lost: int, missing: int) -> list[str]:
    """Where what was told of a loss is not so.

    lost: rows that clients were told are kept, and are gone: each of them is a transaction, and a byte at least. missing: how much the old
    primary has, in what the decision counts, that the new one had not when it began.
    """
    faults = []
    if told.lost is not None and lost > told.lost:
        faults.append(f"{lost} rows are lost, where {told.lost} {told.unit} at most were told of")
    if told.known_lost > missing:
        faults.append(f"{told.known_lost} {told.unit} were told to be gone for certain, and {missing} are")
    return faults
