# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _heartbeat
from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import Heartbeat
from hypothesis import given
from hypothesis import strategies as st

PARAMETER = st.sampled_from(["status", "cause", "role", "lag", "replicates", "used", "expires", "", "=", "x"])
JUNK = st.lists(st.tuples(PARAMETER, st.text(max_size=20))).map(lambda pairs: ";".join(f"{k}={v}" for k, v in pairs))


@given(st.one_of(st.text(), JUNK.map(lambda text: f"{_heartbeat.MEDIA_TYPE};{text}"), JUNK))
def test_parse_takes_anything(content_type: str) -> None:
    beat = _heartbeat.parse(content_type, 1.0)
    assert beat is None or isinstance(beat, Heartbeat)
    assert (beat is None) == (content_type.split(";", maxsplit=1)[0].strip() != _heartbeat.MEDIA_TYPE)


def test_parse_reads_what_swift_lists() -> None:
    told = f"{_heartbeat.MEDIA_TYPE};status=ACTIVE;role=primary;lag=0;used=12;expires=1795000000"
    assert _heartbeat.parse(told, 4.5) == Heartbeat("ACTIVE", "primary", 0, 12, 1795000000, 4.5)


def test_the_cause_of_a_status_is_told() -> None:
    told = f"{_heartbeat.MEDIA_TYPE};status=BLOCKED;cause=space;role=primary;lag=0;used=95"
    assert _heartbeat.parse(told, 1) == Heartbeat("BLOCKED", "primary", 0, 95, age=1, cause="space")


def test_whether_a_replica_replicates_is_told() -> None:
    told = f"{_heartbeat.MEDIA_TYPE};status=ACTIVE;role=replica;lag=3;replicates="
    assert [_heartbeat.parse(told + word, 0).replicates for word in ("yes", "no", "maybe")] == [True, False, None]  # type: ignore[union-attr]


def test_blanks_that_other_stores_keep_do_not_matter() -> None:
    assert _heartbeat.parse(f"{_heartbeat.MEDIA_TYPE}; status=FAILED; lag=7", 0) == Heartbeat("FAILED", lag=7)


@pytest.mark.parametrize("value", ["", "x", "-1", "1e9", "9" * 5000, "\u00b2"])
def test_a_number_that_cannot_be_right_is_not_told(value: str) -> None:
    beat = _heartbeat.parse(f"{_heartbeat.MEDIA_TYPE};status=ACTIVE;lag={value};used={value};expires={value}", 0)
    assert beat == Heartbeat("ACTIVE", lag=None, used=None, expires=0)


@pytest.mark.parametrize(("age", "stale"), [(0, False), (90, False), (90.1, True)])
def test_three_beats_missed_is_stale(age: float, stale: bool) -> None:
    assert Heartbeat("ACTIVE", age=age).stale is stale


@pytest.mark.parametrize(
    ("written", "age"),
    [
        ("2026-11-20T17:59:30.250000", 29.75),
        ("2026-11-20T17:59:30", 30.0),
        ("2026-11-20T17:59:30.250Z", 29.75),
        ("2026-11-20T18:00:30", 0.0),
    ],
)
def test_age_of_row(written: str, age: float) -> None:
    assert _heartbeat.age_of_row(written, "Fri, 20 Nov 2026 18:00:00 GMT") == age


def test_age_of_object() -> None:
    assert _heartbeat.age_of_object("Fri, 20 Nov 2026 17:58:00 GMT", "Fri, 20 Nov 2026 18:00:00 GMT") == 120
    assert _heartbeat.age_of_object("Fri, 20 Nov 2026 18:00:01 GMT", "Fri, 20 Nov 2026 18:00:00 GMT") == 0
