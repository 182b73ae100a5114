# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has the addresses of a set, and in which order they are moved."""

from __future__ import annotations

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _endpoint
from ansible_collections.dbaas.openstack.plugins.module_utils._endpoint import (
    ADDRESS,
    AUTO,
    FLOATING,
    KINDS,
    NONE,
    PARTS,
    READER,
    WRITER,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from hypothesis import given
from hypothesis import strategies as st

UIDS = ("a", "b", "c", "d")
ADDRESSES = {WRITER: ["10.0.0.9", "fd00::9"], READER: ["10.0.0.8", "fd00::8"]}
ALL = [one for part in PARTS for one in ADDRESSES[part]]
LEFT = st.dictionaries(st.sampled_from(UIDS), st.frozensets(st.sampled_from(ALL)))
"""Whatever a run that was killed, or a hand, may have left."""


@pytest.mark.parametrize(
    ("asked", "there", "allowed", "kind"),
    [
        (None, "", True, ""),
        (None, FLOATING, True, FLOATING),
        (AUTO, "", True, ADDRESS),
        (AUTO, "", False, FLOATING),
        (AUTO, FLOATING, True, FLOATING),
        (ADDRESS, "", True, ADDRESS),
        (ADDRESS, ADDRESS, False, ADDRESS),
        (FLOATING, "", True, FLOATING),
        (NONE, ADDRESS, True, ""),
        (NONE, "", True, ""),
    ],
)
def test_the_way(asked: str | None, there: str, allowed: bool, kind: str) -> None:
    assert _endpoint.chosen(asked, there, lambda: allowed) == kind


@pytest.mark.parametrize(
    ("asked", "there", "allowed", "reason"),
    [(ADDRESS, "", False, "unsupported"), (ADDRESS, FLOATING, True, "conflict"), (FLOATING, ADDRESS, True, "conflict")],
)
def test_a_way_that_cannot_be_had(asked: str, there: str, allowed: bool, reason: str) -> None:
    with pytest.raises(DbaasError) as caught:
        _endpoint.chosen(asked, there, lambda: allowed)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("kind", "reads", "followers", "reader"),
    [
        (ADDRESS, "", ["b", "c"], "b"),
        (ADDRESS, "c", ["b", "c"], "c"),
        (ADDRESS, "a", ["b", "c"], "b"),
        (ADDRESS, "c", ["b"], "b"),
        (ADDRESS, "c", [], "a"),
        (ADDRESS, "c", None, "c"),
        (ADDRESS, "", None, "a"),
        (FLOATING, "", ["b"], "b"),
        (FLOATING, "a", None, None),
        (FLOATING, "b", [], None),
    ],
)
def test_the_reader_stays_where_it_can(kind: str, reads: str, followers: list[str] | None, reader: str | None) -> None:
    at = _endpoint.holders(kind, "a", reads, followers)
    assert (at[WRITER], at.get(READER)) == ("a", reader)


@given(
    LEFT,
    st.sampled_from(KINDS),
    st.sampled_from(UIDS),
    st.sampled_from(("", *UIDS)),
    st.none() | st.lists(st.sampled_from(UIDS), unique=True),
)
def test_from_whatever_there_is_nobody_shares_an_address_that_was_given(
    left: dict[str, frozenset[str]], kind: str, primary: str, reads: str, followers: list[str] | None
) -> None:
    at = _endpoint.holders(kind, primary, reads, followers)
    wanted = _endpoint.standing(ADDRESSES, at)
    here = {uid: set(addresses) for uid, addresses in left.items()}
    moves = _endpoint.moves(left, wanted)
    before = {one: {uid for uid, addresses in left.items() if one in addresses} for one in ALL}
    for uid, addresses in moves.taken:
        here[uid] -= addresses
    for uid, addresses in moves.given:
        for one in addresses:
            assert not any(one in there for there in here.values())
            assert uid not in before[one]
        here.setdefault(uid, set()).update(addresses)
    assert {uid: there for uid, there in here.items() if there} == {uid: set(there) for uid, there in wanted.items()}
    now = {uid: frozenset(there) for uid, there in here.items()}
    assert not _endpoint.moves(now, wanted).changed
    for one in ADDRESSES[WRITER]:
        assert [uid for uid, there in here.items() if one in there] == [primary]


@given(LEFT, st.sampled_from(UIDS), st.integers(0, 10))
def test_a_move_that_was_stopped_is_gone_on_with(
    left: dict[str, frozenset[str]], primary: str, stopped_after: int
) -> None:
    wanted = _endpoint.standing(ADDRESSES, _endpoint.holders(ADDRESS, primary, "", None))
    here = {uid: set(addresses) for uid, addresses in left.items()}
    moves = _endpoint.moves(left, wanted)
    steps = [*(("take", *one) for one in moves.taken), *(("give", *one) for one in moves.given)]
    for way, uid, addresses in steps[:stopped_after]:
        here[uid] = here.get(uid, set()) - addresses if way == "take" else here.get(uid, set()) | addresses
    again = _endpoint.moves({uid: frozenset(there) for uid, there in here.items()}, wanted)
    rest = [*(("take", *one) for one in again.taken), *(("give", *one) for one in again.given)]
    assert rest == steps[stopped_after:]


def test_pairs_of_others_stay_as_they_are() -> None:
    pairs = [
        {"ip_address": "10.0.0.9", "mac_address": "fa:16:3e:00:00:01"},
        {"ip_address": "10.0.0.0/24", "mac_address": "fa:16:3e:00:00:01"},
        {"ip_address": "fd00::9/128", "mac_address": "fa:16:3e:00:00:01"},
        {"ip_address": "10.0.0.7", "mac_address": "fa:16:3e:00:00:02"},
    ]
    assert _endpoint.without(pairs, {"10.0.0.9", "fd00::9"}) == [pairs[1], pairs[3]]
