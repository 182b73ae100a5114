# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data volume detached, and the way back of an upgrade."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import plan_absent
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Instance, Snapshot
from ansible_collections.dbaas.openstack.plugins.module_utils._volume_action import VOLUME_ACTIONS, plan_volume_action

from tests.unit.plugins.module_utils.test_instance_plan import SERVER, WHOLE

SOUND = Snapshot("s-1", "orders-data-upgrade", "available")
BROKEN = Snapshot("s-0", "orders-data-upgrade", "error")
COMING = Snapshot("s-2", "orders-data-upgrade", "creating")
GOING = Snapshot("s-3", "orders-data-upgrade", "deleting")
IDLE = dataclasses.replace(WHOLE, anchor=dataclasses.replace(WHOLE.anchor, task="", since=0))
UPGRADING = dataclasses.replace(WHOLE, anchor=dataclasses.replace(WHOLE.anchor, task="upgrade"))


def steps(name: str, instance: Instance) -> list[tuple[str, str]]:
    return [(step.action, step.resource) for step in plan_volume_action(name, instance)]


def test_a_volume_is_detached_once() -> None:
    assert steps("detach_volume", WHOLE) == [("detach", "volume")]
    free = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, volume_ids=()),))
    assert steps("detach_volume", free) == []
    assert steps("detach_volume", dataclasses.replace(WHOLE, servers=())) == []


def test_a_snapshot_is_taken_once_and_a_broken_one_again() -> None:
    begun = ("update", "anchor")
    assert steps("snapshot_volume", IDLE) == [begun, ("create", "snapshot")]
    assert steps("snapshot_volume", UPGRADING) == [("create", "snapshot")]
    assert steps("snapshot_volume", dataclasses.replace(UPGRADING, snapshots=(SOUND,))) == []
    again = [("delete", "snapshot"), ("create", "snapshot")]
    assert steps("snapshot_volume", dataclasses.replace(UPGRADING, snapshots=(BROKEN,))) == again
    assert steps("snapshot_volume", dataclasses.replace(UPGRADING, snapshots=(GOING,))) == again


def test_a_snapshot_that_is_coming_is_waited_for() -> None:
    there = dataclasses.replace(UPGRADING, snapshots=(BROKEN, COMING))
    assert steps("snapshot_volume", there) == [("delete", "snapshot"), ("await", "snapshot")]


@pytest.mark.parametrize("name", ["detach_volume", "snapshot_volume", "revert_volume"])
def test_a_server_that_somebody_locked_is_left_alone(name: str) -> None:
    locked = dataclasses.replace(UPGRADING, servers=(dataclasses.replace(SERVER, locked=True),), snapshots=(SOUND,))
    with pytest.raises(DbaasError) as error:
        plan_volume_action(name, locked)
    assert (error.value.reason, error.value.details["status"]) == ("not_actionable", "LOCKED")


def test_only_a_sound_snapshot_is_a_way_back() -> None:
    (step,) = plan_volume_action("revert_volume", dataclasses.replace(WHOLE, snapshots=(BROKEN, SOUND)))
    assert (step.action, step.details["id"]) == ("revert", "s-1")
    with pytest.raises(DbaasError) as error:
        plan_volume_action("revert_volume", dataclasses.replace(WHOLE, snapshots=(BROKEN, COMING, GOING)))
    assert error.value.reason == "not_actionable"


def test_the_task_ends_with_the_snapshot() -> None:
    there = dataclasses.replace(UPGRADING, snapshots=(BROKEN, SOUND))
    assert steps("delete_snapshot", there) == [("delete", "snapshot"), ("delete", "snapshot"), ("update", "anchor")]
    assert steps("delete_snapshot", IDLE) == []


@pytest.mark.parametrize("name", list(VOLUME_ACTIONS))
def test_without_a_volume_there_is_nothing_to_act_on(name: str) -> None:
    with pytest.raises(DbaasError) as error:
        plan_volume_action(name, dataclasses.replace(WHOLE, volumes=()))
    assert error.value.reason == "not_actionable"


@pytest.mark.parametrize("keep_volume", [False, True])
def test_no_way_back_leads_through_a_deletion(keep_volume: bool) -> None:
    plan = [
        (step.action, step.resource)
        for step in plan_absent(dataclasses.replace(WHOLE, snapshots=(SOUND,)), keep_volume)
    ]
    assert plan.index(("delete", "snapshot")) < plan.index(
        ("update" if keep_volume else "delete", "volume_metadata" if keep_volume else "volume")
    )


def test_a_server_that_somebody_locked_is_not_deleted() -> None:
    with pytest.raises(DbaasError) as error:
        plan_absent(dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, locked=True),)), keep_volume=False)
    assert error.value.reason == "conflict"
