# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stopping, starting and rebooting: steps and refusals."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import PROTECTED_TAG
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_action import (
    TRANSITIONS,
    advice,
    plan_action,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Flavor

from tests.unit.plugins.module_utils.test_instance_plan import SERVER, WHOLE

LARGE = Flavor("f-2", "m1.large", 4096, 10, 2)


def in_status(status: str):
    return dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, status=status, image_id="i-0"),))


def test_stop_ends_its_task() -> None:
    first, stop, last = plan_action("stop", in_status("ACTIVE"), reboot_type="soft")
    assert (first.target.task, stop.action, last.target.task) == ("stop", "stop", "")


def test_a_stop_that_was_killed_is_closed() -> None:
    stopped = dataclasses.replace(
        in_status("SHUTOFF"), anchor=dataclasses.replace(WHOLE.anchor, task="stop", fault="slow")
    )
    (last,) = plan_action("stop", stopped)
    assert (last.target.task, last.target.fault) == ("", "")


@pytest.mark.parametrize(("action", "status"), [("start", "SHUTOFF"), ("reboot", "ACTIVE")])
def test_start_and_reboot_leave_their_task_until_the_guest_is_heard(action: str, status: str) -> None:
    plan = plan_action(action, in_status(status), reboot_type="hard")
    assert [step.action for step in plan] == ["update", action, "update"]
    assert {step.target.task for step in plan if step.resource == "anchor"} == {action}
    assert all(step.target.since == 0 for step in plan if step.resource == "anchor")


@pytest.mark.parametrize(
    ("action", "status"),
    [("stop", "SHUTOFF"), ("start", "ACTIVE"), ("confirm_resize", "ACTIVE"), ("revert_resize", "ACTIVE")],
)
def test_nothing_to_do(action: str, status: str) -> None:
    assert plan_action(action, in_status(status), reboot_type="soft") == []


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("stop", "BUILD"),
        ("start", "ERROR"),
        ("reboot", "SHUTOFF"),
        ("stop", "SHELVED_OFFLOADED"),
        ("stop", "VERIFY_RESIZE"),
        ("resize", "SHUTOFF"),
        ("migrate", "SHUTOFF"),
        ("rebuild", "SHUTOFF"),
        ("confirm_resize", "SHUTOFF"),
    ],
)
def test_a_state_that_does_not_allow_it_is_named(action: str, status: str) -> None:
    with pytest.raises(DbaasError) as error:
        plan_action(action, in_status(status), reboot_type="soft")
    assert error.value.reason == "not_actionable"
    assert error.value.details["status"] == status


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        ("SHUTOFF", "start"),
        ("PAUSED", "unpause"),
        ("SUSPENDED", "resume"),
        ("SHELVED", "unshelve"),
        ("SHELVED_OFFLOADED", "unshelve"),
    ],
)
def test_start_brings_back_what_does_not_run(status: str, asked: str) -> None:
    assert [step.action for step in plan_action("start", in_status(status))] == ["update", asked, "update"]
    assert advice(in_status(status).server)


@pytest.mark.parametrize("action", ["stop", "reboot", "rebuild", "migrate"])
def test_a_server_that_somebody_locked_is_left_alone(action: str) -> None:
    locked = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, locked=True, image_id="i-1"),))
    with pytest.raises(DbaasError) as error:
        plan_action(action, locked)
    assert (error.value.reason, error.value.details["status"]) == ("not_actionable", "LOCKED")
    protected = dataclasses.replace(WHOLE.group, tags=WHOLE.group.tags | {PROTECTED_TAG})
    assert plan_action(action, dataclasses.replace(locked, group=protected))


def test_a_server_that_runs_needs_no_advice() -> None:
    assert advice(SERVER) == ""
    assert advice(None)
    assert all(advice(in_status(status).server) for status in TRANSITIONS)


def test_a_rebuild_is_done_once_unless_it_is_a_reinstallation() -> None:
    there = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, image_id="i-1"),))
    assert plan_action("rebuild", there, image_id="i-1") == []
    assert plan_action("rebuild", there, image_id="i-1", reinstall=True)[1].details == {"image": "i-1"}
    assert plan_action("rebuild", there, image_id="i-2")[1].details == {"image": "i-2"}
    broken = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, image_id="i-1", status="ERROR"),))
    assert plan_action("rebuild", broken, image_id="i-1")


def test_a_server_that_boots_from_a_volume_is_not_rebuilt() -> None:
    with pytest.raises(DbaasError) as error:
        plan_action("rebuild", WHOLE, image_id="i-1", reinstall=True)
    assert error.value.reason == "unsupported"


def test_a_migration_waits_to_be_confirmed_and_goes_nowhere_twice() -> None:
    assert plan_action("migrate", in_status("ACTIVE"))[1].details == {"host": None, "from": ""}
    moved = dataclasses.replace(SERVER, status="VERIFY_RESIZE", host="h-2")
    waits = dataclasses.replace(WHOLE, servers=(moved,), anchor=dataclasses.replace(WHOLE.anchor, task="migrate"))
    assert plan_action("migrate", waits) == plan_action("migrate", waits, host="h-2") == []
    assert {step.target.task for step in plan_action("confirm_resize", waits) if step.resource == "anchor"} == {
        "migrate"
    }
    resized = dataclasses.replace(waits, anchor=dataclasses.replace(WHOLE.anchor, task="resize"))
    for instance, host in ((waits, "h-3"), (resized, None)):
        with pytest.raises(DbaasError) as error:
            plan_action("migrate", instance, host=host)
        assert error.value.reason == "not_actionable"
    there = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, host="h-1"),))
    assert plan_action("migrate", there, host="h-1") == []
    assert plan_action("migrate", there, host="h-2")[1].details == {"host": "h-2", "from": "h-1"}


def test_without_a_server_there_is_nothing_to_act_on() -> None:
    with pytest.raises(DbaasError) as error:
        plan_action("start", dataclasses.replace(WHOLE, servers=()), reboot_type="soft")
    assert error.value.reason == "not_actionable"


def test_a_reboot_tells_its_kind() -> None:
    assert plan_action("reboot", in_status("ACTIVE"), reboot_type="hard")[1].details == {"type": "hard"}


def test_a_resize_tells_both_flavors_and_is_done_once() -> None:
    plan = plan_action("resize", in_status("ACTIVE"), flavor=LARGE)
    assert plan[1].details == {"flavor": "m1.large", "ram": 4096, "from": SERVER.flavor}
    for status in ("ACTIVE", "VERIFY_RESIZE"):
        assert plan_action("resize", in_status(status), flavor=dataclasses.replace(LARGE, name=SERVER.flavor)) == []


@pytest.mark.parametrize("action", ["confirm_resize", "revert_resize"])
def test_a_resize_is_one_task_until_the_guest_is_heard(action: str) -> None:
    plan = plan_action(action, in_status("VERIFY_RESIZE"))
    assert [step.action for step in plan] == ["update", action, "update"]
    assert {step.target.task for step in plan if step.resource == "anchor"} == {"resize"}
