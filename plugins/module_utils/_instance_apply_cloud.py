# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying out the steps of a plan. Effects; private to the collection.

Each creating call carries the uid, so that a run that is killed after it finds its work again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _anchor, _host_key, _store, _user_data
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError, as_dbaas_error, require_ok
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import MANAGEMENT, Step
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import NetworkWish, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import UID, find_anchors
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    DATASTORE,
    HOST_KEYS,
    INITIALISED,
    KEPT,
    VERSION,
    Instance,
    Rule,
    outranked,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Facts, Network, subnets_of
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline

RIVALS_PATIENCE = 10
"""Seconds in which another run that makes an instance of the same name yields, or has its anchor in force."""


_REFUSED_WHILE_ATTACHED = (400, 403, 409)
"""Cinder's answers where an API that is too old, a rule or a driver keeps attached volumes from being extended."""


_MOVED: dict[str, t.Callable[[t.Any, t.Mapping[str, t.Any]], bool]] = {
    "resize": lambda server, asked: bool(server.flavor.original_name == asked["flavor"]),
    "migrate": lambda server, asked: bool(asked["from"]) and server.compute_host != asked["from"],
}
"""Whether a server that Nova works on no more, and that does not wait to be confirmed, has moved, by the step's action."""


class NotWhileAttachedError(DbaasError):
    """Nothing was changed, and it can be done while the volume is detached."""


class Applier:
    """Applies steps one after another. spec and facts are needed by creating steps only."""

    def __init__(
        self,
        connection: t.Any,
        name: str,
        instance: Instance | None,
        deadline: Deadline,
        *,
        spec: Spec | None = None,
        facts: Facts | None = None,
        store_prefix: str = _store.DEFAULT_PREFIX,
    ) -> None:
        self._connection = connection
        self._name = name
        self._deadline = deadline
        self._spec = spec or Spec(name)
        self._facts = facts or Facts()
        self._store_prefix = store_prefix
        kept = self._facts.kept_volume
        self._uid = instance.anchor.uid if instance else (kept.uid if kept else _anchor.new_uid())
        self._server_group_id = instance.server_group.id if instance and instance.server_group else ""
        self._locked = bool(instance and instance.server and _anchor.PROTECTED_TAG in instance.group.tags)
        self._group_id = instance.group.id if instance else ""
        management = instance.management_group if instance else None
        self._management_group_id = management.id if management else ""
        self._ports = self._known_ports(instance) if instance else self._given_ports()
        self._volume_id = instance.volume.id if instance and instance.volume else ""
        self._server_id = instance.server.id if instance and instance.server else ""
        self._metadata = dict(instance.server.metadata) if instance and instance.server else {}

    @property
    def group_id(self) -> str:
        """Of the anchor."""
        return self._group_id

    def _known_ports(self, instance: Instance) -> dict[t.Any, str]:
        """Ids of the ports by the index of the wish that they fulfil, and of the management port."""
        free = [port for port in instance.data_ports if port.owned]
        known: dict[t.Any, str] = self._given_ports()
        for index, network in enumerate(self._facts.networks):
            if index in known:
                continue
            port = next((port for port in free if network and port.network_id == network.id), None)
            if port is not None:
                free.remove(port)
                known[index] = port.id
        if instance.management_port is not None:
            known[MANAGEMENT] = instance.management_port.id
        return known or dict(enumerate(port.id for port in instance.data_ports))

    def _given_ports(self) -> dict[t.Any, str]:
        return {index: port.id for index, port in enumerate(self._facts.ports) if port is not None}

    def apply(self, step: Step) -> None:
        """Carry out one step; waits as far as the next step needs it."""
        self._deadline.on_pause()
        getattr(self, f"_{step.action}_{step.resource}")(step)

    # security groups: the anchor, and the group of the management port

    def _create_security_group(self, step: Step) -> None:
        network = self._connection.network
        if step.details.get("role") == MANAGEMENT:
            group = network.create_security_group(name=step.name, description=_anchor.owned_description(self._uid))
            self._management_group_id = group.id
            return
        anchor = _anchor.Anchor(self._uid, task="create", since=int(time.time()))
        group = network.create_security_group(name=step.name, description=anchor.encode())
        self._group_id = group.id
        if self._is_outranked():
            network.delete_security_group(group.id)
            msg = f"another run is making {self._name} at this moment and came first; run again when it has ended"
            raise DbaasError("conflict", msg)

    def _is_outranked(self) -> bool:
        def look() -> bool | None:
            return outranked(self._group_id, [group for group, _said in find_anchors(self._connection, self._name)])

        try:
            return Deadline(RIVALS_PATIENCE).until(look, "another run to yield")
        except DbaasError as error:
            if error.reason != "timeout":
                raise
            return True

    def _tag_security_group(self, step: Step) -> None:
        for tag in step.details["tags"]:
            require_ok(self._connection.network.put(self._tag_url(tag)), f"Tag security group {step.name}")

    def _tag_url(self, tag: str) -> str:
        return f"/security-groups/{self._group_id}/tags/{tag}"

    def _update_deletion_protection(self, step: Step) -> None:
        """The tag is there whenever the server is locked: it tells that the lock is ours."""
        network, compute = self._connection.network, self._connection.compute
        action = f"Change the protection of {step.name}"
        if step.details["enabled"]:
            require_ok(network.put(self._tag_url(_anchor.PROTECTED_TAG)), action)
            if self._server_id:
                self._deadline.until(self._server_is_there, f"server {self._name} to be built")
                compute.lock_server(self._server_id)
        else:
            if self._locked:
                compute.unlock_server(self._server_id)
            require_ok(network.delete(self._tag_url(_anchor.PROTECTED_TAG)), action)
        self._locked = bool(step.details["enabled"] and self._server_id)

    def _server_is_there(self) -> bool | None:
        return self._connection.compute.get_server(self._server_id).status != "BUILD" or None

    @contextlib.contextmanager
    def _unlocked(self) -> t.Iterator[t.Any]:
        """Nova, whose server is not locked meanwhile: it changes no locked one."""
        compute = self._connection.compute
        if self._locked:
            compute.unlock_server(self._server_id)
        try:
            yield compute
        finally:
            if self._locked:
                compute.lock_server(self._server_id)

    def _update_anchor(self, step: Step) -> None:
        anchor: _anchor.Anchor = step.target
        if anchor.task and not anchor.since:
            anchor = dataclasses.replace(anchor, since=int(time.time()))
        self._connection.network.update_security_group(self._group_id, description=anchor.encode())

    def _delete_security_group(self, step: Step) -> None:
        self._connection.network.delete_security_group(step.target)

    def _create_security_group_rule(self, step: Step) -> None:
        rule: Rule = step.target
        self._connection.network.create_security_group_rule(
            security_group_id=self._group_id if step.name == self._name else self._management_group_id,
            direction="ingress",
            protocol="tcp",
            ether_type=rule.ethertype,
            port_range_min=rule.port,
            port_range_max=rule.port,
            remote_ip_prefix=rule.cidr,
        )

    def _delete_security_group_rule(self, step: Step) -> None:
        self._connection.network.delete_security_group_rule(step.target)

    # ports and floating addresses

    def _create_port(self, step: Step) -> None:
        managing = step.target == MANAGEMENT
        wish, network = self._wish(step.target)
        attributes: dict[str, t.Any] = {
            "name": step.name,
            "description": _anchor.owned_description(self._uid),
            "network_id": network.id,
            "security_groups": [self._management_group_id if managing else self._group_id],
        }
        fixed = _fixed_ips(wish, network)
        if fixed:
            attributes["fixed_ips"] = fixed
        self._ports[step.target] = self._connection.network.create_port(**attributes).id

    def _wish(self, target: t.Any) -> tuple[NetworkWish, Network]:
        if target == MANAGEMENT:
            network = t.cast("Network", self._facts.management_network)
            return NetworkWish(network.id), network
        return t.cast("t.Any", self._spec.networks)[target], t.cast("Network", self._facts.networks[target])

    def _delete_port(self, step: Step) -> None:
        self._connection.network.delete_port(step.target)

    def _create_floating_ip(self, _step: Step) -> None:
        network = t.cast("Network", self._facts.floating_network)
        self._connection.network.create_ip(
            floating_network_id=network.id,
            port_id=self._ports[min(key for key in self._ports if key != MANAGEMENT)],
            description=_anchor.owned_description(self._uid),
        )

    def _delete_floating_ip(self, step: Step) -> None:
        self._connection.network.delete_ip(step.target)

    # names

    def _rename_security_group(self, step: Step) -> None:
        self._connection.network.update_security_group(step.target, name=step.details["to"])

    def _rename_port(self, step: Step) -> None:
        self._connection.network.update_port(step.target, name=step.details["to"])

    def _rename_volume(self, step: Step) -> None:
        self._connection.block_storage.update_volume(step.target, name=step.details["to"])

    def _rename_server(self, step: Step) -> None:
        with self._unlocked() as compute:
            compute.update_server(step.target, name=step.details["to"])

    # the data volume

    def _create_volume(self, step: Step) -> None:
        attributes = {
            "snapshot_id": self._spec.volume_snapshot,
            "volume_type": self._spec.volume_type,
            "availability_zone": self._spec.volume_availability_zone,
        }
        volume = self._connection.block_storage.create_volume(
            name=step.name,
            size=self._spec.volume_size,
            metadata={UID: self._uid, DATASTORE: self._spec.datastore, **self._spec.settings()},
            **{key: value for key, value in attributes.items() if value},
        )
        self._volume_id = volume.id

    def _create_next_volume(self, step: Step) -> None:
        """In the zone of the one whose place it takes."""
        storage = self._connection.block_storage
        attributes = {
            "snapshot_id": step.details["snapshot"],
            "volume_type": step.details["type"],
            "availability_zone": storage.get_volume(step.target).availability_zone,
        }
        volume = storage.create_volume(
            name=step.name,
            size=step.details["size"],
            metadata=step.details["metadata"],
            **{key: value for key, value in attributes.items() if value},
        )
        self._volume_id = volume.id
        self._deadline.until(self._volume_status(("available",)), f"volume {step.name} to become available")

    def _adopt_volume(self, step: Step) -> None:
        storage = self._connection.block_storage
        storage.update_volume(step.target, name=step.name)
        storage.delete_volume_metadata(step.target, [KEPT])
        self._volume_id = step.target

    def _extend_volume(self, step: Step) -> None:
        """Online where it is attached."""
        storage, size = self._connection.block_storage, step.details["size"]
        self._volume_id = step.target
        before = storage.get_volume(step.target).status
        try:
            storage.extend_volume(step.target, size)
        except Exception as raised:
            error = as_dbaas_error(raised)
            if before != "in-use" or error is None or error.details.get("http_status") not in _REFUSED_WHILE_ATTACHED:
                raise
            msg = f"the cloud does not extend volume {step.name} while it is attached: {error.msg}"
            raise NotWhileAttachedError("unsupported", msg, attached=True) from raised

        def probe() -> bool | None:
            volume = storage.get_volume(step.target)
            if volume.status.startswith("error"):
                msg = f"volume {step.name} ({step.target}) went into status {volume.status}: an administrator sees why and resets that"
                raise DbaasError("cloud", msg, volume_id=step.target)
            return (volume.status == before and volume.size == size) or None

        self._deadline.until(probe, f"volume {step.name} to have {size} GiB")

    def _volume_status(self, wanted: tuple[str, ...]) -> t.Callable[[], t.Any]:
        def probe() -> t.Any:
            volume = self._connection.block_storage.get_volume(self._volume_id)
            if volume.status.startswith("error") and "error" not in wanted:
                holds_data = volume.metadata.get(INITIALISED) == "true"
                what = (
                    "it holds data, and an administrator sees why and resets that"
                    if holds_data
                    else "run again to replace it"
                )
                msg = f"volume {volume.name} ({volume.id}) went into status {volume.status}; {what}"
                raise DbaasError("cloud", msg, volume_id=volume.id)
            return volume if volume.status in wanted else None

        return probe

    def _attach_volume(self, step: Step) -> None:
        self._deadline.until(self._volume_status(("available",)), f"volume {step.name} to become available")
        with self._unlocked() as compute:
            compute.create_volume_attachment(self._server_id, volume_id=self._volume_id)
        self.wait_for_volume()

    def wait_for_volume(self) -> None:
        """Until the data volume is attached."""
        self._deadline.until(self._volume_status(("in-use",)), f"volume {self._name}-data to be attached")

    def _detach_volume(self, step: Step) -> None:
        self._volume_id = step.target
        with self._unlocked() as compute:
            compute.delete_volume_attachment(self._server_id, step.target)
        self._deadline.until(self._volume_status(("available",)), f"volume {step.name} to be detached")

    def _create_snapshot(self, step: Step) -> None:
        snapshot = self._connection.block_storage.create_snapshot(
            name=step.name, volume_id=step.target, is_forced=True, metadata={UID: self._uid}
        )
        self._wait_for_snapshot(snapshot.id, ("available",), f"snapshot {step.name} to become available")

    def _await_snapshot(self, step: Step) -> None:
        self._wait_for_snapshot(step.target, ("available",), f"snapshot {step.name} to become available")

    def _delete_snapshot(self, step: Step) -> None:
        there = ("available", "error", "error_deleting", "deleting", "")
        if self._wait_for_snapshot(step.target, there, f"snapshot {step.name} to be taken") not in ("deleting", ""):
            self._connection.block_storage.delete_snapshot(step.target)
        self._wait_for_snapshot(step.target, ("",), f"snapshot {step.name} to be gone")

    def _wait_for_snapshot(self, snapshot_id: str, wanted: tuple[str, ...], what: str) -> str:
        """The status that it comes to, empty when it is gone. DbaasError cloud when that is an error which is not wanted."""

        def probe() -> tuple[str] | None:
            snapshot = self._connection.block_storage.find_snapshot(snapshot_id)
            status = snapshot.status if snapshot else ""
            if status.startswith("error") and status not in wanted:
                msg = f"snapshot {snapshot_id} went into status {status}: an administrator sees why and resets that"
                raise DbaasError("cloud", msg, snapshot_id=snapshot_id)
            return (status,) if status in wanted else None

        (status,) = self._deadline.until(probe, what)
        return status

    def _revert_volume(self, step: Step) -> None:
        storage = self._connection.block_storage
        self._volume_id = step.target
        free = self._volume_status(("available",))
        self._deadline.until(free, f"volume {step.name} to be free")
        storage.revert_volume_to_snapshot(step.target, step.details["id"])
        self._deadline.until(free, f"volume {step.name} to be reverted")

    def _update_volume_metadata(self, step: Step) -> None:
        self._connection.block_storage.set_volume_metadata(step.target, **step.details["metadata"])

    def _delete_volume(self, step: Step) -> None:
        self._volume_id = step.target
        storage = self._connection.block_storage
        self._deadline.until(self._volume_status(("available", "error")), f"volume {step.name} to be free")
        storage.delete_volume(step.target)
        self._deadline.until(lambda: storage.find_volume(step.target) is None or None, f"volume {step.name} to be gone")

    # the server

    def _create_server(self, step: Step) -> None:
        self._deadline.until(self._volume_status(("available",)), f"volume {self._name}-data to become available")
        image = t.cast("t.Mapping[str, t.Any]", self._facts.image)
        host_key = _host_key.new_host_key()
        attributes: dict[str, t.Any] = {
            "name": step.name,
            "flavor_id": t.cast("t.Any", self._facts.flavor).id,
            "networks": [{"port": self._ports[key]} for key in sorted(self._ports, key=str)],
            "block_device_mapping": [self._boot_device(image["id"]), self._data_device()],
            "config_drive": True,
            "user_data": _user_data.render(step.name, self._spec.ssh_user, self._spec.ssh_public_keys, host_key),
            "tags": [_anchor.TAG, _anchor.server_tag(self._uid), *sorted(self._spec.tags or ())],
            "metadata": {
                **(self._spec.metadata or {}),
                UID: self._uid,
                DATASTORE: image["datastore"],
                VERSION: image["version"],
                HOST_KEYS: host_key.public,
            },
        }
        if self._spec.boot_volume_size is None:
            attributes["image_id"] = image["id"]
        if self._spec.availability_zone:
            attributes["availability_zone"] = self._spec.availability_zone
        group = self._server_group_id or self._facts.server_group_id
        if group:
            attributes["scheduler_hints"] = {"group": group}
        self._server_id = self._connection.compute.create_server(**attributes).id

    def _create_server_group(self, step: Step) -> None:
        """Its name is its identity: nothing else can be written on it."""
        group = self._connection.compute.create_server_group(
            name=_anchor.server_tag(self._uid), policy=step.details["policy"]
        )
        self._server_group_id = group.id

    def _delete_server_group(self, step: Step) -> None:
        self._connection.compute.delete_server_group(step.target)

    def _leave_server_group(self, step: Step) -> None:
        """Several may leave at once: the last one deletes it."""
        group = self._connection.compute.find_server_group(step.target)
        if group is not None and not group.member_ids:
            self._delete_server_group(step)

    def _boot_device(self, image_id: str) -> dict[str, t.Any]:
        device = {"boot_index": 0, "uuid": image_id, "source_type": "image", "delete_on_termination": True}
        if self._spec.boot_volume_size is None:
            return {**device, "destination_type": "local"}
        kind = {"volume_type": self._spec.boot_volume_type} if self._spec.boot_volume_type else {}
        return {**device, "destination_type": "volume", "volume_size": self._spec.boot_volume_size, **kind}

    def _data_device(self) -> dict[str, t.Any]:
        return {
            "boot_index": -1,
            "uuid": self._volume_id,
            "source_type": "volume",
            "destination_type": "volume",
            "delete_on_termination": False,
        }

    def wait_for_server(self, wanted: str = "ACTIVE", step: Step | None = None) -> None:
        """Until Nova reports the status that is wanted, or what the step moves to; DbaasError cloud when it reports ERROR, or has given a move up."""
        moved = _MOVED.get(step.action) if step else None

        def probe() -> t.Any:
            server = self._connection.compute.get_server(self._server_id)
            if server.status == "ERROR":
                fault = (server.fault or {}).get("message", "no reason given")
                msg = f"Nova put server {server.name} ({server.id}) into ERROR: {fault}; run again to replace it"
                raise DbaasError("cloud", msg, server_id=server.id)
            if step and moved and server.status in ("ACTIVE", "SHUTOFF") and not server.task_state:
                if moved(server, step.details):
                    return server  # confirmed by Nova itself
                msg = f"Nova did not {step.action} server {server.name}: openstack server event list {server.id} tells why"
                raise DbaasError("cloud", msg, server_id=server.id)
            return server if server.status == wanted else None

        self._deadline.until(probe, f"server {self._name} to become {wanted}")

    def _stop_server(self, step: Step) -> None:
        self._server_id = step.target
        with self._unlocked() as compute:
            compute.stop_server(step.target)
        self.wait_for_server("SHUTOFF")

    def _start_server(self, step: Step) -> None:
        with self._unlocked() as compute:
            compute.start_server(step.target)

    def _unpause_server(self, step: Step) -> None:
        with self._unlocked() as compute:
            compute.unpause_server(step.target)

    def _resume_server(self, step: Step) -> None:
        with self._unlocked() as compute:
            compute.resume_server(step.target)

    def _unshelve_server(self, step: Step) -> None:
        with self._unlocked() as compute:
            compute.unshelve_server(step.target)

    def _reboot_server(self, step: Step) -> None:
        with self._unlocked() as compute:
            compute.reboot_server(step.target, step.details["type"].upper())

    def _resize_server(self, step: Step) -> None:
        self._server_id = step.target
        with self._unlocked() as compute:
            compute.resize_server(step.target, compute.find_flavor(step.details["flavor"], ignore_missing=False).id)

    def _migrate_server(self, step: Step) -> None:
        with self._unlocked() as compute:
            compute.migrate_server(step.target, host=step.details["host"])

    def _rebuild_server(self, step: Step) -> None:
        """The host key that is given at boot is accepted in the same request that makes it."""
        host_key = _host_key.new_host_key()
        with self._unlocked() as compute:
            compute.rebuild_server(
                step.target,
                step.details["image"],
                user_data=_user_data.render(self._name, self._spec.ssh_user, self._spec.ssh_public_keys, host_key),
                metadata={**self._metadata, HOST_KEYS: host_key.public},
            )

    def _confirm_resize_server(self, step: Step) -> None:
        """Nova may be at it already by itself: what comes of it is waited for."""
        self._server_id = step.target
        try:
            with self._unlocked() as compute:
                compute.confirm_server_resize(step.target)
        except Exception as raised:
            error = as_dbaas_error(raised)
            if error is None or error.details.get("http_status") not in (400, 409):
                raise

    def _revert_resize_server(self, step: Step) -> None:
        self._server_id = step.target
        with self._unlocked() as compute:
            compute.revert_server_resize(step.target)

    def _delete_server(self, step: Step) -> None:
        compute = self._connection.compute
        compute.delete_server(step.target)
        self._deadline.until(lambda: compute.find_server(step.target) is None or None, f"server {step.name} to be gone")
        self._server_id = ""

    def _update_server_tags(self, step: Step) -> None:
        tags = [_anchor.TAG, _anchor.server_tag(self._uid), *step.details["tags"]]
        answer = self._connection.compute.put(f"/servers/{step.target}/tags", json={"tags": tags}, microversion="2.26")
        require_ok(answer, f"Tag server {step.name}")

    def _update_server_metadata(self, step: Step) -> None:
        with self._unlocked() as compute:
            compute.set_server_metadata(step.target, **step.details["metadata"])
            if step.details["removed"]:
                compute.delete_server_metadata(step.target, step.details["removed"])

    def _delete_heartbeat(self, _step: Step) -> None:
        _store.forget_instance(self._connection, self._uid, prefix=self._store_prefix)


def _fixed_ips(wish: NetworkWish, network: Network) -> list[dict[str, str]]:
    if wish.fixed_ips:
        return [{"ip_address": address} for address in wish.fixed_ips]
    return [{"subnet_id": subnet.id} for subnet in subnets_of(wish, network)] if wish.subnet else []
