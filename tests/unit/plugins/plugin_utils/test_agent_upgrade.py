# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an agent works as well as the one before."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.plugin_utils._agent_upgrade import LOOKS, agent_upgrade_faults
from hypothesis import given, strategies

BEFORE = {"agent_version": "0.0.9", "status": "ACTIVE", "ticket_expires": 1826500000}
GOOD = {
    "agent_version": "0.1.0",
    "outdated": False,
    "status": "ACTIVE",
    "fault": "",
    "ticket_expires": 1826500000,
    "sequence": LOOKS,
}
STATUSES = strategies.sampled_from(["NEW", "BUILD", "ACTIVE", "SHUTDOWN", "FAILED", "BLOCKED"])


def faults(before: dict[str, Any], **changes: Any) -> int:
    return len(agent_upgrade_faults({"status": {**GOOD, **changes}}, before, "0.1.0"))


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 0),
        ({"ticket_expires": 1}, 0),
        ({"sequence": LOOKS - 1}, 1),
        ({"agent_version": "0.0.9"}, 1),
        ({"outdated": True}, 1),
        ({"ticket_expires": None}, 1),
        ({"status": "FAILED", "fault": "the service is unknown"}, 1),
        ({"status": "BLOCKED", "ticket_expires": None, "agent_version": "0.0.9"}, 3),
    ],
)
def test_faults(changes: dict[str, Any], count: int) -> None:
    assert faults(BEFORE, **changes) == count


@given(STATUSES, STATUSES)
def test_a_status_that_was_not_there_before_is_a_fault_unless_it_is_active(before: str, after: str) -> None:
    assert bool(faults({**BEFORE, "status": before}, status=after)) == (after not in (before, "ACTIVE"))


@given(STATUSES, strategies.none() | strategies.integers(0))
def test_of_an_agent_that_did_not_answer_before_nothing_is_expected(after: str, expires: int | None) -> None:
    assert faults({}, status=after, ticket_expires=expires) == 0


def test_one_without_a_ticket_before_need_not_have_one() -> None:
    assert faults({**BEFORE, "ticket_expires": None}, ticket_expires=None) == 0


@pytest.mark.parametrize("asked", [{"failed": True, "msg": "there is no agent"}, {}])
def test_silence_is_a_fault(asked: dict[str, Any]) -> None:
    assert len(agent_upgrade_faults(asked, {}, "0.1.0")) == 1


def test_an_answer_counts_also_when_the_task_failed() -> None:
    assert agent_upgrade_faults({"failed": True, "attempts": 12, "status": GOOD}, BEFORE, "0.1.0") == []
