# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _replication_set as sets
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from hypothesis import given
from hypothesis import strategies as st

ID = "0f8fad5bd9cb469fa16570867728950e"
ALONE = sets.founded(ID, "a", "gtid_state", "0-1", "0-1-5")
THREE = ALONE.with_member("b").with_member("c", synchronous=True)


def refusal(act: Any) -> str:
    with pytest.raises(DbaasError) as caught:
        act()
    return caught.value.reason


def test_a_set_begins_with_its_primary() -> None:
    assert (ALONE.primary, ALONE.reign, dict(ALONE.members)) == ("a", 1, {"a": sets.Seat(1)})


def test_what_is_kept_is_read_again() -> None:
    assert sets.parse(json.loads(THREE.body()), f"sets/{ID}") == THREE
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


def test_a_decision_knows_it_by_names() -> None:
    told = THREE.as_told({"a": "orders"}, "0-1-7")
    assert (told.primary, told.line, told.receipts) == ("orders", "0-1", 0)
    assert told.told is not None
    assert told.base.missing(told.told) == 2
    assert THREE.as_told({}).told is None
