# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a store tells of itself, and what that means."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _heartbeat
from ansible_collections.dbaas.openstack.plugins.module_utils._store_features import (
    Features,
    honoured,
    info_url,
    missing,
    tells_content_type,
    told_tempurl,
)
from hypothesis import given
from hypothesis import strategies as st

# What Swift 2.30 of devcloud answers on /info, without the parts that do not matter here.
SWIFT = {
    "swift": {"version": "2.30.1", "account_autocreate": True, "container_listing_limit": 10000},
    "slo": {"max_manifest_segments": 1000, "min_segment_size": 1},
    "tempurl": {
        "methods": ["GET", "HEAD", "PUT", "POST", "DELETE"],
        "incoming_remove_headers": ["x-timestamp"],
        "outgoing_allow_headers": ["x-object-meta-public-*"],
        "allowed_digests": ["sha1", "sha256", "sha512"],
        "deprecated_digests": ["sha1"],
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["swift", "tempurl", "x"]), inner),
    max_leaves=6,
)


def swift(**tempurl: Any) -> dict[str, Any]:
    return {**SWIFT, "tempurl": {**SWIFT["tempurl"], **tempurl}}


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (SWIFT, True),
        ({key: value for key, value in SWIFT.items() if key != "tempurl"}, False),
        (swift(methods=["GET", "HEAD"]), False),
        (swift(allowed_digests=["sha1"]), False),
        # Ceph RGW tells the methods alone; its digests depend on the release.
        ({"swift": {"max_file_size": 5368709120}, "tempurl": {"methods": ["GET", "HEAD", "PUT"]}}, None),
        ({"error": "no such page"}, None),
        ([], None),
    ],
)
def test_what_swift_tells_of_tempurls(info: Any, expected: bool | None) -> None:
    assert told_tempurl(info) is expected


@given(JSON)
def test_nonsense_is_not_taken_for_a_feature(info: Any) -> None:
    assert told_tempurl(info) in (False, None)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://store:8080/v1/AUTH_1", "http://store:8080/info"),
        ("https://store/swift/v1", "https://store/swift/info"),
        ("https://store/swift/v1/AUTH_v1", "https://store/swift/info"),
    ],
)
def test_where_a_store_tells_of_itself(endpoint: str, url: str) -> None:
    assert info_url(endpoint) == url


@pytest.mark.parametrize(
    ("status", "expected"), [(200, True), (404, True), (401, False), (403, False), (503, None), (429, None)]
)
def test_only_a_refusal_says_no(status: int, expected: bool | None) -> None:
    assert honoured(status) is expected


BEAT = f"{_heartbeat.MEDIA_TYPE};status=ACTIVE;role=primary"


@pytest.mark.parametrize(
    ("listed", "own", "expected"),
    [
        (BEAT, BEAT, True),
        (_heartbeat.MEDIA_TYPE, BEAT, False),
        ("binary/octet-stream", BEAT, False),
        ("text/plain", "text/plain", None),  # somebody else's object shows nothing
        (BEAT, "", None),  # removed in between
    ],
)
def test_listings_that_cut_content_types_are_found(listed: str, own: str, expected: bool | None) -> None:
    assert tells_content_type(listed, own) is expected


@pytest.mark.parametrize(
    ("features", "number"),
    [
        (Features(True), 0),
        (Features(True, None, True, True, True), 0),
        (Features(False, "The store does not answer."), 1),
        (Features(True, None, tempurl=False, tempurl_prefix=False, listed_content_type=False), 3),
        (Features(True, None, True, False, True), 1),
    ],
)
def test_what_is_known_to_be_missing_is_told(features: Features, number: int) -> None:
    told = missing(features)
    assert len(set(told)) == number
    assert all(features.fault in line for line in told if features.fault)
