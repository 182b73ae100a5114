# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock: whatever runs into what, nobody ever shares it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _lock
from ansible_collections.dbaas.openstack.plugins.module_utils._lock import (
    Add,
    Claim,
    Outcome,
    Protocol,
    Reading,
    Remove,
)
from hypothesis import given, strategies

LEASE = 60
NOW = 1_800_000_000


class Cloud:
    """Neutron as the protocols see it: an anchor's tags and a clock."""

    def __init__(self, *tags: str) -> None:
        self.tags = {"dbaas", *tags}
        self.now = NOW

    def answer(self, request: Any, fault: str = "") -> Any:
        """fault: the request is lost, or only its answer is."""
        if isinstance(request, Add):
            if fault != "lost":
                self.tags.add(request.tag)
            return not fault
        if isinstance(request, Remove):
            if fault != "lost":
                self.tags.discard(request.tag)
            return None
        return Reading(frozenset(self.tags), self.now)

    def run(self, protocol: Protocol, pause: int = 0) -> Outcome:
        """pause: seconds that pass after a tag was added."""
        answer = None
        while True:
            try:
                answer = self.answer(protocol.send(answer))
            except StopIteration as ended:
                return ended.value
            self.now += pause * (answer is True)


def wanted(holder: str = "a", operation: str = "instance_create", arguments: str = "c0ffee") -> Claim:
    return Claim(operation, arguments, holder, 0, 0)


def held(cloud: Cloud, claim: Claim) -> Claim:
    mine = cloud.run(_lock.claim(claim, LEASE)).mine
    assert mine is not None
    return mine


class Contender:
    """Claims the lock, renews it as often as it gets to, gives it back, and begins again; it may be killed at any point."""

    def __init__(self, holder: str) -> None:
        self.wanted = wanted(holder)
        self.mine: Claim | None = None
        self.protocol: Protocol = _lock.claim(self.wanted, LEASE)
        self.answer: Any = None

    def holds(self, now: int) -> bool:
        return self.mine is not None and now < self.mine.until

    def step(self, cloud: Cloud, then: str, fault: str) -> None:
        """One request; then: what follows when the protocol is at its end."""
        try:
            self.answer = cloud.answer(self.protocol.send(self.answer), fault)
            return
        except StopIteration as ended:
            self.mine = ended.value.mine
        self.answer = None
        if self.mine is not None and then in ("renew", "shorten"):
            lease = LEASE if then == "renew" else LEASE // 4
            self.protocol = _lock.renew(self.mine, lease, shorten=then == "shorten")
            if then == "shorten":
                self.mine = dataclasses.replace(self.mine, until=min(self.mine.until, cloud.now + lease))
        elif self.mine is not None and then == "release":
            self.protocol = _lock.release(self.wanted.holder)
            self.mine = None
        else:
            self.die()

    def die(self) -> None:
        """Another run with the same name: what the killed one left stays in the cloud."""
        self.mine, self.answer = None, None
        name, runs = self.wanted.holder[0], int(self.wanted.holder[1:] or 0)
        self.wanted = dataclasses.replace(self.wanted, holder=f"{name}{runs + 1}")
        self.protocol = _lock.claim(self.wanted, LEASE)


def turmoil(cloud: Cloud, seed: int, turns: int) -> Iterator[list[Contender]]:
    """Contenders that interleave anyhow, lose requests and answers, pause and die; after each turn all of them."""
    chance = random.Random(seed)  # noqa: S311
    contenders = [Contender(holder) for holder in "abc"]
    for _turn in range(turns):
        cloud.now += chance.choices([0, 1, 9, 30, LEASE, LEASE + _lock.MARGIN, 200], [90, 5, 3, 3, 2, 2, 1])[0]
        then = chance.choices(["renew", "shorten", "release", "die"], [5, 1, 3, 1])[0]
        fault = chance.choices(["", "lost", "answer"], [95, 2, 3])[0]
        chance.choice(contenders).step(cloud, then, fault)
        yield contenders


@given(strategies.integers(0, 2**32))
def test_there_are_never_two_holders(seed: int) -> None:
    cloud = Cloud()
    for contenders in turmoil(cloud, seed, 400):
        assert sum(one.holds(cloud.now) for one in contenders) <= 1


@given(strategies.integers(0, 2**32), strategies.integers(0, 60))
def test_a_lock_that_nobody_renews_is_free_again(seed: int, turns: int) -> None:
    cloud = Cloud()
    for _contenders in turmoil(cloud, seed, turns):
        pass
    cloud.now += LEASE + _lock.MARGIN
    assert held(cloud, wanted("later"))
    assert len(_lock.claims(cloud.tags)) == 1


def test_the_second_is_told_who_is_first() -> None:
    cloud = Cloud()
    first = held(cloud, wanted("a"))
    cloud.now += 10
    refused = cloud.run(_lock.claim(wanted("b", "instance_delete"), LEASE))
    assert refused == Outcome(held_by=first)
    assert (first.operation, first.since) == ("instance_create", NOW)
    cloud.run(_lock.release(first.holder))
    assert held(cloud, wanted("b")).since == NOW + 10


def test_a_lapsed_lock_is_taken_over_and_the_same_work_goes_on_since_it_began() -> None:
    cloud = Cloud()
    first = held(cloud, wanted("a"))
    cloud.now = first.until + _lock.MARGIN - 1
    assert cloud.run(_lock.claim(wanted("b"), LEASE)).held_by == first
    cloud.now += 1
    assert held(cloud, wanted("b")).since == NOW
    assert cloud.run(_lock.renew(first, LEASE)).mine is None


def test_a_lock_that_another_had_meanwhile_is_lost() -> None:
    cloud = Cloud()
    first = held(cloud, wanted("a"))
    cloud.now = first.until + _lock.MARGIN
    cloud.run(_lock.release(held(cloud, wanted("b")).holder))
    assert cloud.run(_lock.renew(first, LEASE)) == Outcome()


@pytest.mark.parametrize("renewing", [False, True])
def test_an_answer_that_comes_after_the_lease_is_no_lock(renewing: bool) -> None:
    cloud = Cloud()
    protocol = _lock.renew(held(cloud, wanted()), 2 * LEASE) if renewing else _lock.claim(wanted(), LEASE)
    assert cloud.run(protocol, pause=2 * LEASE) == Outcome()
    assert _lock.claims(cloud.tags) == []


def test_other_work_begins_anew() -> None:
    cloud = Cloud()
    cloud.now = held(cloud, wanted("a")).until + _lock.MARGIN
    assert held(cloud, wanted("b", arguments="0ddba1")).since == cloud.now


def test_a_renewed_lock_lasts_longer_and_leaves_one_claim() -> None:
    cloud = Cloud()
    first = held(cloud, wanted())
    cloud.now += 20
    longer = cloud.run(_lock.renew(first, LEASE)).mine
    assert longer is not None
    assert (longer.since, longer.until) == (first.since, first.until + 20)
    assert cloud.tags == {"dbaas", longer.tag}


def test_a_lock_can_be_cut_short_and_never_is_by_itself() -> None:
    cloud = Cloud()
    first = held(cloud, wanted())
    assert cloud.run(_lock.renew(first, LEASE // 2)).mine == first
    shorter = cloud.run(_lock.renew(first, LEASE // 2, shorten=True)).mine
    assert shorter is not None
    assert (shorter.until, cloud.tags) == (NOW + LEASE // 2, {"dbaas", shorter.tag})


def test_who_holds_the_lock_can_be_read_off_the_tags() -> None:
    cloud = Cloud()
    first = held(cloud, wanted())
    assert _lock.living(cloud.tags, NOW) == first
    assert _lock.living(cloud.tags, first.until + _lock.MARGIN) is None


@given(
    strategies.from_regex(r"[a-z_]{1,21}", fullmatch=True),
    strategies.integers(0, 2**31),
    strategies.integers(0, 2**31),
)
def test_a_claim_is_a_tag_and_a_tag_a_claim(operation: str, since: int, until: int) -> None:
    claim = Claim(operation, "c0ffee", "a1b2c3", since, until)
    assert len(claim.tag) <= _lock.TAG_LIMIT
    assert _lock.claims(["dbaas", claim.tag, "dbaas-lock.x", "dbaas-lock.a.b.c.0.not-a-number"]) == [claim]


def test_the_digest_of_arguments_does_not_depend_on_their_order() -> None:
    assert _lock.digest({"a": 1, "b": [2]}) == _lock.digest({"b": [2], "a": 1})
    assert _lock.digest({"a": 1}) != _lock.digest({"a": 2})
    assert _lock.digest({"a": frozenset("xyz")}) == _lock.digest({"a": ["x", "y", "z"]})
