# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _backup
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import Summary
from ansible_collections.dbaas.openstack.plugins.module_utils._backup_retention import (
    Policy,
    kept,
    outside,
    removable,
)
from hypothesis import given
from hypothesis import strategies as st

BEGIN = 1_790_000_000


def one(number: int, parent: str = "", created: str = "", **more: Any) -> Summary:
    given = {
        "status": _backup.COMPLETED,
        "created": created or _backup.utc(BEGIN + number * 3600),
        "type": _backup.INCREMENTAL if parent else _backup.FULL,
        **more,
    }
    return Summary(
        id=str(number),
        uid="u",
        name=f"n{number}",
        instance="i",
        datastore="d",
        datastore_version="1",
        parent=parent,
        **given,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Summary]:
    found: list[Summary] = []
    for number in range(draw(st.integers(0, 20))):
        parent = draw(st.sampled_from(["", *(other.id for other in found[-3:])]))
        status = draw(st.sampled_from([_backup.COMPLETED] * 4 + [_backup.FAILED, _backup.BUILDING, _backup.DELETING]))
        created = _backup.utc(BEGIN + draw(st.integers(number * 90_000, (number + 1) * 90_000 - 1)))
        found.append(one(number, parent, created, status=status, expires=draw(st.integers(BEGIN, BEGIN + 10**7))))
    return found


policies = st.builds(Policy, *[st.integers(0, 5)] * 4, st.integers(0, 3))


@given(histories(), policies)
def test_what_stays_can_be_restored(known: list[Summary], policy: Policy) -> None:
    gone = {other.id for other in removable(known, policy, BEGIN + 10**7)}
    stays = [other for other in known if other.id not in gone]
    for other in known:
        if kept(known, policy).get(other.id, ["followed"]) not in (["followed"], ["under way"]):
            assert _backup.chain(stays, other)


@given(histories(), policies)
def test_at_least_the_minimum_stays(known: list[Summary], policy: Policy) -> None:
    good = [other for other in known if "minimum" in kept(known, Policy(minimum=100)).get(other.id, [])]
    gone = {other.id for other in removable(known, policy, BEGIN + 10**7)}
    assert len([other for other in good if other.id not in gone]) >= min(policy.minimum, len(good))


@given(histories(), policies)
def test_it_converges(known: list[Summary], policy: Policy) -> None:
    now = BEGIN + 10**7
    gone = removable(known, policy, now)
    stays = [other for other in known if other not in gone]
    assert removable(stays, policy, now) == []


@given(histories(), policies)
def test_what_follows_goes_first(known: list[Summary], policy: Policy) -> None:
    gone = [other.id for other in removable(known, policy, BEGIN + 10**7)]
    for other in known:
        if other.id in gone and other.parent in gone:
            assert gone.index(other.id) < gone.index(other.parent)


@pytest.mark.parametrize(
    ("policy", "stay"),
    [
        (Policy(minimum=0), []),
        (Policy(minimum=2), ["2026-11-28T09:10:00Z", "2026-11-28T09:50:00Z"]),
        (Policy(hourly=2, minimum=0), ["2026-11-28T08:10:00Z", "2026-11-28T09:50:00Z"]),
        (Policy(daily=2, minimum=0), ["2026-11-23T10:00:00Z", "2026-11-28T09:50:00Z"]),
        # A Monday and the Saturday of its week.
        (Policy(weekly=2, minimum=0), ["2026-11-22T10:00:00Z", "2026-11-28T09:50:00Z"]),
        (Policy(monthly=2, minimum=0), ["2026-10-31T23:59:59Z", "2026-11-28T09:50:00Z"]),
        (Policy(monthly=9, minimum=1), ["2025-11-28T09:50:00Z", "2026-10-31T23:59:59Z", "2026-11-28T09:50:00Z"]),
    ],
)
def test_a_policy(policy: Policy, stay: list[str]) -> None:
    times = [
        "2025-11-28T09:50:00Z",
        "2026-10-31T23:59:59Z",
        "2026-11-22T10:00:00Z",
        "2026-11-23T10:00:00Z",
        "2026-11-28T08:10:00Z",
        "2026-11-28T09:10:00Z",
        "2026-11-28T09:50:00Z",
    ]
    known = [one(number, created=time) for number, time in enumerate(times)]
    why = kept(known, policy)
    assert [other.created for other in known if other.id in why] == stay


def test_what_failed_stays_until_a_good_one_is_there_or_for_a_day() -> None:
    now = BEGIN + 10 * 3600
    failed = one(5, status=_backup.FAILED)
    assert removable([one(1), failed], Policy(), now) == []
    assert removable([failed, one(6)], Policy(), now) == [failed]
    assert removable([one(1), failed], Policy(), now + 86400) == [failed]
    late = one(5, status=_backup.BUILDING, expires=now)
    assert removable([late, one(6)], Policy(), now) == [late]
    assert removable([late, one(6)], Policy(), now - 1) == []


def test_orphans_lie_in_no_folder_of_a_backup() -> None:
    rows = [
        {"name": f"u/{name}/00000000", "last_modified": time} for name, time in (("a", "1"), ("b", "1"), ("c", "3"))
    ]
    assert outside(rows, {"u/a/"}, "2") == ["u/b/00000000"]
