# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _replication_listing as listing
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import MODES, founded
from hypothesis import given
from hypothesis import strategies as st

ALONE = founded("0f8fad5bd9cb469fa16570867728950e", "6f1c", "gtid_state", "0-1", "0-1-5").with_member("7a3f")


@pytest.mark.parametrize("mode", MODES)
def test_a_listing_tells_primary_and_mode(mode: str) -> None:
    told = listing.parse(listing.content_type(dataclasses.replace(ALONE, mode=mode)))
    assert told == listing.Listed("6f1c", mode, {})
    assert [told.role(uid) for uid in ALONE.members] == ["primary", "replica"]


def test_a_listing_tells_who_follows_a_replica() -> None:
    told = listing.parse(listing.content_type(ALONE.with_member("8b4c").seated("8b4c", follows="7a3f")))
    assert told == listing.Listed("6f1c", "async", {"8b4c": "7a3f"})


@given(st.one_of(st.text(), st.text().map(lambda text: f"{listing.MEDIA_TYPE};{text}")))
def test_whatever_else_stands_there_is_taken(content_type: str) -> None:
    told = listing.parse(content_type)
    assert told is None or told.primary
