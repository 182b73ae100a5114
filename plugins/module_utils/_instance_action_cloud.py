# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module instance_action does. Effects; private to the collection."""

from __future__ import annotations

import functools
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud, _preflight_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_action import ACTIONS, TRANSITIONS, plan_action
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_apply_cloud import Applier
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_cloud import again, carry_out, fault_recorded
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import Step
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import (
    Problem,
    Spec,
    name_problems,
    refuse,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import find, find_anchors
from ansible_collections.dbaas.openstack.plugins.module_utils._lock_cloud import Work, locked, refuse_foreign
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import DATASTORE, VERSION, Instance
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Flavor
from ansible_collections.dbaas.openstack.plugins.module_utils._rename import plan_rename
from ansible_collections.dbaas.openstack.plugins.module_utils._resize import resize_problems
from ansible_collections.dbaas.openstack.plugins.module_utils._volume_action import VOLUME_ACTIONS, plan_volume_action
from ansible_collections.dbaas.openstack.plugins.module_utils._volume_replacement import REPLACEMENTS
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline

SETTLE = "settle"
"""The action that only waits for what is under way."""
RENAME = "rename"
MOVERS = frozenset({"admin", "manager"})
"""Roles that Nova lets migrate a server; nova/policies/migrate_server.py."""
ARGUMENTS = ("reboot_type", "flavor", "host", "reinstall", "new_name", "backup", "size", "snapshot")
"""Options that tell the same work from other work."""

Plan = t.Callable[[Instance], list[Step]]


def act(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """An action on the server or the data volume."""
    params = module.params
    name, action = params["name"], params["action"]
    refuse(name_problems(name))
    instance = find(connection, name)
    if instance is None:
        raise DbaasError("not_found", f"there is no instance {name!r} in this project", name=name)
    work = Work(f"instance_{action}", {key: params[key] for key in ARGUMENTS}, params["lock"])
    settles = params["wait"] and not module.check_mode and _in_transition(instance)
    plan = _plan_of(connection, params, instance)
    steps = [] if settles else plan(instance)
    if module.check_mode:
        refuse_foreign(instance.group.tags, work)
    elif steps or settles:
        deadline, group_id = Deadline(params["timeout"]), instance.group.id
        with locked(connection, group_id, work, deadline, wait=params["wait"]), fault_recorded(connection, name):
            instance = _settled(connection, name, group_id, deadline) if settles else again(connection, name, group_id)
            steps = plan(instance)
            spec = Spec(name, ssh_user=params["ssh_user"], ssh_public_keys=tuple(params["ssh_public_keys"]))
            applier = Applier(connection, name, instance, deadline, spec=spec)
            carry_out(steps, applier, wait_for=ACTIONS[action].to if params["wait"] and action in ACTIONS else "")
            instance = again(connection, params["new_name"] if action == RENAME else name, group_id)
    shown = [step.shown() for step in steps]
    diff = {"before": {"steps": []}, "after": {"steps": shown}}
    status = instance.server.status if instance.server else ""
    snapshot = next((one.id for one in reversed(instance.snapshots) if one.sound), None)
    return {"changed": bool(steps), "plan": shown, "server_status": status, "snapshot": snapshot, "diff": diff}


def _in_transition(instance: Instance) -> bool:
    server = instance.server
    return server is not None and (server.busy or server.status in TRANSITIONS)


def _settled(connection: t.Any, name: str, group_id: str, deadline: Deadline) -> Instance:
    def probe() -> Instance | None:
        instance = again(connection, name, group_id)
        return None if _in_transition(instance) else instance

    return deadline.until(probe, f"server {name} to end what is under way")


def _plan_of(connection: t.Any, params: t.Mapping[str, t.Any], instance: Instance) -> Plan:
    """What plans the action for what is there; everything that is wrong with the options is refused."""
    action = params["action"]
    if action == SETTLE:
        return lambda _instance: []
    if action == RENAME:
        new_name = params["new_name"]
        refuse(name_problems(new_name, option="new_name"))
        return lambda now: plan_rename(now, new_name, [group for group, _said in find_anchors(connection, new_name)])
    if action in REPLACEMENTS:
        wanted = {"make_next_volume": ("backup", "size", "snapshot"), "replace_volume": ("backup",)}
        return functools.partial(REPLACEMENTS[action], **{key: params[key] for key in wanted.get(action, ())})
    if action in VOLUME_ACTIONS:
        return functools.partial(plan_volume_action, action)
    if action == "migrate" and not _preflight_cloud.roles(connection) & MOVERS:
        msg = f"Nova lets nobody but {' and '.join(sorted(MOVERS))} move servers to another host, and you are neither in this project"
        raise DbaasError("unsupported", msg)
    how: dict[str, t.Any] = {"reboot_type": params["reboot_type"]}
    if action == "migrate":
        how["host"] = params["host"]
    if action == "resize":
        how["flavor"] = _flavor_for(connection, params, instance)
    if action == "rebuild":
        how |= {"image_id": _image_for(connection, instance), "reinstall": params["reinstall"]}
    return lambda now: plan_action(action, now, **how)


def _image_for(connection: t.Any, instance: Instance) -> str:
    """The id of the image that is registered for the instance's version of its datastore."""
    metadata = instance.server.metadata if instance.server else {}
    return _images_cloud.find_version(connection, metadata.get(DATASTORE, ""), metadata.get(VERSION, ""))["id"]


def _flavor_for(connection: t.Any, params: t.Mapping[str, t.Any], instance: Instance) -> Flavor:
    """The flavor that is asked for; everything that keeps the server from it is refused."""
    found = connection.compute.find_flavor(params["flavor"])
    if found is None:
        known = ", ".join(sorted(flavor.name for flavor in connection.compute.flavors()))
        msg = f"flavor: {params['flavor']!r} does not exist; there are: {known}"
        refuse([Problem("flavor", params["flavor"], "not_found", msg)])
    flavor = Flavor(found.id, found.name, found.ram, found.disk, found.vcpus)
    if instance.server is not None:
        quotas = _preflight_cloud.quotas(connection)
        refuse(resize_problems(instance.server, flavor, min_ram=params["min_ram"], quotas=quotas))
    return flavor
