# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that take an instance from what is there to what is asked. Pure; private to the collection.

The same plan is what check mode and diff show and what the real run carries out, in its order.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import SSH_PORT, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    DATASTORE,
    HOST_KEYS,
    INITIALISED,
    KEPT,
    ROOT_ENABLED,
    UNSET,
    VERSION,
    Group,
    Instance,
    Rule,
    ServerGroup,
    Volume,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import KeptVolume

MANAGEMENT = "management"
REQUIRED = ("datastore", "flavor", "volume_size", "networks")
"""Options that a new instance needs; volume_size not when it adopts a volume."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One change. action: what is done, as create, extend, update, delete or attach. name: the label of the resource.
    details: facts for people, JSON-serialisable. target: the id of an existing resource, or what the action needs
    (an Anchor whose task has no start gets the time of its writing)."""

    action: str
    resource: str
    name: str
    details: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    target: t.Any = None

    def shown(self) -> dict[str, t.Any]:
        return {"action": self.action, "resource": self.resource, "name": self.name, **self.details}


@dataclasses.dataclass(frozen=True)
class Records:
    """Facts that a flow hands over to be recorded. None, empty: not asked. begins: a flow begins, an earlier one's fault is past.
    root_enabled: what is to stand in the volume's metadata."""

    host_keys: tuple[str, ...] | None = None
    volume_initialised: bool = False
    fault: str | None = None
    begins: bool = False
    root_enabled: str = ""


def plan_present(
    spec: Spec, instance: Instance | None, network_ids: list[str], kept: KeptVolume | None = None
) -> list[Step]:
    """Steps to the instance that spec describes. network_ids: ids of spec.networks, resolved, in their order. kept: the volume that it adopts.

    Raises DbaasError: invalid (something needed to make it is not given), conflict or unsupported (a difference that
    this module does not change).
    """
    if instance is None:
        adopted = {"volume_size"} if spec.volume_id else set()
        missing = [option for option in REQUIRED if not getattr(spec, option) and option not in adopted]
        if missing:
            raise DbaasError(
                "invalid", f"{spec.name} does not exist; to make it, give {', '.join(missing)}", missing=missing
            )
    else:
        _refuse_immutable(spec, instance)
    return [
        *anchor_steps(spec, instance),
        *_rule_steps(spec, instance, kept),
        *_port_steps(spec, instance, network_ids),
        *_floating_steps(spec, instance),
        *_volume_steps(spec, instance),
        *_server_group_steps(spec, instance),
        *_server_steps(spec, instance),
        *_label_steps(spec, instance),
    ]


def _refuse_immutable(spec: Spec, instance: Instance) -> None:
    there: list[tuple[str, t.Any, t.Any]] = []
    if instance.volume is not None:
        there += [("volume_type", spec.volume_type, instance.volume.type)]
        there += [("volume_id", spec.volume_id, instance.volume.id)]
        there += [("datastore", spec.datastore, instance.volume.metadata.get(DATASTORE))]
    replaced = instance.server and instance.server.status == "ERROR" and _may_replace_server(spec, instance.volume)
    if instance.server is not None and not replaced:
        there += [("flavor", spec.flavor, instance.server.flavor)]
        there += [("availability_zone", spec.availability_zone, instance.server.zone)]
        there += [("datastore_version", spec.datastore_version, instance.server.metadata.get(VERSION))]
        group = instance.server_group
        there += [("locality", spec.locality, group.policy if group and group.owned else None)]
        there += [("server_group", spec.server_group, _name_as_asked(spec.server_group, group))]
        there += [("replica_locality", spec.replica_locality, group.policy)] if group else []
    elif instance.volume is not None and instance.volume.initialised and instance.volume.metadata.get(VERSION):
        there += [("datastore_version", spec.datastore_version, instance.volume.metadata[VERSION])]
    different = [(option, asked, now) for option, asked, now in there if asked and asked != now]
    if different:
        told = "; ".join(f"{option} is {now}, {asked} was asked" for option, asked, now in different)
        raise DbaasError(
            "unsupported",
            f"{spec.name} exists and module instance does not change this: {told}",
            problems=[{"option": option, "value": asked, "now": now} for option, asked, now in different],
        )
    volume = instance.volume
    if volume is not None and spec.volume_size and spec.volume_size < volume.size:
        raise DbaasError(
            "invalid",
            f"volume_size: the data volume of {spec.name} has {volume.size} GiB and cannot shrink to {spec.volume_size}; a volume only grows",
            problems=[{"option": "volume_size", "value": spec.volume_size, "now": volume.size}],
        )
    if instance.server is None and volume is not None and volume.initialised and not _may_replace_server(spec, volume):
        raise DbaasError(
            "conflict",
            f"the server of {spec.name} is gone and its volume {volume.id} holds data: nothing was touched. "
            "Playbook instance_recreate (recreate: true) makes a new server around it",
            volume_id=volume.id,
        )


def _name_as_asked(asked: str | None, group: ServerGroup | None) -> str | None:
    if group is None:
        return None
    return asked if asked in (group.id, group.name) else group.name


def _may_replace_server(spec: Spec, volume: Volume | None) -> bool:
    """Whether a server that is gone or broken is made anew: a volume with data asks for an order to do so."""
    return volume is None or not volume.initialised or spec.recreate or spec.volume_id == volume.id


def anchor_steps(spec: Spec, instance: Instance | None) -> list[Step]:
    """Steps that put the anchor in force, the first of a plan: the lock needs it."""
    if instance is None:
        return [
            Step("create", "security_group", spec.name, {"task": "create"}),
            Step("tag", "security_group", spec.name, {"tags": [_anchor.TAG]}),
        ]
    untagged = _anchor.TAG not in instance.group.tags
    return [
        *([Step("tag", "security_group", spec.name, {"tags": [_anchor.TAG]})] if untagged else []),
        *_rival_steps(instance),
    ]


def _rival_steps(instance: Instance) -> list[Step]:
    """Anchors of runs that were killed before they yielded; one that is in force is never among them."""
    return [
        Step("delete", "security_group", rival.name, {"role": "rival"}, rival.id)
        for rival in instance.rivals
        if _anchor.TAG not in rival.tags
    ]


def _own_port(spec: Spec, instance: Instance | None, kept: KeptVolume | None) -> int | None:
    """The port that is asked for, or that the instance or the volume that it adopts keeps; None: the datastore's."""
    if spec.port:
        return spec.port
    if instance is not None and instance.volume is not None:
        return instance.volume.port
    return kept.port if kept else None


def _management_name(name: str) -> str:
    return f"{name}-{MANAGEMENT}"


def _rule_steps(spec: Spec, instance: Instance | None, kept: KeptVolume | None) -> list[Step]:
    has_management = spec.management_network or (instance is not None and instance.management_group is not None)
    database, management = spec.database_rules(_own_port(spec, instance, kept)), spec.management_rules()
    if not has_management:
        wanted = _merged(instance, database, management)
        return _group_rule_steps(spec.name, wanted, instance.group if instance else None)
    steps = []
    there = instance.management_group if instance else None
    if there is None:
        steps.append(Step("create", "security_group", _management_name(spec.name), {"role": MANAGEMENT}))
    steps += _group_rule_steps(spec.name, database, instance.group if instance else None)
    return steps + _group_rule_steps(_management_name(spec.name), management, there)


def _merged(
    instance: Instance | None, database: frozenset[Rule] | None, management: frozenset[Rule] | None
) -> frozenset[Rule] | None:
    """The rules of a group that serves clients and SSH at once: a part that is not asked stays as it is."""
    if database is None and management is None:
        return None
    there = instance.group.rules if instance else frozenset()
    if database is None:
        database = frozenset(rule for rule in there if rule.port != SSH_PORT)
    if management is None:
        management = frozenset(rule for rule in there if rule.port == SSH_PORT)
    return database | management


def _group_rule_steps(name: str, wanted: frozenset[Rule] | None, group: Group | None) -> list[Step]:
    if wanted is None:
        return []
    there = group.rules if group else frozenset()
    ids = {rule: rule.id for rule in there}
    added = [Step("create", "security_group_rule", name, _rule_details(rule), rule) for rule in _sorted(wanted - there)]
    removed = [
        Step("delete", "security_group_rule", name, _rule_details(rule), ids[rule]) for rule in _sorted(there - wanted)
    ]
    foreign = [
        Step("delete", "security_group_rule", name, {"id": id_}, id_)
        for id_ in (group.foreign_rule_ids if group else ())
    ]
    return added + removed + foreign


def _sorted(rules: t.Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: (rule.port, rule.ethertype, rule.cidr))


def _rule_details(rule: Rule) -> dict[str, t.Any]:
    return {"port": rule.port, "cidr": rule.cidr}


def _port_steps(spec: Spec, instance: Instance | None, network_ids: list[str]) -> list[Step]:
    if instance is not None and instance.server is not None and instance.server.status != "ERROR":
        _refuse_other_networks(spec, instance, network_ids)
        return []
    there = [port.network_id for port in instance.data_ports if port.owned] if instance else []
    steps = []
    for index, wish in enumerate(spec.networks or ()):
        if wish.port:
            continue
        if network_ids[index] in there:
            there.remove(network_ids[index])
            continue
        details = {"network": wish.network, "subnet": wish.subnet, "fixed_ips": list(wish.fixed_ips)}
        steps.append(Step("create", "port", f"{spec.name}-{index}", {k: v for k, v in details.items() if v}, index))
    if spec.management_network and (instance is None or instance.management_port is None):
        steps.append(
            Step("create", "port", _management_name(spec.name), {"network": spec.management_network}, MANAGEMENT)
        )
    return steps


def _refuse_other_networks(spec: Spec, instance: Instance, network_ids: list[str]) -> None:
    if spec.networks is None:
        return
    there = sorted(port.network_id for port in instance.data_ports)
    if sorted(network_ids) != there:
        msg = f"{spec.name} exists and module instance does not change its networks"
        raise DbaasError("unsupported", msg, problems=[{"option": "networks", "value": network_ids, "now": there}])


def _floating_steps(spec: Spec, instance: Instance | None) -> list[Step]:
    there = instance.floating_addresses if instance else ()
    if spec.is_public and not there:
        return [Step("create", "floating_ip", spec.name)]
    if spec.is_public is False:
        return [Step("delete", "floating_ip", ip.address, {}, ip.id) for ip in there]
    return []


def _volume_steps(spec: Spec, instance: Instance | None) -> list[Step]:
    name = f"{spec.name}-data"
    volume = instance.volume if instance else None
    settings = spec.settings()
    create = Step("create", "volume", name, {"size": spec.volume_size, "type": spec.volume_type, **settings})
    if spec.volume_id and (volume is None or volume.kept):
        adopt = Step("adopt", "volume", name, {"id": spec.volume_id}, spec.volume_id)
        return [adopt, *_setting_steps(name, spec.volume_id, settings)]
    if volume is None:
        return [create]
    if volume.status == "error" and not volume.initialised:
        return [Step("delete", "volume", volume.name, {"status": volume.status}, volume.id), create]
    new = {key: value for key, value in settings.items() if volume.metadata.get(key, UNSET.get(key)) != value}
    steps = _setting_steps(volume.name, volume.id, new)
    if spec.volume_size and spec.volume_size > volume.size:
        steps.append(Step("extend", "volume", volume.name, {"size": spec.volume_size, "from": volume.size}, volume.id))
    return steps


def _setting_steps(name: str, volume_id: str, settings: dict[str, str]) -> list[Step]:
    return [Step("update", "volume_metadata", name, {"metadata": settings}, volume_id)] if settings else []


def _server_group_steps(spec: Spec, instance: Instance | None) -> list[Step]:
    policy = spec.replica_locality if instance and instance.server else spec.locality
    if not policy or (instance and instance.server_group):
        return []
    return [Step("create", "server_group", spec.name, {"policy": policy})]


def _server_steps(spec: Spec, instance: Instance | None) -> list[Step]:
    details: dict[str, t.Any] = {"flavor": spec.flavor, "datastore_version": spec.datastore_version}
    if spec.boot_volume_size:
        details["boot_volume_size"] = spec.boot_volume_size
    create = Step("create", "server", spec.name, details)
    server = instance.server if instance else None
    volume = instance.volume if instance else None
    if server is None:
        return [create]
    if server.status == "ERROR" and _may_replace_server(spec, volume):
        return [Step("delete", "server", server.name, {"status": server.status}, server.id), create]
    if instance is not None and volume is not None and volume.id not in server.volume_ids:
        refuse_locked("get its volume", instance)
        return [Step("attach", "volume", volume.name, {"server": server.name}, volume.id)]
    return []


def _label_steps(spec: Spec, instance: Instance | None) -> list[Step]:
    steps = []
    server = instance.server if instance else None
    ours = instance is not None and _anchor.PROTECTED_TAG in instance.group.tags
    protected = ours if spec.deletion_protection is None else spec.deletion_protection
    # A run that was killed while it had the server unlocked leaves the tag alone.
    half = ours and server is not None and not server.locked
    if ours != protected or half:
        steps.append(Step("update", "deletion_protection", spec.name, {"enabled": protected}))
    if server is None or server.status == "ERROR":
        return steps  # tags and metadata stand in the call that creates the server
    if spec.tags is not None and spec.tags != _user_tags(server.tags):
        steps.append(Step("update", "server_tags", server.name, {"tags": sorted(spec.tags)}, server.id))
    if spec.metadata is not None:
        now = user_metadata(server.metadata)
        gone = sorted(set(now) - set(spec.metadata))
        if now != dict(spec.metadata):
            details = {"metadata": dict(spec.metadata), "removed": gone}
            steps.append(Step("update", "server_metadata", server.name, details, server.id))
    return steps


def _user_tags(tags: frozenset[str]) -> frozenset[str]:
    return frozenset(tag for tag in tags if not tag.startswith(_anchor.TAG))


def user_metadata(metadata: t.Mapping[str, str]) -> dict[str, str]:
    """The user's own metadata of a server: all that is not this collection's."""
    return {key: value for key, value in metadata.items() if not key.startswith(_anchor.TAG)}


def plan_records(records: Records, instance: Instance, others: t.Iterable[Step] = ()) -> list[Step]:
    """Steps that record what a flow hands over, after the other steps of its plan: a new server leaves an earlier fault behind."""
    steps = []
    begins = records.begins or any((step.action, step.resource) == ("create", "server") for step in others)
    server, volume = instance.server, instance.volume
    if records.host_keys is not None and server is not None and list(records.host_keys) != server.host_keys:
        metadata = {HOST_KEYS: " ".join(records.host_keys)}
        steps.append(Step("update", "server_metadata", server.name, {"metadata": metadata, "removed": []}, server.id))
    if records.volume_initialised and volume is not None and not volume.initialised:
        version = {VERSION: server.metadata[VERSION]} if server and VERSION in server.metadata else {}
        details = {"metadata": {INITIALISED: "true", **version}}
        steps.append(Step("update", "volume_metadata", volume.name, details, volume.id))
    if records.root_enabled and volume is not None and ROOT_ENABLED not in volume.metadata:
        details = {"metadata": {ROOT_ENABLED: records.root_enabled}}
        steps.append(Step("update", "volume_metadata", volume.name, details, volume.id))
    anchor = instance.anchor
    if begins and anchor.fault:
        anchor = dataclasses.replace(anchor, task="create", since=0, fault="")
    if records.fault is not None:
        anchor = dataclasses.replace(anchor, fault=records.fault)
    return steps + _anchor_update(instance, anchor)


def refuse_locked(words: str, instance: Instance) -> None:
    """Raises DbaasError not_actionable when somebody locked the server in Nova. words: what it cannot."""
    if instance.locked_by_hand and instance.server is not None:
        msg = (
            f"{instance.group.name} cannot {words}: its server is locked in Nova, and not by deletion_protection;"
            f" openstack server unlock {instance.server.id} ends that"
        )
        raise DbaasError("not_actionable", msg, status="LOCKED")


def plan_closing(instance: Instance) -> list[Step]:
    """Steps that record that the operation is over."""
    return _anchor_update(instance, dataclasses.replace(instance.anchor, task="", since=0, fault=""))


def _anchor_update(instance: Instance, anchor: _anchor.Anchor) -> list[Step]:
    if anchor.encode() == instance.anchor.encode():
        return []
    return [Step("update", "anchor", instance.group.name, {"task": anchor.task, "fault": anchor.fault}, anchor)]


def snapshot_steps(instance: Instance) -> list[Step]:
    """Steps that delete the snapshots of the data volume that are the instance's."""
    return [Step("delete", "snapshot", one.name, {}, one.id) for one in instance.snapshots]


def refuse_backed_up(instance: Instance, volumes: t.Iterable[Volume]) -> None:
    """DbaasError conflict when backups are snapshots of volumes that are to be deleted, which Cinder does not do."""
    ids = {volume.id for volume in volumes}
    found = sorted(backup for backup, volume_id in instance.backups.items() if volume_id in ids)
    if found:
        msg = f"backups {', '.join(found)} are snapshots of a data volume of {instance.group.name}: remove them first, or keep the volume"
        raise DbaasError("conflict", msg, backups=found)


def plan_absent(instance: Instance | None, keep_volume: bool) -> list[Step]:
    """Steps that remove everything of the instance, the anchor last. Raises DbaasError conflict when it is protected."""
    if instance is None:
        return []
    name = instance.group.name
    if _anchor.PROTECTED_TAG in instance.group.tags:
        raise DbaasError(
            "conflict", f"{name} is protected: set deletion_protection to false first", option="deletion_protection"
        )
    if instance.locked_by_hand:
        raise DbaasError(
            "conflict", f"the server of {name} is locked in Nova: openstack server unlock it first", status="LOCKED"
        )
    refuse_backed_up(instance, [one for one in instance.volumes if not (keep_volume and one is instance.volume)])
    steps = [
        Step(
            "update",
            "anchor",
            name,
            {"task": "delete", "fault": ""},
            dataclasses.replace(instance.anchor, task="delete", since=0, fault=""),
        )
    ]
    for server in instance.servers:
        if keep_volume and server.status == "ACTIVE":
            steps.append(Step("stop", "server", server.name, {}, server.id))
        steps.append(Step("delete", "server", server.name, {}, server.id))
    steps += [Step("delete", "floating_ip", ip.address, {}, ip.id) for ip in instance.floating_addresses]
    steps += [Step("delete", "port", port.id, {}, port.id) for port in instance.owned_ports]
    if instance.server_group is not None and instance.server_group.owned:
        verb = "leave" if instance.server_group.shared else "delete"
        steps.append(Step(verb, "server_group", name, {}, instance.server_group.id))
    # What an upgrade that was killed left: no way back leads through a deletion.
    steps += snapshot_steps(instance)
    for volume in instance.volumes:
        if keep_volume and volume is instance.volume:
            steps.append(Step("update", "volume_metadata", volume.name, {"metadata": {KEPT: "true"}}, volume.id))
        else:
            steps.append(Step("delete", "volume", volume.name, {"size": volume.size}, volume.id))
    steps.append(Step("delete", "heartbeat", instance.anchor.uid))
    if instance.management_group is not None:
        group = instance.management_group
        steps.append(Step("delete", "security_group", group.name, {"role": MANAGEMENT}, group.id))
    steps += _rival_steps(instance)
    steps.append(Step("delete", "security_group", name, {}, instance.group.id))
    return steps
