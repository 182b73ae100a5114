# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _histories
from ansible_collections.dbaas.openstack.plugins.module_utils import _replication_set as sets
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import Member, own_writes
from hypothesis import given
from hypothesis import strategies as st

ID = "0f8fad5bd9cb469fa16570867728950e"
ALONE = sets.founded(ID, "a", "gtid_state", "0-1", "0-1-5")
THREE = ALONE.with_member("b").with_member("c").seated("c", synchronous=False)
CASCADE = ALONE.with_member("b").with_member("c").with_member("d").seated("c", follows="b").seated("d", follows="c")


def refusal(act: Any) -> str:
    with pytest.raises(DbaasError) as caught:
        act()
    return caught.value.reason


def test_a_set_begins_with_its_primary() -> None:
    assert (ALONE.primary, ALONE.reign, dict(ALONE.members)) == ("a", 1, {"a": sets.Seat(1)})


def test_what_is_kept_is_read_again() -> None:
    assert sets.parse(json.loads(THREE.body()), f"sets/{ID}") == THREE
    assert sets.parse(json.loads(CASCADE.body()), f"sets/{ID}") == CASCADE
    older = json.loads(THREE.body())
    for seat in older["members"].values():
        del seat["follows"], seat["delay"]
    assert sets.parse(older, f"sets/{ID}") == THREE
    newer = {**json.loads(THREE.body()), "colour": "red"}
    newer["members"]["a"]["mood"] = "good"
    assert sets.parse(newer, f"sets/{ID}") == THREE


@pytest.mark.parametrize(
    "damage",
    [
        None,
        [],
        {},
        {"members": None},
        {"members": {"b": {"server_id": 2}}},
        {"members": {"a": 1}},
        {"id": "x"},
        {"base": "nonsense"},
        {"kind": "else"},
        {"mode": "hope"},
    ],
)
def test_what_is_damaged_is_a_conflict(damage: Any) -> None:
    body = {**json.loads(THREE.body()), **damage} if damage else damage
    assert refusal(lambda: sets.parse(body, f"sets/{ID}")) == "conflict"
    assert refusal(lambda: sets.parse(json.loads(THREE.body()), "sets/other")) == "conflict"


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("bcdef")), max_size=20))
def test_no_number_is_given_twice(steps: list[tuple[bool, str]]) -> None:
    given_: dict[int, str] = {}
    now = ALONE
    for comes, uid in steps:
        before = set(now.members)
        now = now.with_member(uid) if comes else now.without_member(uid)
        if comes and uid not in before:
            assert now.members[uid].server_id not in given_
            given_[now.members[uid].server_id] = uid
    assert "a" in now.members


def test_another_one_reigns() -> None:
    under = THREE.under("b", "0-2", "0-1-9")
    assert (under.primary, under.reign, under.line, under.base) == ("b", 2, "0-2", "0-1-9")
    assert under.under("b", "0-2", "0-2-99") == under
    assert refusal(lambda: THREE.under("z", "0-9", "")) == "not_found"
    assert refusal(lambda: under.without_member("b")) == "not_actionable"
    assert set(under.without_member("a").members) == {"b", "c"}


def test_a_set_has_the_mode_of_its_datastore() -> None:
    assert refusal(lambda: ALONE.guarded("sync", 1)) == "invalid"
    assert refusal(lambda: ALONE.guarded("semi_sync", 2)) == "invalid"
    wal = sets.founded(ID, "a", "wal", "1@0/0", "1@0/0:0/5").with_member("b")
    assert refusal(lambda: wal.guarded("semi_sync", None)) == "invalid"
    guarded = wal.guarded("sync", None)
    assert (guarded.mode, guarded.wanted, guarded.receipts) == ("sync", 1, 0)
    assert guarded.guarded(None, 3).wanted == 3
    assert guarded.waiting_for(1).guarded("async", None) == wal
    assert wal.guarded(None, None) == wal


def test_another_primary_waits_for_nobody_yet() -> None:
    guarded = THREE.guarded("semi_sync", None).waiting_for(1)
    assert guarded.receipts == 1
    assert guarded.under("b", "0-2", "0-1-9").receipts == 0
    assert guarded.without_member("b").receipts == 0


def test_those_who_count_are_told_to_all_members() -> None:
    asynchronous, guarded = THREE.seat("b"), THREE.guarded("semi_sync", None).waiting_for(1).seat("a")
    assert asynchronous is not None
    assert guarded is not None
    assert asynchronous["receivers"] == []
    assert (guarded["receipts"], guarded["wanted"], guarded["receivers"]) == (1, 1, [sets.account("b")])


def test_each_is_told_who_follows_it() -> None:
    told = {uid: CASCADE.seat(uid) or {} for uid in "abcd"}
    assert {uid: seat["followers"] for uid, seat in told.items()} == {
        "a": [sets.account("b")],
        "b": [sets.account("c")],
        "c": [sets.account("d")],
        "d": [],
    }


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("come"), st.sampled_from("bcd"), st.booleans()),
            st.tuples(st.just("go"), st.sampled_from("bcd")),
            st.tuples(st.just("lead"), st.sampled_from("abcd")),
            st.tuples(st.just("guard"), st.sampled_from(["async", "sync"]), st.integers(1, 4)),
            st.tuples(st.just("wait"), st.integers(0, 4)),
        ),
        max_size=20,
    )
)
def test_nobody_waits_for_more_than_count_or_are_wanted(steps: list[tuple[Any, ...]]) -> None:
    now = sets.founded(ID, "a", "wal", "1@0/0", "1@0/0:0/5")
    for step, *given_ in steps:
        if step == "come":
            now = now.with_member(given_[0]).seated(given_[0], synchronous=given_[1])
        elif step == "go" and given_[0] != now.primary:
            now = now.without_member(given_[0])
        elif step == "lead" and given_[0] in now.members:
            now = now.under(given_[0], "2@0/5", "1@0/0:0/5")
        elif step == "guard":
            now = now.guarded(*given_)
        elif step == "wait":
            now = now.waiting_for(given_[0])
        assert 0 <= now.receipts <= min(now.wanted, len(now.receivers()))
        assert (now.wanted > 0) is (now.mode == "sync")
        assert sets.parse(json.loads(now.body()), f"sets/{ID}") == now


def test_replicas_follow_replicas() -> None:
    assert list(CASCADE.cascade().items()) == [("b", "a"), ("c", "b"), ("d", "c")]
    # Whoever does not answer is no use to others, who go on below the primary.
    assert CASCADE.cascade(["b"]) == {"c": "a", "d": "c"}
    # One that is primary follows nobody, and does again when it is none any more.
    under = CASCADE.under("c", "0-3", "0-1-9")
    assert under.cascade() == {"a": "c", "b": "c", "d": "c"}
    assert under.under("a", "0-1", "0-3-12").cascade() == CASCADE.cascade()
    # Who followed one that leaves follows the primary.
    left = CASCADE.without_member("b")
    assert left.cascade() == {"c": "a", "d": "c"}
    assert left.with_member("b").cascade() == {"b": "a", "c": "a", "d": "c"}


def test_who_cannot_be_followed_is_refused() -> None:
    for uid, follows in (("b", "d"), ("b", "b"), ("c", "z")):
        assert refusal(lambda uid=uid, follows=follows: CASCADE.seated(uid, follows=follows)) == "invalid"
    kept_behind = CASCADE.seated("d", delay=60)
    assert refusal(lambda: kept_behind.seated("b", follows="d")) == "invalid"
    assert refusal(lambda: CASCADE.seated("c", delay=60)) == "invalid"
    assert refusal(lambda: CASCADE.seated("d", delay=-1)) == "invalid"
    assert refusal(lambda: CASCADE.seated("d", delay=31 * 86400)) == "invalid"
    assert refusal(lambda: CASCADE.seated("a", delay=60)) == "not_actionable"
    assert refusal(lambda: CASCADE.seated("a", follows="b")) == "not_actionable"
    # Its name stands for whoever is primary.
    assert CASCADE.seated("c", follows="a").under("d", "0-4", "0-1-9").upstream("c") == "d"


def test_a_delay_holds_again_when_he_is_a_replica_again() -> None:
    back = CASCADE.seated("d", delay=60).under("d", "0-4", "0-1-9").under("a", "0-1", "0-4-12")
    assert back.members["d"].delay == 60
    assert back.seated("d", delay=0).members["d"].delay == 0


def test_who_follows_a_replica_gives_no_receipts() -> None:
    assert CASCADE.receivers() == ["b"]
    assert CASCADE.under("c", "0-3", "0-1-9").receivers() == ["a", "b", "d"]


def test_a_primary_waits_for_nobody_until_who_does_not_count_any_more_knows_it() -> None:
    wal = sets.founded(ID, "a", "wal", "1@0/0", "1@0/0:0/5").with_member("b").with_member("c")
    guarded = wal.guarded("sync", None).waiting_for(1)
    assert guarded.seated("c", follows="b").receipts == 0
    assert guarded.seated("c", synchronous=False).receipts == 0
    assert guarded.seated("c", delay=5).receipts == 1


_SEAT = st.builds(sets.Seat, st.just(1), st.booleans(), st.sampled_from(["", *"abcdez"]), st.sampled_from([0, 60]))


@given(st.dictionaries(st.sampled_from("bcde"), _SEAT), _SEAT, st.sets(st.sampled_from("bcde")))
def test_from_any_record_everybody_comes_to_the_primary(
    others: dict[str, sets.Seat], first: sets.Seat, absent: set[str]
) -> None:
    found = dataclasses.replace(ALONE, members={"a": first, **others})
    links = found.cascade(absent)
    assert set(links) == set(others) - absent
    told = {"a"}
    for uid, source in links.items():
        assert source in told
        assert source == "a" or source == found.members[uid].follows
        told.add(uid)


@given(st.lists(st.tuples(st.sampled_from("bcde"), st.sampled_from("abcde"), st.sampled_from([0, 60]))))
def test_what_is_taken_holds(wishes: list[tuple[str, str, int]]) -> None:
    now = ALONE
    for uid in "bcde":
        now = now.with_member(uid)
    for uid, follows, delay in wishes:
        try:
            now = now.seated(uid, follows=follows, delay=delay)
        except DbaasError:
            continue
        assert now.upstream(uid) == follows
        assert all(now.upstream(one) == (seat.follows or "a") for one, seat in now.members.items() if one != "a")


def test_where_its_line_begins_is_known_when_it_writes() -> None:
    under = THREE.under("b", "", "0-1-9")
    writes = under.writing("0-2", "0-1-9,0-2-10")
    assert (writes.primary, writes.reign, writes.line, writes.base) == ("b", 2, "0-2", "0-1-9,0-2-10")
    assert writes.writing("0-2", "0-1-9,0-2-99") == writes
    assert under.writing("", "0-1-9,0-2-10") == under
    assert under.writing("0-2", "").base == "0-1-9"


def test_who_has_all_of_a_timeline_that_ended_has_nothing_of_its_own() -> None:
    # A server that was stopped tells the first byte of its last record; the next timeline begins after the last one.
    under = sets.founded(ID, "a", "wal", "1@0/0", "1@0/0:0/100").with_member("b").under("b", "", "1@0/0:0/201")
    follower = _histories.read("wal", "1@0/0:0/278,2@0/278:0/300")
    member = Member("a", received=follower, applied=follower)
    reign = under.writing("2@0/278", "1@0/0:0/278,2@0/278:0/290").as_told({})
    assert reign.rewinds
    assert not own_writes(member, reign).lines
    ahead = dataclasses.replace(member, received=_histories.read("wal", "1@0/0:0/400"))
    assert own_writes(ahead, reign).lines


def test_a_decision_knows_it_by_names() -> None:
    told = THREE.as_told({"a": "orders"}, "0-1-7")
    assert (told.primary, told.line, told.receipts, told.rewinds) == ("orders", "0-1", 0, False)
    assert told.told is not None
    assert told.base.missing(told.told) == 2
    assert THREE.as_told({}).told is None
