# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module instance does: find, check, plan, apply, show. Effects; private to the collection."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _preflight, _preflight_cloud, _store
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError, as_dbaas_error
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_action import ACTIONS, plan_action
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_apply_cloud import Applier
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import (
    Records,
    Step,
    plan_absent,
    plan_present,
    plan_records,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import (
    NetworkWish,
    Problem,
    Spec,
    name_problems,
    problems_of_form,
    refuse,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_view import view
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import find
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Instance
from ansible_collections.dbaas.openstack.plugins.module_utils._quota import needs, quota_problems
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline


def spec_of(params: t.Mapping[str, t.Any]) -> Spec:
    """The spec that the options of the module ask for."""
    same: dict[str, t.Any] = {
        field.name: params[field.name] for field in dataclasses.fields(Spec) if field.name in params
    }
    for option in ("allowed_cidrs", "management_cidrs", "datastore_ports", "ssh_public_keys"):
        same[option] = None if params[option] is None else tuple(params[option])
    same["tags"] = None if params["tags"] is None else frozenset(params["tags"])
    if params["metadata"] is not None:
        same["metadata"] = {
            key: value if isinstance(value, str) else json.dumps(value) for key, value in params["metadata"].items()
        }
    if params["networks"] is not None:
        same["networks"] = tuple(
            NetworkWish(wish["network"], wish["subnet"] or None, tuple(wish["fixed_ips"]))
            for wish in params["networks"]
        )
    given: dict[str, t.Any] = {key: None if value == "" else value for key, value in same.items()}
    return Spec(**given)


def present(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State present."""
    params = module.params
    spec = spec_of(params)
    refuse(problems_of_form(spec))
    instance = find(connection, spec.name)
    spec, facts, found = _look(connection, spec, instance)
    try:
        steps = plan_present(spec, instance, _network_ids(spec, facts))
    except DbaasError:
        refuse(found)
        raise
    refuse(found + quota_problems(needs(steps, spec, facts.flavor), facts.quotas))
    records = Records(
        host_keys=None if params["host_keys"] is None else tuple(params["host_keys"]),
        volume_initialised=params["volume_initialised"],
        completed=params["completed"],
        fault=params["fault"],
    )
    if instance is not None:
        steps += plan_records(records, instance)
    if not module.check_mode:
        deadline = Deadline(params["timeout"])
        applier = Applier(
            connection, spec.name, instance, deadline, spec=spec, facts=facts, store_prefix=params["store_prefix"]
        )
        _carry_out(connection, spec.name, steps, applier)
        if params["wait"] and (instance is None or _unsettled(instance) or steps):
            with _fault_recorded(connection, spec.name):
                _settle(connection, spec.name, deadline)
        instance = find(connection, spec.name)
    return _result(connection, instance, steps, params["store_prefix"])


def absent(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State absent."""
    params = module.params
    refuse(name_problems(params["name"]))
    instance = find(connection, params["name"])
    steps = plan_absent(instance, params["keep_volume"])
    if steps and not module.check_mode:
        applier = Applier(
            connection, params["name"], instance, Deadline(params["timeout"]), store_prefix=params["store_prefix"]
        )
        _carry_out(connection, params["name"], steps, applier)
        instance = None
    removed = [f"{step.resource} {step.name}" for step in steps if step.action == "delete"]
    return {**_result(connection, instance, steps, params["store_prefix"]), "removed": removed}


def act(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """An action on the server."""
    params = module.params
    name, action = params["name"], params["action"]
    refuse(name_problems(name))
    instance = find(connection, name)
    if instance is None:
        raise DbaasError("not_found", f"there is no instance {name!r} in this project", name=name)
    steps = plan_action(action, instance, params["reboot_type"])
    status = instance.server.status if instance.server else ""
    if steps and not module.check_mode:
        applier = Applier(connection, name, instance, Deadline(params["timeout"]))
        _carry_out(connection, name, steps, applier, wait_for=ACTIONS[action].to if params["wait"] else "")
        status = t.cast("t.Any", find(connection, name)).server.status
    plan = [step.shown() for step in steps]
    diff = {"before": {"steps": []}, "after": {"steps": plan}}
    return {"changed": bool(steps), "plan": plan, "server_status": status, "diff": diff}


def _look(connection: t.Any, spec: Spec, instance: Instance | None) -> tuple[Spec, _preflight.Facts, list[Problem]]:
    """The spec with its names resolved, what the cloud has, what it lacks. A complete instance only has its networks looked up."""
    complete = instance is not None and instance.server is not None and instance.server.status != "ERROR"
    if complete and not (spec.is_public and not (instance and instance.floating_addresses)):
        facts = _preflight.Facts(networks=_preflight_cloud.networks(connection, spec))
        return spec, facts, _preflight.network_problems(spec, facts) if spec.networks else []
    facts = _preflight_cloud.gather(connection, spec)
    resolved: dict[str, t.Any] = {"flavor": facts.flavor.name} if facts.flavor else {}
    if facts.image:
        resolved["datastore_version"] = facts.image["version"]
    return dataclasses.replace(spec, **resolved), facts, _preflight.problems(spec, facts)


def _network_ids(spec: Spec, facts: _preflight.Facts) -> list[str]:
    """Of the spec's networks; for one that does not exist, what was asked for."""
    wishes = zip(spec.networks or (), facts.networks, strict=True)
    return [network.id if network else wish.network for wish, network in wishes]


def _unsettled(instance: Instance) -> bool:
    server, volume = instance.server, instance.volume
    return server is None or server.status in ("BUILD", "ERROR") or volume is None or volume.status not in ("in-use",)


def _settle(connection: t.Any, name: str, deadline: Deadline) -> None:
    instance = t.cast("Instance", find(connection, name))
    if instance.server is None or instance.server.status not in ("BUILD", "ACTIVE", "ERROR"):
        return  # stopped, shelved and the like: present does not start it
    applier = Applier(connection, name, instance, deadline)
    applier.wait_for_server()
    applier.wait_for_volume()


def _carry_out(connection: t.Any, name: str, steps: list[Step], applier: Applier, wait_for: str = "") -> None:
    with _fault_recorded(connection, name):
        for step in steps:
            applier.apply(step)
            if wait_for and step.resource == "server":
                applier.wait_for_server(wait_for)


@contextlib.contextmanager
def _fault_recorded(connection: t.Any, name: str) -> t.Iterator[None]:
    """Record a failure on the anchor, as far as that works, and name what exists now."""
    try:
        yield
    except Exception as raised:
        error = as_dbaas_error(raised)
        if error is None:
            raise
        left: list[str] = []
        with contextlib.suppress(Exception):  # the first error is the one to tell
            left = _record_fault(connection, name, error.msg)
        error.details.setdefault("left", left)
        raise error from raised


def _record_fault(connection: t.Any, name: str, fault: str) -> list[str]:
    instance = find(connection, name)
    if instance is None:
        return []
    applier = Applier(connection, name, instance, Deadline(0))
    for step in plan_records(Records(fault=fault), instance):
        applier.apply(step)
    return parts(instance)


def parts(instance: Instance) -> list[str]:
    """The resources of an instance, for people."""
    groups = filter(None, [instance.group, instance.management_group])
    return [
        *(f"security_group {group.name}" for group in groups),
        *(f"port {port.id}" for port in instance.ports),
        *(f"floating_ip {ip.address}" for ip in instance.floating_addresses),
        *(f"volume {volume.name}" for volume in instance.volumes),
        *(f"server {server.name}" for server in instance.servers),
    ]


def _result(connection: t.Any, instance: Instance | None, steps: list[Step], prefix: str) -> dict[str, t.Any]:
    shown = None
    if instance is not None:
        heartbeats, reachable = _store.heartbeats_if_reachable(connection, prefix=prefix, uids=[instance.anchor.uid])
        shown = view(instance, heartbeats.get(instance.anchor.uid), now=time.time(), store_reachable=reachable)
    plan = [step.shown() for step in steps]
    before = parts(instance) if instance and steps else []
    return {
        "changed": bool(steps),
        "instance": shown,
        "plan": plan,
        "diff": {"before": {"parts": before, "steps": []}, "after": {"parts": before, "steps": plan}},
    }
