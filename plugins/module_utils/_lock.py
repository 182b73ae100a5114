# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of an instance: a lease by "claim alone" among the tags of its anchor. Pure; private to the collection.

A claim is a tag. Whoever adds one and then sees no other holds the lock until the claim lapses, by the clock of the
cloud. Neutron's conditional writes are no lock; this needs no more than that a read shows what was added before it.

The protocols are generators: they yield what is to be asked of the cloud and are sent the answer, so that a test can
let any number of them run into each other at every point.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import re
import typing as t

PREFIX = "dbaas-lock"
TAG_LIMIT = 60
"""Characters of a tag that every Neutron takes; newer ones take 255."""
MARGIN = 5
"""Seconds by which the cloud's clocks may differ, or an answer be late."""


OPERATION = re.compile(r"[a-z0-9_]{1,21}")
"""Names of operations: short enough for a tag."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _base36(number: int) -> str:
    """Six digits until the year 2038: tags are short."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim to the lock. since, until: epoch seconds; arguments: a digest; holder: who claims."""

    operation: str
    arguments: str
    holder: str
    since: int
    until: int

    @property
    def tag(self) -> str:
        """The claim as a tag."""
        times = (_base36(self.since), _base36(self.until))
        return ".".join((PREFIX, self.operation, self.arguments, self.holder, *times))

    def same_work(self, other: Claim) -> bool:
        """Whether both are for the same operation with the same arguments: the one may finish the other's work."""
        return (self.operation, self.arguments) == (other.operation, other.arguments)


def digest(arguments: t.Any) -> str:
    """Stands for the arguments of an operation in a claim; hand over no secrets."""
    text = json.dumps(arguments, sort_keys=True, default=sorted)  # what JSON has no word for are sets
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def shown(claim: Claim) -> dict[str, str]:
    """The claim as modules return it, times in ISO 8601."""
    since, until = (
        datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for seconds in (claim.since, claim.until)
    )
    return {"operation": claim.operation, "holder": claim.holder, "since": since, "until": until}


def claims(tags: t.Iterable[str]) -> list[Claim]:
    """The claims among the tags, the oldest first."""
    found = []
    for tag in tags:
        try:
            prefix, operation, arguments, holder, since, until = tag.split(".")
            claim = Claim(operation, arguments, holder, int(since, 36), int(until, 36))
        except ValueError:
            continue
        if prefix == PREFIX:
            found.append(claim)
    return sorted(found, key=lambda claim: (claim.since, claim.holder))


@dataclasses.dataclass(frozen=True)
class Add:
    """Ask for a tag to be added; answered with whether it surely was."""

    tag: str


@dataclasses.dataclass(frozen=True)
class Remove:
    """Ask for a tag to be removed; not being there is as good. The answer does not matter."""

    tag: str


@dataclasses.dataclass(frozen=True)
class Read:
    """Ask for all tags and the time of the cloud; answered with a Reading."""


@dataclasses.dataclass(frozen=True)
class Reading:
    """The tags, and when (epoch seconds by the clock of the cloud) they were read."""

    tags: frozenset[str]
    now: int


@dataclasses.dataclass(frozen=True)
class Outcome:
    """mine: the claim that holds the lock, None without it. held_by: who has it instead; None if nobody is known to."""

    mine: Claim | None = None
    held_by: Claim | None = None


Protocol = t.Generator["Add | Remove | Read", t.Any, Outcome]


def lapsed(claim: Claim, now: int) -> bool:
    """Whether others may take the lock over."""
    return now >= claim.until + MARGIN


def _others(reading: Reading, holder: str) -> list[Claim]:
    return [claim for claim in claims(reading.tags) if claim.holder != holder]


def claim(wanted: Claim, lease: int) -> Protocol:
    """Try once to get the lock.

    Args:
        wanted: operation, arguments and holder count; its times do not.
        lease: seconds for which it is to hold.

    Returns:
        Held; or held by another, whose claim has not lapsed; or neither, when several tried at once: try again later.
    """
    reading = yield Read()
    others = _others(reading, wanted.holder)
    living = [other for other in others if not lapsed(other, reading.now)]
    if living:
        return Outcome(held_by=living[0])
    since = min((other.since for other in others if wanted.same_work(other)), default=reading.now)
    mine = dataclasses.replace(wanted, since=since, until=reading.now + lease)
    alone = bool((yield Add(mine.tag)))
    for other in others:
        yield Remove(other.tag)
    if alone:
        reading = yield Read()
        alone = mine.tag in reading.tags and not _others(reading, mine.holder) and _valid(mine, reading.now)
    if alone:
        return Outcome(mine=mine)
    yield Remove(mine.tag)
    return Outcome()


def renew(mine: Claim, lease: int, *, shorten: bool = False) -> Protocol:
    """Hold the lock for another lease from now on.

    Args:
        mine: the claim that holds the lock.
        lease: seconds.
        shorten: whether a claim that lasts longer than that is cut; the holder counts on no more from the moment that it asks.

    Returns:
        Held; or lost: the claim lapsed and another has the lock, or had it.
    """
    reading = yield Read()
    if mine.tag not in reading.tags:
        return Outcome(held_by=next(iter(_others(reading, mine.holder)), None))
    until = reading.now + lease
    renewed = dataclasses.replace(mine, until=until if shorten else max(mine.until, until))
    if renewed == mine:
        return Outcome(mine=mine)
    if not (yield Add(renewed.tag)):
        return Outcome(mine=mine) if _valid(mine, reading.now) else Outcome()
    reading = yield Read()
    others = _others(reading, mine.holder)
    # Nobody can have taken an old claim for lapsed before the new one stood beside it, unless it is late by now.
    if renewed.tag in reading.tags and (not others or _valid(mine, reading.now)) and _valid(renewed, reading.now):
        yield Remove(mine.tag)
        return Outcome(mine=renewed)
    yield Remove(renewed.tag)
    yield Remove(mine.tag)
    return Outcome(held_by=next(iter(others), None))


def _valid(mine: Claim, now: int) -> bool:
    """Whether the holder itself may still rely on its claim."""
    return now < mine.until


def release(holder: str) -> Protocol:
    """Give the lock back: no claim of the holder is left."""
    reading = yield Read()
    for mine in claims(reading.tags):
        if mine.holder == holder:
            yield Remove(mine.tag)
    return Outcome()


def living(tags: t.Iterable[str], now: int) -> Claim | None:
    """The claim that holds the lock, or is about to; None when the lock is free."""
    return next((claim for claim in claims(tags) if not lapsed(claim, now)), None)
