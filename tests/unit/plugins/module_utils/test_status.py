# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import itertools

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import Anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import Heartbeat
from ansible_collections.dbaas.openstack.plugins.module_utils._status import Status, instance_status, works

UID = "0f8fad5bd9cb469fa16570867728950e"
NOW = 1795000000.0
FRESH = Heartbeat("ACTIVE", age=5)
STALE = Heartbeat("ACTIVE", age=1000)
TROVE = {"ACTIVE", "BLOCKED", "BUILD", "ERROR", "FAILED", "REBOOT", "RESIZE", "RESTART_REQUIRED", "SHUTDOWN", "UNKNOWN"}
NOVA = [
    *("ACTIVE", "BUILD", "DELETED", "ERROR", "HARD_REBOOT", "MIGRATING", "PASSWORD", "PAUSED", "REBOOT", "REBUILD"),
    *("RESCUE", "RESIZE", "REVERT_RESIZE", "SHELVED", "SHELVED_OFFLOADED", "SHUTOFF", "SOFT_DELETED", "SUSPENDED"),
    *("UNKNOWN", "VERIFY_RESIZE"),
]


def status_of(
    nova: str | None = "ACTIVE",
    heartbeat: Heartbeat | None = FRESH,
    task: str = "",
    fault: str = "",
    store: bool = True,
    *,
    since: int = 1,
) -> Status:
    anchor = Anchor(UID, task, since if task else 0, fault)
    return instance_status(nova, anchor, heartbeat, now=NOW, store_reachable=store)


@pytest.mark.parametrize(
    ("nova", "status"),
    [
        ("ACTIVE", "ACTIVE"),
        ("PASSWORD", "ACTIVE"),
        ("BUILD", "BUILD"),
        ("REBUILD", "BUILD"),
        ("REBOOT", "REBOOT"),
        ("HARD_REBOOT", "REBOOT"),
        ("RESIZE", "RESIZE"),
        ("VERIFY_RESIZE", "RESIZE"),
        ("REVERT_RESIZE", "RESIZE"),
        ("MIGRATING", "RESIZE"),
        ("SHUTOFF", "SHUTDOWN"),
        ("PAUSED", "SHUTDOWN"),
        ("SHELVED_OFFLOADED", "SHUTDOWN"),
        ("ERROR", "ERROR"),
        ("UNKNOWN", "UNKNOWN"),
        ("SOMETHING_NEW", "SHUTDOWN"),
    ],
)
def test_nova_has_the_first_word(nova: str, status: str) -> None:
    assert status_of(nova).status == status


@pytest.mark.parametrize("heartbeat", [None, STALE, Heartbeat("FAILED", age=1)])
def test_a_server_that_changes_its_password_runs(heartbeat: Heartbeat | None) -> None:
    """PASSWORD is a moment of a running server: only the agent knows how its datastore is."""
    assert status_of("PASSWORD", heartbeat) == status_of("ACTIVE", heartbeat)


@pytest.mark.parametrize(
    ("word", "status", "faulty"),
    [
        ("ACTIVE", "ACTIVE", False),
        ("NEW", "BUILD", False),
        ("BUILD", "BUILD", False),
        ("SHUTDOWN", "SHUTDOWN", False),
        ("BLOCKED", "BLOCKED", True),
        ("FAILED", "FAILED", True),
        ("RESTART_REQUIRED", "RESTART_REQUIRED", True),
        ("", "UNKNOWN", True),
        ("gibberish", "UNKNOWN", True),
    ],
)
def test_then_the_agent(word: str, status: str, faulty: bool) -> None:
    told = status_of(heartbeat=Heartbeat(word, age=5))
    assert (told.status, bool(told.fault)) == (status, faulty)


@pytest.mark.parametrize("nova", [None, *NOVA])
def test_a_running_delete_is_a_shutdown(nova: str | None) -> None:
    assert status_of(nova, task="delete") == Status("SHUTDOWN")


def test_a_failed_delete_is_no_shutdown() -> None:
    assert status_of(None, task="delete", fault="the port stays") == Status("ERROR", "the port stays")


@pytest.mark.parametrize(
    ("task", "fault", "status"),
    [("create", "", "BUILD"), ("create", "no room", "ERROR"), ("", "", "ERROR"), ("reboot", "", "ERROR")],
)
def test_without_a_server(task: str, fault: str, status: str) -> None:
    told = status_of(None, None, task, fault)
    assert told.status == status
    assert bool(told.fault) == (status == "ERROR")
    assert fault in told.fault


@pytest.mark.parametrize(
    ("task", "status"),
    [("create", "BUILD"), ("reboot", "REBOOT"), ("start", "REBOOT"), ("", "ERROR"), ("rename", "ERROR")],
)
@pytest.mark.parametrize("heartbeat", [None, STALE])
def test_silence_is_an_error_unless_a_task_explains_it(heartbeat: Heartbeat | None, task: str, status: str) -> None:
    told = status_of("ACTIVE", heartbeat, task)
    assert told.status == status
    assert bool(told.fault) == (status == "ERROR")


@pytest.mark.parametrize(
    ("task", "status"), [("reboot", "REBOOT"), ("start", "REBOOT"), ("create", "BUILD"), ("", "ACTIVE")]
)
def test_a_heartbeat_from_before_the_task_says_nothing(task: str, status: str) -> None:
    assert status_of("ACTIVE", FRESH, task, since=int(NOW) - 4).status == status
    assert status_of("ACTIVE", FRESH, task, since=int(NOW) - 6).status == "ACTIVE"


@pytest.mark.parametrize("heartbeat", [None, FRESH, STALE])
def test_without_a_store_a_running_server_is_unknown_never_an_error(heartbeat: Heartbeat | None) -> None:
    told = status_of("ACTIVE", heartbeat, store=False)
    assert told.status == "UNKNOWN"
    assert told.fault


def test_without_a_store_a_stopped_server_is_still_known() -> None:
    assert status_of("SHUTOFF", None, store=False).status == "SHUTDOWN"


@pytest.mark.parametrize(
    ("heartbeat", "status"),
    [
        (FRESH, Status("ACTIVE")),
        (Heartbeat("BUILD", age=1), Status("ERROR", "boom")),
        (Heartbeat("FAILED", age=1), Status("FAILED", "boom")),
        (Heartbeat("SHUTDOWN", age=1), Status("SHUTDOWN", "boom")),
        (STALE, Status("ERROR", "boom")),
        (None, Status("ERROR", "boom")),
    ],
)
def test_the_fault_of_the_last_operation(heartbeat: Heartbeat | None, status: Status) -> None:
    assert status_of("ACTIVE", heartbeat, "create", "boom") == status


FULL = Heartbeat("BLOCKED", used=95, age=5, cause="space")


@pytest.mark.parametrize("fault", ["", "the port stays"])
def test_a_full_volume_is_told_with_its_use(fault: str) -> None:
    told = status_of(heartbeat=FULL, fault=fault)
    assert told.status == "BLOCKED"
    assert "95" in told.fault.split()
    assert told.fault.endswith(fault)
    assert status_of(heartbeat=dataclasses.replace(FULL, used=None)).fault


@pytest.mark.parametrize("cause", ["closed", "role", "orphan", "receipts"])
def test_why_it_is_blocked_is_told_in_words_of_its_own(cause: str) -> None:
    told = status_of(heartbeat=dataclasses.replace(FULL, cause=cause), fault="the port stays")
    assert told.status == "BLOCKED"
    others = [status_of(heartbeat=dataclasses.replace(FULL, cause=other)).fault for other in ("", "space", "another")]
    assert told.fault.removesuffix("; the port stays") not in [told.fault, *others]


def test_while_it_is_upgraded_that_is_the_status() -> None:
    closed = dataclasses.replace(FULL, cause="closed")
    assert status_of(heartbeat=closed, task="upgrade") == Status("UPGRADE")
    assert status_of(task="upgrade", fault="it failed") == Status("UPGRADE", "it failed")


def test_a_block_without_a_cause_is_told_as_before() -> None:
    older = status_of(heartbeat=dataclasses.replace(FULL, cause=""))
    assert (older.status, bool(older.fault)) == ("BLOCKED", True)
    assert older != status_of(heartbeat=FULL)


@pytest.mark.parametrize(
    ("status", "cause", "well"),
    [
        ("ACTIVE", "", True),
        ("UNKNOWN", "", True),
        ("BLOCKED", "space", True),
        ("BLOCKED", "orphan", True),
        ("BLOCKED", "receipts", False),
        ("BLOCKED", "role", False),
        ("BLOCKED", "", False),
        ("FAILED", "space", False),
        ("REBOOT", "", False),
    ],
)
def test_with_what_an_operation_ends_well(status: str, cause: str, well: bool) -> None:
    assert works(status, cause) is well


def test_every_status_is_a_word_of_trove_and_an_error_has_a_fault() -> None:
    heartbeats = [None, FRESH, STALE, Heartbeat("?", age=1)]
    for case in itertools.product([None, *NOVA], heartbeats, ["", "create", "delete", "start"], [""], [True, False]):
        told = status_of(*case)
        assert told.status in TROVE, case
        assert told.fault or told.status != "ERROR", case
