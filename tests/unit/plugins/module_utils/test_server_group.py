# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import server_tag
from ansible_collections.dbaas.openstack.plugins.module_utils._server_group import server_group_of

OURS, OTHERS = "0f8fad5bd9cb469fa16570867728950e", "7c9e6679742540de944be07fc1f90ae7"


def group(name: str, *members: str) -> types.SimpleNamespace:
    return types.SimpleNamespace(id=f"id-{name}", name=name, policy="affinity", policies=None, member_ids=members)


@pytest.mark.parametrize(
    ("there", "living", "owned", "shared"),
    [
        (group(server_tag(OURS), "s-1"), {OURS}, True, False),
        (group(server_tag(OURS)), {OURS}, True, False),
        (group(server_tag(OURS), "s-1", "s-2"), {OURS, OTHERS}, True, True),
        (group(server_tag(OURS), "s-2"), {OURS, OTHERS}, True, True),
        (group(server_tag(OTHERS), "s-1", "s-2"), {OURS, OTHERS}, False, True),
        (group(server_tag(OTHERS), "s-1"), {OURS, OTHERS}, False, False),
        (group(server_tag(OTHERS), "s-1", "s-2"), {OURS}, True, True),
        (group(server_tag(OTHERS), "s-1"), {OURS}, True, False),
        (group("dbaas-of-a-user", "s-1"), {OURS}, False, False),
    ],
)
def test_a_group_is_left_to_those_that_joined_it(
    there: types.SimpleNamespace, living: set[str], owned: bool, shared: bool
) -> None:
    found = server_group_of([group("another", "s-9"), there], OURS, {"s-1"}, living.__contains__)
    assert found is not None
    assert (found.id, found.owned, found.shared) == (there.id, owned, shared)


def test_who_joined_none_has_none() -> None:
    groups = [group("another", "s-9"), group(server_tag(OTHERS), "s-2")]
    assert server_group_of(groups, OURS, {"s-1"}, {OURS, OTHERS}.__contains__) is None


def test_the_group_that_was_made_for_it_comes_first() -> None:
    groups = [group("another", "s-1"), group(server_tag(OURS))]
    found = server_group_of(groups, OURS, {"s-1"}, {OURS}.__contains__)
    assert found is not None
    assert found.name == server_tag(OURS)
