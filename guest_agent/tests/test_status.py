# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dbaas_agent import status
from dbaas_agent.membership import Membership
from dbaas_agent.replication import PRIMARY, REPLICA, Receipts
from dbaas_agent.space import MIB, Hold
from dbaas_agent.status import VolumeSeen
from dbaas_agent.systemd import Unit


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (VolumeSeen(prepared=False, mounted=False), "NEW"),
        (VolumeSeen(prepared=True, mounted=False), "FAILED"),
        (VolumeSeen(prepared=True, mounted=True, fault="of another"), "FAILED"),
        (VolumeSeen(prepared=False, mounted=True, fault="no marker"), "FAILED"),
        (VolumeSeen(prepared=True, mounted=True, state="empty"), "BUILD"),
        (VolumeSeen(prepared=True, mounted=True, state="initialised"), None),
        (VolumeSeen(prepared=True, mounted=False, under_way=True), "BUILD"),
        (VolumeSeen(prepared=True, mounted=True, fault="no marker", under_way=True), "BUILD"),
        (VolumeSeen(prepared=True, mounted=True, state="initialised", under_way=True), None),
        (VolumeSeen(prepared=True, mounted=False, released=True), "SHUTDOWN"),
    ],
)
def test_of_volume(seen: VolumeSeen, word: str | None) -> None:
    verdict = status.of_volume(seen)
    assert (verdict and verdict.status) == word
    assert verdict is None or bool(verdict.fault) == (word == "FAILED")


@pytest.mark.parametrize(
    ("unit", "word"),
    [
        (Unit("loaded", "inactive", "dead", "success"), "SHUTDOWN"),
        (Unit("loaded", "deactivating", "stop-sigterm", "success"), "SHUTDOWN"),
        (Unit("loaded", "inactive", "dead", "oom-kill"), "FAILED"),
        (Unit("loaded", "failed", "failed", "exit-code"), "FAILED"),
        (Unit("loaded", "activating", "auto-restart", "signal"), "FAILED"),
        (Unit("loaded", "activating", "start", "success"), "BLOCKED"),
        (Unit("loaded", "active", "running", "success"), "BLOCKED"),
        (Unit("not-found", "inactive", "dead", "success"), "FAILED"),
        (Unit(), "FAILED"),
    ],
)
def test_of_service(unit: Unit, word: str) -> None:
    verdict = status.of_service(unit, "silence")
    assert verdict.status == word
    assert bool(verdict.fault) == (word != "SHUTDOWN")


@pytest.mark.parametrize("trouble", ["", "it does not follow"])
def test_held_writes_have_a_cause_and_a_fault(trouble: str) -> None:
    assert status.of_server(None, "", closed=False) == status.Verdict("ACTIVE")
    verdict = status.of_server(Hold(60 * MIB, 94, ours=True), trouble, closed=False)
    assert (verdict.status, verdict.cause) == ("BLOCKED", "space")
    assert {"94", "60"} < set(verdict.fault.split())
    assert trouble in verdict.fault


BLOCKED = status.Verdict("BLOCKED", "full", "space")


@pytest.mark.parametrize("hold", [None, Hold(60 * MIB, 94, ours=True)])
def test_a_datastore_that_lets_nobody_in_is_blocked(hold: Hold | None) -> None:
    verdict = status.of_server(hold, "", closed=True)
    assert (verdict.status, verdict.cause, bool(verdict.fault)) == ("BLOCKED", "closed", True)


@pytest.mark.parametrize("verdict", [status.Verdict("ACTIVE"), status.Verdict("FAILED", "gone"), BLOCKED])
@pytest.mark.parametrize(("offset", "told"), [(None, False), (30, False), (-30, False), (31, True), (-31, True)])
def test_a_wrong_clock_is_a_fault_beside_the_others_and_changes_no_status(
    verdict: status.Verdict, offset: int | None, told: bool
) -> None:
    judged = status.with_clock(verdict, offset)
    assert (judged.status, judged.cause) == (verdict.status, verdict.cause)
    assert judged.fault.startswith(verdict.fault)
    assert (judged != verdict) is told


@pytest.mark.parametrize(
    ("uncertain", "orphan", "told"),
    [(False, False, ("ACTIVE", "")), (True, False, ("BLOCKED", "role")), (False, True, ("BLOCKED", "orphan"))],
)
def test_a_member_without_its_role_has_a_cause(uncertain: bool, orphan: bool, told: tuple[str, str]) -> None:
    verdict = status.with_role(status.Verdict("ACTIVE"), "", uncertain=uncertain, orphan=orphan)
    assert (verdict.status, verdict.cause, bool(verdict.fault)) == (*told, bool(told[1]))
    blocked = status.with_role(BLOCKED, "trouble", uncertain=uncertain, orphan=orphan)
    assert (blocked.status, blocked.cause) == (BLOCKED.status, BLOCKED.cause)
    assert blocked.fault.endswith("trouble")


LEADS = Membership("a" * 32, 1, PRIMARY, 1, "", receipts=2, wanted=2, receivers=["b", "c"])
ACTIVE = status.Verdict("ACTIVE")


@pytest.mark.parametrize(
    ("member", "receipts", "told"),
    [
        (LEADS, Receipts(True, 2), ("ACTIVE", "")),
        (LEADS, Receipts(True, 1), ("BLOCKED", "receipts")),
        (LEADS, Receipts(False, 2), ("ACTIVE", "lapsed")),
        (LEADS, None, ("ACTIVE", "lapsed")),
        (replace(LEADS, receipts=1), Receipts(True, 1), ("ACTIVE", "lapsed")),
        (replace(LEADS, receipts=0), Receipts(False, 0), ("ACTIVE", "lapsed")),
        (replace(LEADS, receipts=0, wanted=0), Receipts(False, 0), ("ACTIVE", "")),
        (replace(LEADS, role=REPLICA), Receipts(False, 0), ("ACTIVE", "")),
        (None, Receipts(False, 0), ("ACTIVE", "")),
    ],
)
def test_receipts_that_lack_have_a_name(
    member: Membership | None, receipts: Receipts | None, told: tuple[str, str]
) -> None:
    verdict = status.with_receipts(ACTIVE, member, receipts)
    assert (verdict.status, verdict.cause, bool(verdict.fault)) == (*told, bool(told[1]))
    assert status.with_receipts(BLOCKED, member, receipts) == BLOCKED
