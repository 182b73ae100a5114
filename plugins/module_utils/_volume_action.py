# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps an action on the data volume of an instance takes. Pure; private to the collection.

A snapshot is the way back of an upgrade, taken while no client is let in. Its identity is that of the instance.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import Step, refuse_locked, snapshot_steps
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Instance, Volume


def plan_volume_action(name: str, instance: Instance) -> list[Step]:
    """Steps of one of VOLUME_ACTIONS; none when there is nothing to do. Raises DbaasError not_actionable."""
    if instance.volume is None:
        msg = f"{instance.group.name} has no data volume: there is nothing to {name.replace('_', ' ')}"
        raise DbaasError("not_actionable", msg)
    return VOLUME_ACTIONS[name](instance, instance.volume)


def _detach(instance: Instance, volume: Volume) -> list[Step]:
    server = instance.server
    if server is None or volume.id not in server.volume_ids:
        return []
    refuse_locked("lose its volume", instance)
    return [Step("detach", "volume", volume.name, {"server": server.name}, volume.id)]


def _snapshot(instance: Instance, volume: Volume) -> list[Step]:
    refuse_locked("be upgraded", instance)
    steps = _task_steps(instance, "upgrade")
    if any(one.sound for one in instance.snapshots):
        return steps
    coming = next((one for one in instance.snapshots if one.coming), None)
    gone = [one for one in instance.snapshots if one is not coming]
    steps += [Step("delete", "snapshot", one.name, {"status": one.status}, one.id) for one in gone]
    if coming is not None:
        return [*steps, Step("await", "snapshot", coming.name, {}, coming.id)]
    return [*steps, Step("create", "snapshot", f"{volume.name}-upgrade", {"volume": volume.name}, volume.id)]


def _revert(instance: Instance, volume: Volume) -> list[Step]:
    refuse_locked("go back to a snapshot", instance)
    sound = [one for one in instance.snapshots if one.sound]
    if not sound:
        raise DbaasError("not_actionable", f"there is no snapshot to which {volume.name} could be reverted")
    return [Step("revert", "volume", volume.name, {"snapshot": sound[-1].name, "id": sound[-1].id}, volume.id)]


def _delete(instance: Instance, _volume: Volume) -> list[Step]:
    return [*snapshot_steps(instance), *_task_steps(instance, "")]


def _task_steps(instance: Instance, task: str) -> list[Step]:
    anchor = dataclasses.replace(instance.anchor, task=task, since=0, fault="")
    if (anchor.task, anchor.fault) == (instance.anchor.task, instance.anchor.fault):
        return []
    return [Step("update", "anchor", instance.group.name, {"task": task, "fault": ""}, anchor)]


VOLUME_ACTIONS: dict[str, t.Callable[[Instance, Volume], list[Step]]] = {
    "detach_volume": _detach,
    "snapshot_volume": _snapshot,
    "revert_volume": _revert,
    "delete_snapshot": _delete,
}
