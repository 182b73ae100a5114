# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps an action on the server of an instance takes. Pure; private to the collection."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import Step
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Instance
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Flavor


@dataclasses.dataclass(frozen=True)
class Action:
    """from_: Nova's statuses in which it can be done. to: the status that it ends in; there it changes nothing if settled.
    leaves_task: whether the task stays on the anchor until the guest is heard again. task: what stands there, its name by default."""

    from_: tuple[str, ...]
    to: str
    settled: bool
    leaves_task: bool
    task: str = ""


ACTIONS = {
    "stop": Action(("ACTIVE",), "SHUTOFF", settled=True, leaves_task=False),
    "start": Action(("SHUTOFF",), "ACTIVE", settled=True, leaves_task=True),
    "reboot": Action(("ACTIVE",), "ACTIVE", settled=False, leaves_task=True),
    # A resize ends in VERIFY_RESIZE, or, where Nova confirms by itself, in ACTIVE with the new flavor: then there is nothing to confirm.
    "resize": Action(("ACTIVE",), "VERIFY_RESIZE", settled=False, leaves_task=True),
    "confirm_resize": Action(("VERIFY_RESIZE",), "ACTIVE", settled=True, leaves_task=True, task="resize"),
    "revert_resize": Action(("VERIFY_RESIZE",), "ACTIVE", settled=True, leaves_task=True, task="resize"),
}


def plan_action(
    name: str, instance: Instance, *, reboot_type: str = "soft", flavor: Flavor | None = None
) -> list[Step]:
    """Steps of one of ACTIONS; none when there is nothing to do. flavor: the one to resize to.

    Raises DbaasError not_actionable, naming what blocks.
    """
    action, server, label = ACTIONS[name], instance.server, instance.group.name
    if server is None:
        raise DbaasError("not_actionable", f"{label} has no server: there is nothing to {name}", status=None)
    if action.settled and server.status == action.to:
        return []
    if flavor is not None and server.flavor == flavor.name:
        return []
    if server.status not in action.from_:
        can = " or ".join(action.from_)
        msg = f"{label} cannot {name.replace('_', ' ')}: its server is {server.status}, it would have to be {can}"
        raise DbaasError("not_actionable", msg, status=server.status)
    details: dict[str, t.Any] = {"type": reboot_type} if name == "reboot" else {}
    if flavor is not None:
        details = {"flavor": flavor.name, "ram": flavor.ram, "from": server.flavor}
    before = dataclasses.replace(instance.anchor, task=action.task or name, since=0, fault="")
    steps = [
        Step("update", "anchor", label, {"task": before.task, "fault": ""}, before),
        Step(name, "server", server.name, details, server.id),
    ]
    # The task ends with the server's, or begins anew then: heartbeats from before say nothing about the guest after.
    after = before if action.leaves_task else dataclasses.replace(before, task="")
    return [*steps, Step("update", "anchor", label, {"task": after.task, "fault": ""}, after)]
