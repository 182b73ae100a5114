# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _replica_decision as decision
from ansible_collections.dbaas.openstack.plugins.module_utils._histories import History
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import (
    Decision,
    Limits,
    Member,
    Reign,
    failover,
    switchover,
)
from hypothesis import given
from hypothesis import strategies as st

BASE = History({"old": ((1, 11),), "now": ((1, 6),)})
"""What the primary, which writes into line "now", had when it began."""
REIGN = Reign("a", "now", BASE)


def had(number: int, **own: int) -> History:
    """The base, and so many of the primary's writes after it; own: others by their line."""
    more = {line: ((1, last + 1),) for line, last in own.items()}
    return History({**BASE.lines, "now": ((1, 6 + number),), **more})


def member(name: str, number: int = 0, **change: Any) -> Member:
    return Member(name, **{"received": had(number), "applied": had(number), **change})


def primary(number: int = 9, **change: Any) -> Member:
    return member("a", number, **{"writable": True, **change})


def words(told: Decision) -> list[tuple[str, str]]:
    return [(one.member, one.word) for one in told.blockers]


def test_the_one_with_the_most_takes_over_and_the_others_follow() -> None:
    told = switchover(REIGN, [primary(), member("b", 7), member("c", 9), member("d", 8)])
    assert (told.primary, told.followers, told.left, told.blockers) == ("c", ("d", "b", "a"), (), ())


def test_who_is_asked_for_takes_over() -> None:
    assert switchover(REIGN, [primary(), member("b", 7), member("c", 9)], "b").primary == "b"


def test_what_is_applied_decides_between_two() -> None:
    assert switchover(REIGN, [primary(), member("b", 9, applied=had(3)), member("c", 9, applied=had(4))]).primary == "c"


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (member("b", answers=False), decision.UNREACHABLE),
        (member("b", writable=True), decision.WRITABLE),
        (member("b", received=had(3, own=1)), decision.ERRANT),
        (member("b", received=had(10)), decision.ERRANT),
        (member("b", running=False), decision.STOPPED),
        (member("b", lag=31), decision.LAGGING),
        (member("b", delay=3600, lag=3600), decision.DELAYED),
    ],
)
@pytest.mark.parametrize("wanted", ["b", None])
def test_who_cannot_take_over_is_named(other: Member, word: str, wanted: str | None) -> None:
    told = switchover(REIGN, [primary(), other], wanted)
    assert told.primary == ""
    assert ("b", word) in words(told)


@pytest.mark.parametrize("wanted", ["a", "nobody"])
def test_a_name_that_is_no_replica_is_refused(wanted: str) -> None:
    members = [primary(), member("b", 9)]
    assert words(switchover(REIGN, members, wanted)) == [(wanted, decision.UNKNOWN)]
    gone = [primary(answers=False), member("b", 9)]
    assert (wanted, decision.UNKNOWN) in words(failover(REIGN, gone, wanted, Limits(max_lost=9), fenced=True))


def test_those_that_are_out_of_sight_keep_nobody_from_it() -> None:
    told = switchover(REIGN, [primary(), member("b", 9), member("c", answers=False), member("d", received=had(2, d=1))])
    assert (told.primary, told.followers) == ("b", ("a",))
    assert [(one.member, one.word) for one in told.left] == [("c", decision.UNREACHABLE), ("d", decision.ERRANT)]


def test_one_that_stands_still_follows() -> None:
    assert switchover(REIGN, [primary(), member("b", 9), member("c", 2, running=False)]).followers == ("a", "c")


def test_a_primary_that_is_gone_is_for_a_failover() -> None:
    assert words(switchover(REIGN, [primary(answers=False), member("b", 9)])) == [("a", decision.UNREACHABLE)]


def test_a_primary_that_works_is_not_failed_over() -> None:
    assert (("a", decision.WORKS)) in words(failover(REIGN, [primary(), member("b", 9)], fenced=False))


def test_a_primary_that_could_write_is_fenced_first() -> None:
    members, bounded = [primary(answers=False), member("b", 9)], Limits(max_lost=5)
    assert words(failover(REIGN, members, limits=bounded, fenced=False)) == [("a", decision.UNFENCED)]
    accepted = Limits(max_lost=5, accept_unfenced=True)
    assert failover(REIGN, members, limits=accepted, fenced=False).primary == "b"


SYNCHRONOUS = dataclasses.replace(REIGN, receipts=1, told=had(9))


def test_nothing_is_lost_where_receipts_were_waited_for() -> None:
    members = [primary(answers=False), member("b", 7, synchronous=True), member("c", 8, synchronous=True)]
    told = failover(SYNCHRONOUS, members, fenced=True)
    assert (told.primary, told.followers, told.lost) == ("c", ("b",), 0)


def test_a_receipt_out_of_sight_bounds_nothing() -> None:
    members = [
        primary(answers=False),
        member("b", 7, synchronous=True),
        member("c", answers=False, synchronous=True),
    ]
    told = failover(SYNCHRONOUS, members, fenced=True)
    assert (words(told), told.lost, told.known_lost) == ([("b", decision.LOSS)], None, 2)
    two = dataclasses.replace(SYNCHRONOUS, receipts=2)
    assert failover(two, members, fenced=True).lost == 0


@pytest.mark.parametrize(("max_lost", "primary_"), [(0, ""), (2, ""), (3, "b")])
def test_what_may_be_lost_is_limited(max_lost: int, primary_: str) -> None:
    told = dataclasses.replace(REIGN, told=had(9))
    members = [primary(answers=False), member("b", 6)]
    assert failover(told, members, limits=Limits(max_lost=max_lost), fenced=True).primary == primary_


def test_one_with_less_may_be_asked_for_and_the_others_cannot_go_back() -> None:
    members = [primary(answers=False), member("b", 4), member("c", 6)]
    told = failover(REIGN, members, "b", Limits(max_lost=2), fenced=True)
    assert (told.primary, told.followers, told.known_lost) == ("b", (), 2)
    assert [(one.member, one.word) for one in told.left] == [("c", decision.BEHIND)]
    assert words(failover(REIGN, members, "b", Limits(max_lost=1), fenced=True)) == [("b", decision.LOSS)]


def test_a_delayed_one_that_has_all_of_it_is_the_last_choice() -> None:
    members = [primary(answers=False), member("b", 6, delay=60, applied=had(1)), member("c", 6)]
    assert failover(REIGN, members, limits=Limits(max_lost=1), fenced=True).primary == "c"
    only = [primary(answers=False), member("b", 6, delay=60, applied=had(1))]
    assert failover(REIGN, only, limits=Limits(max_lost=1), fenced=True).primary == "b"


def test_writes_of_its_own_keep_one_from_following_unless_it_takes_them_back() -> None:
    members = [primary(), member("b", 4), member("c", received=had(4, c=1))]
    assert [(one.member, one.word) for one in decision.errant(REIGN, members)] == [("c", decision.ERRANT)]
    assert decision.errant(dataclasses.replace(REIGN, rewinds=True), members) == []


names = st.sampled_from("bcdef")
histories = st.builds(
    lambda number, own: had(number, **({"own": own} if own else {})), st.integers(0, 9), st.sampled_from([0, 0, 0, 2])
)
views = st.builds(
    Member,
    names,
    answers=st.booleans(),
    writable=st.sampled_from([False, False, False, True]),
    running=st.booleans(),
    received=histories,
    applied=histories,
    lag=st.sampled_from([0, 5, 99]),
    delay=st.sampled_from([0, 0, 60]),
    synchronous=st.booleans(),
)
sets = st.builds(
    lambda old, replicas: [old, *replicas],
    st.builds(primary, st.just(9), answers=st.booleans(), writable=st.booleans()),
    st.lists(views, max_size=5, unique_by=lambda one: one.name),
)
reigns = st.builds(Reign, st.just("a"), st.just("now"), st.just(BASE), st.none() | st.just(had(9)), st.integers(0, 3))
limits = st.builds(Limits, st.just(30), st.integers(0, 9), st.booleans())
wishes = st.none() | st.sampled_from("abcx")


@given(reigns, sets, wishes, limits, st.booleans())
def test_there_are_never_two(
    reign: Reign, members: list[Member], wanted: str | None, limit: Limits, fenced: bool
) -> None:
    for told in (switchover(reign, members, wanted, limit), failover(reign, members, wanted, limit, fenced=fenced)):
        assert bool(told.primary) is not bool(told.blockers)
        if not told.primary:
            assert told.followers == ()
            continue
        by_name = {one.name: one for one in members}
        new = by_name[told.primary]
        assert new.answers
        assert not decision.own_writes(new, reign).lines
        # Nobody else may write afterwards: those that answer are told to follow, and none of the rest takes writes.
        placed = {new.name, *told.followers, *(one.member for one in told.left)}
        assert [
            one for one in members if one.answers and one.writable and one.name not in (*told.followers, reign.primary)
        ] == []
        assert placed | {reign.primary} == set(by_name)
        for name in told.followers:
            assert by_name[name].answers
            assert name == reign.primary or new.received.has_all_of(by_name[name].received)


@given(st.data())
def test_no_receipt_is_lost_where_that_is_claimed(data: st.DataObject) -> None:
    """Writes are kept when that many synchronous members have them; the primary is at most one ahead of that."""
    count = data.draw(st.integers(1, 5))
    receipts = data.draw(st.integers(1, count))
    there = data.draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    kept = sorted(there, reverse=True)[receipts - 1]
    answering = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    replicas = [
        member(name, number, answers=answers, synchronous=True)
        for name, number, answers in zip("bcdef", there, answering, strict=False)
    ]
    told = failover(dataclasses.replace(REIGN, receipts=receipts), [primary(answers=False), *replicas], fenced=True)
    if told.primary:
        assert told.lost == 0
        assert {one.name: one for one in replicas}[told.primary].received.has_all_of(had(kept))


@pytest.mark.parametrize(
    ("wanted", "leaving", "waits"),
    [(0, (), 0), (1, (), 1), (2, (), 2), (3, (), 2), (3, ("b",), 1), (1, ("b", "c"), 0)],
)
def test_no_more_receipts_are_waited_for_than_can_come(wanted: int, leaving: tuple[str, ...], waits: int) -> None:
    there = [
        member("a", synchronous=True),
        member("b", synchronous=True, follows=True),
        member("c", synchronous=True, follows=True),
        member("stands", synchronous=True),
        member("gone", synchronous=True, answers=False),
        member("other", follows=True),
    ]
    assert decision.receipts("a", wanted, there, leaving) == waits
