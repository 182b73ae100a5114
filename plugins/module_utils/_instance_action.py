# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps an action on the server of an instance takes. Pure; private to the collection."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import Step, refuse_locked
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Instance, Server
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Flavor


@dataclasses.dataclass(frozen=True)
class Action:
    """by: what Nova is asked for, by its statuses in which that can be. to: the status that it ends in; there it changes nothing if settled.
    leaves_task: whether the task stays on the anchor until the guest is heard again. task: what stands there, the action's name by default."""

    by: t.Mapping[str, str]
    to: str
    settled: bool
    leaves_task: bool
    task: str = ""


_BACK = {
    "SHUTOFF": "start",
    "PAUSED": "unpause",
    "SUSPENDED": "resume",
    "SHELVED": "unshelve",
    "SHELVED_OFFLOADED": "unshelve",
}
"""What brings a server back that does not run, by its status."""

ACTIONS = {
    "stop": Action({"ACTIVE": "stop"}, "SHUTOFF", settled=True, leaves_task=False),
    "start": Action(_BACK, "ACTIVE", settled=True, leaves_task=True),
    "reboot": Action({"ACTIVE": "reboot"}, "ACTIVE", settled=False, leaves_task=True),
    "rebuild": Action({"ACTIVE": "rebuild", "ERROR": "rebuild"}, "ACTIVE", settled=False, leaves_task=True),
    # A resize ends in VERIFY_RESIZE, or, where Nova confirms by itself, in ACTIVE with the new flavor: then there is nothing to confirm.
    "resize": Action({"ACTIVE": "resize"}, "VERIFY_RESIZE", settled=False, leaves_task=True),
    "migrate": Action({"ACTIVE": "migrate"}, "VERIFY_RESIZE", settled=True, leaves_task=True),
    "confirm_resize": Action(
        {"VERIFY_RESIZE": "confirm_resize"}, "ACTIVE", settled=True, leaves_task=True, task="resize"
    ),
    "revert_resize": Action(
        {"VERIFY_RESIZE": "revert_resize"}, "ACTIVE", settled=True, leaves_task=True, task="resize"
    ),
}

TRANSITIONS = frozenset({"BUILD", "REBUILD", "REBOOT", "HARD_REBOOT", "RESIZE", "REVERT_RESIZE", "MIGRATING"})
"""Nova's statuses that pass by themselves."""

_ADVICE = {
    **dict.fromkeys(_BACK, "playbook instance_start brings it back"),
    "VERIFY_RESIZE": "playbook instance_resize with its flavor of now confirms what it is waiting for, openstack server resize revert takes it back",
    "RESCUE": "openstack server unrescue ends that",
    "ERROR": "playbook instance_rebuild gives it a new system, instance_recreate makes a new server around the data volume",
}


def advice(server: Server | None) -> str:
    """What to do about a server on which nothing can be done as it is; empty if it runs."""
    if server is None:
        return "playbook instance_recreate makes a new server around the data volume"
    if server.status in TRANSITIONS:
        return "that passes; run again then"
    return _ADVICE.get(server.status, "")


def plan_action(
    name: str,
    instance: Instance,
    *,
    reboot_type: str = "soft",
    flavor: Flavor | None = None,
    host: str | None = None,
    image_id: str = "",
    reinstall: bool = False,
) -> list[Step]:
    """Steps of one of ACTIONS; none when there is nothing to do.

    flavor: the one to resize to. host: to migrate to, None lets the scheduler choose. image_id: to rebuild with; reinstall: also when the server has it.
    Raises DbaasError not_actionable or unsupported, naming what blocks.
    """
    action, server, label = ACTIONS[name], instance.server, instance.group.name
    if server is None:
        msg = f"{label} has no server: there is nothing to {name}; {advice(server)}"
        raise DbaasError("not_actionable", msg, status=None)
    if action.settled and server.status == action.to:
        _refuse_foreign_move(name, instance, server, host)
        return _closing(name, action, instance)
    if (flavor is not None and server.flavor == flavor.name) or (host and server.host == host):
        return []
    if name == "rebuild" and _has_image(server, label, image_id) and not reinstall and server.status != "ERROR":
        return []
    _refuse(name, instance, server)
    details: dict[str, t.Any] = {"type": reboot_type} if name == "reboot" else {}
    if flavor is not None:
        details = {"flavor": flavor.name, "ram": flavor.ram, "from": server.flavor}
    if name == "migrate":
        details = {"host": host, "from": server.host}
    if name == "rebuild":
        details = {"image": image_id}
    # The end of a move keeps the move's own.
    task = instance.anchor.task if action.task and instance.anchor.task == "migrate" else action.task or name
    before = dataclasses.replace(instance.anchor, task=task, since=0, fault="")
    steps = [
        Step("update", "anchor", label, {"task": before.task, "fault": ""}, before),
        Step(action.by[server.status], "server", server.name, details, server.id),
    ]
    # The task ends with the server's, or begins anew then: heartbeats from before say nothing about the guest after.
    after = before if action.leaves_task else dataclasses.replace(before, task="")
    return [*steps, Step("update", "anchor", label, {"task": after.task, "fault": ""}, after)]


def _refuse_foreign_move(name: str, instance: Instance, server: Server, host: str | None) -> None:
    """What waits to be confirmed may be another's: a resize, or a move to another host."""
    if name == "migrate" and (instance.anchor.task != "migrate" or (host and server.host != host)):
        msg = f"{instance.group.name} cannot migrate: its server is {server.status}; {advice(server)}"
        raise DbaasError("not_actionable", msg, status=server.status)


def _closing(name: str, action: Action, instance: Instance) -> list[Step]:
    """The end of an action whose run was killed, or gave up waiting, before that."""
    if action.leaves_task or instance.anchor.task != name:
        return []
    after = dataclasses.replace(instance.anchor, task="", since=0, fault="")
    return [Step("update", "anchor", instance.group.name, {"task": "", "fault": ""}, after)]


def _has_image(server: Server, label: str, image_id: str) -> bool:
    if server.image_id is None:
        msg = f"the server of {label} boots from a volume, which Nova does not rebuild; delete it in Nova, and instance_recreate makes another"
        raise DbaasError("unsupported", msg)
    return server.image_id == image_id


def _refuse(name: str, instance: Instance, server: Server) -> None:
    label, by = instance.group.name, ACTIONS[name].by
    words = name.replace("_", " ")
    if server.status not in by:
        told = "; ".join(filter(None, [f"it would have to be {' or '.join(by)}", advice(server)]))
        msg = f"{label} cannot {words}: its server is {server.status}, {told}"
        raise DbaasError("not_actionable", msg, status=server.status)
    refuse_locked(words, instance)
