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
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _endpoint_cloud,
    _preflight,
    _preflight_cloud,
    _replication_network_cloud,
    _replication_sets_cloud,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError, as_dbaas_error
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_apply_cloud import (
    Applier,
    NotWhileAttachedError,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import (
    Records,
    Step,
    anchor_steps,
    plan_absent,
    plan_closing,
    plan_present,
    plan_records,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import (
    NetworkWish,
    Problem,
    Spec,
    name_problems,
    operation_problems,
    problems_of_form,
    refuse,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import find
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import described, shown
from ansible_collections.dbaas.openstack.plugins.module_utils._lock_cloud import (
    LockLostError,
    Work,
    locked,
    refuse_foreign,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import SET, VERSION, Instance
from ansible_collections.dbaas.openstack.plugins.module_utils._quota import needs, quota_problems
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ReplicationSet
from ansible_collections.dbaas.openstack.plugins.module_utils._status import BROKEN, works
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline


def spec_of(params: t.Mapping[str, t.Any]) -> Spec:
    """The spec that the options of the module ask for."""
    same: dict[str, t.Any] = {
        field.name: params[field.name] for field in dataclasses.fields(Spec) if field.name in params
    }
    for option in ("allowed_cidrs", "management_cidrs", "datastore_ports", "ssh_public_keys"):
        same[option] = None if params[option] is None else tuple(params[option])
    for option in ("logs", "tags"):
        same[option] = None if params[option] is None else frozenset(params[option])
    if params["metadata"] is not None:
        same["metadata"] = {
            key: value if isinstance(value, str) else json.dumps(value) for key, value in params["metadata"].items()
        }
    if params["networks"] is not None:
        same["networks"] = tuple(
            NetworkWish(wish["network"] or "", wish["subnet"] or None, tuple(wish["fixed_ips"]), wish["port"] or None)
            for wish in params["networks"]
        )
    given: dict[str, t.Any] = {key: None if value == "" else value for key, value in same.items()}
    return Spec(**given)


def present(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State present."""
    params = module.params
    spec = spec_of(params)
    refuse(problems_of_form(spec) + operation_problems(params["operation"]))
    records = _records_of(params, connection)
    operation, prefix = params["operation"], params["store_prefix"]
    work = Work(operation or "instance_present", dataclasses.asdict(spec), params["lock"], keep=bool(operation))
    instance = find(connection, spec.name)
    planned = _planned(connection, spec, records, instance)
    if module.check_mode:
        refuse_foreign(instance.group.tags if instance else (), work)
        closing = plan_closing(instance) if instance and params["completed"] else []
        return _result(connection, instance, planned.steps + closing, prefix)
    asked = operation or work.holder or params["completed"]
    if instance and not (planned.steps or asked or (params["wait"] and _unsettled(instance))):
        return _result(connection, instance, [], prefix)
    deadline = Deadline(params["timeout"])
    steps, group_id = ([], instance.group.id) if instance else _make_anchor(connection, planned, deadline)
    with locked(connection, group_id, work, deadline, wait=params["wait"]) as lock:
        with fault_recorded(connection, spec.name):
            instance = again(connection, spec.name, group_id)
            planned = _planned(connection, spec, records, instance)
            applier = Applier(
                connection, spec.name, instance, deadline, spec=planned.spec, facts=planned.facts, store_prefix=prefix
            )
            carry_out(planned.steps, applier)
            if params["wait"] and (_unsettled(instance) or planned.steps):
                _settle(connection, spec.name, deadline)
        steps += planned.steps
        if params["completed"]:
            if params["wait"]:
                _await_guest(connection, spec.name, deadline, prefix)
            closing = plan_closing(again(connection, spec.name, group_id))
            carry_out(closing, applier)
            steps += closing
        result = _result(connection, find(connection, spec.name), steps, prefix)
        return {**result, "lock": lock.claim.holder} if work.keep else result


def absent(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State absent."""
    params = module.params
    name, prefix, keep_volume = params["name"], params["store_prefix"], params["keep_volume"]
    refuse(name_problems(name))
    work = Work(params["operation"] or "instance_delete", {"keep_volume": keep_volume}, params["lock"])
    instance = find(connection, name)
    alone = _alone(connection, instance, prefix) if instance is not None else None
    steps = plan_absent(instance, keep_volume)
    if instance is not None and module.check_mode:
        refuse_foreign(instance.group.tags, work)
    elif instance is not None:
        deadline, group_id = Deadline(params["timeout"]), instance.group.id
        try:
            with locked(connection, group_id, work, deadline, wait=params["wait"]), fault_recorded(connection, name):
                instance = again(connection, name, group_id)
                steps = plan_absent(instance, keep_volume)
                if alone is not None:
                    _forget(connection, alone, name, prefix)
                carry_out(steps, Applier(connection, name, instance, deadline, store_prefix=prefix))
        except DbaasError:
            if find(connection, name) is not None:
                raise
            steps = []  # another run of this deletion came to its end while this one waited
        instance = None
    removed = [f"{step.resource} {step.name}" for step in steps if step.action == "delete"]
    return {**_result(connection, instance, steps, prefix), "removed": removed}


def _alone(connection: t.Any, instance: Instance, prefix: str) -> ReplicationSet | None:
    """The set of which it is all that is left. Nobody goes whom others follow, or for whom another one keeps what it has not read."""
    told = instance.volume.metadata.get(SET) if instance.volume else None
    found = _replication_sets_cloud.find(connection, told, prefix) if told else None
    if found is None or instance.anchor.uid not in found.members:
        return None
    if len(found.members) == 1:
        return found
    leads = found.primary == instance.anchor.uid
    msg = f"{instance.group.name} is {'the primary' if leads else 'a replica'} of a replication set: " + (
        "playbook replica_promote has another one take over, or replica_detach makes the replicas instances of their own"
        if leads
        else "playbook replica_detach makes it an instance of its own"
    )
    raise DbaasError("not_actionable", msg)


def _forget(connection: t.Any, alone: ReplicationSet, name: str, prefix: str) -> None:
    """Have nothing of a set any more: a detachment of its last replica was stopped midway."""
    _endpoint_cloud.remove(connection, alone, check=False)
    _replication_network_cloud.disconnect(connection, alone.id, name, last=True, check=False)
    _replication_sets_cloud.delete(connection, alone, prefix)


def _records_of(params: t.Mapping[str, t.Any], connection: t.Any) -> Records:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Records(
        host_keys=None if params["host_keys"] is None else tuple(params["host_keys"]),
        volume_initialised=params["volume_initialised"],
        fault=params["fault"],
        begins=bool(params["operation"]),
        root_enabled=f"{now} {connection.current_user_id}" if params["root_enabled"] else "",
    )


class _Planned(t.NamedTuple):
    """spec: with its names resolved. facts: what the cloud has."""

    spec: Spec
    facts: _preflight.Facts
    steps: list[Step]


def _planned(connection: t.Any, spec: Spec, records: Records, instance: Instance | None) -> _Planned:
    """The plan for what is there now; everything that is wrong is refused at once."""
    spec, facts, found = _look(connection, spec, instance)
    try:
        steps = plan_present(spec, instance, _network_ids(spec, facts), facts.kept_volume)
    except DbaasError:
        refuse(found)
        raise
    refuse(found + quota_problems(needs(steps, spec, facts.flavor), facts.quotas))
    return _Planned(spec, facts, steps + (plan_records(records, instance, steps) if instance else []))


def _make_anchor(connection: t.Any, planned: _Planned, deadline: Deadline) -> tuple[list[Step], str]:
    """The steps that were carried out, and the id of the anchor, which the lock needs."""
    steps = anchor_steps(planned.spec, None)
    applier = Applier(connection, planned.spec.name, None, deadline, spec=planned.spec, facts=planned.facts)
    carry_out(steps, applier)
    return steps, applier.group_id


def again(connection: t.Any, name: str, group_id: str) -> Instance:
    """What is there now that the lock is held: another run may have worked on it before."""
    instance = find(connection, name)
    if instance is None or instance.group.id != group_id:
        msg = f"{name} was removed or made anew by another run meanwhile; run again"
        raise LockLostError("conflict", msg, name=name)
    return instance


def _look(connection: t.Any, spec: Spec, instance: Instance | None) -> tuple[Spec, _preflight.Facts, list[Problem]]:
    """The spec with its names resolved, what the cloud has, what it lacks. A complete instance only has its networks looked up."""
    server_ids = [server.id for server in instance.servers] if instance else []
    complete = instance is not None and instance.server is not None and instance.server.status != "ERROR"
    if complete and not (spec.is_public and not (instance and instance.floating_addresses)):
        facts = _preflight.Facts(
            networks=_preflight_cloud.networks(connection, spec),
            ports=_preflight.freed(_preflight_cloud.ports(connection, spec), server_ids),
            quotas=_preflight_cloud.quotas(connection) if _grows(spec, instance) else {},
        )
        return spec, facts, _preflight.network_problems(spec, facts) if spec.networks else []
    if instance and instance.volume and instance.volume.initialised and not spec.datastore_version:
        spec = dataclasses.replace(spec, datastore_version=instance.volume.metadata.get(VERSION))
    facts = _preflight_cloud.gather(connection, spec)
    facts = dataclasses.replace(facts, ports=_preflight.freed(facts.ports, server_ids))
    resolved: dict[str, t.Any] = {"flavor": facts.flavor.name} if facts.flavor else {}
    if facts.image:
        resolved["datastore_version"] = facts.image["version"]
    return dataclasses.replace(spec, **resolved), facts, _preflight.problems(spec, facts)


def _grows(spec: Spec, instance: Instance | None) -> bool:
    volume = instance.volume if instance else None
    return bool(volume and spec.volume_size and spec.volume_size > volume.size)


def _network_ids(spec: Spec, facts: _preflight.Facts) -> list[str]:
    """Of the spec's networks; for one that does not exist, what was asked for."""
    wishes = zip(spec.networks or (), facts.networks, strict=True)
    return [network.id if network else wish.label for wish, network in wishes]


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


def _await_guest(connection: t.Any, name: str, deadline: Deadline, prefix: str) -> None:
    """Until the guest is heard to work; DbaasError agent when it is heard to have failed."""

    def probe() -> bool | None:
        rows, _reachable = shown(connection, name, prefix=prefix)
        removed: dict[str, t.Any] = {"status": "ERROR", "fault": "it was removed meanwhile", "heartbeat": None}
        told = next(iter(rows), removed)
        if told["status"] in BROKEN:
            msg = f"{name} is {told['status']}: {told['fault']}. Its agent's log tells more: journalctl -u dbaas-agent in the guest"
            raise DbaasError("agent", msg, status=told["status"])
        return works(told["status"], (told["heartbeat"] or {}).get("cause", "")) or None

    deadline.until(probe, f"{name} to be heard as ACTIVE")


def carry_out(steps: list[Step], applier: Applier, wait_for: str = "") -> None:
    """Apply the steps in their order. wait_for: the status of Nova to wait for after one on the server."""
    for step in steps:
        applier.apply(step)
        if wait_for and step.resource == "server":
            applier.wait_for_server(wait_for, step)


@contextlib.contextmanager
def fault_recorded(connection: t.Any, name: str) -> t.Iterator[None]:
    """Record a failure on the anchor, as far as that works, and name what exists now."""
    try:
        yield
    except (LockLostError, NotWhileAttachedError):
        raise  # the anchor is another run's now, or there is no fault
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
    rows, _reachable = described(connection, [instance] if instance else [], fleet=False, prefix=prefix)
    plan = [step.shown() for step in steps]
    before = parts(instance) if instance and steps else []
    return {
        "changed": bool(steps),
        "instance": rows[0] if rows else None,
        "plan": plan,
        "diff": {"before": {"parts": before, "steps": []}, "after": {"parts": before, "steps": plan}},
    }
