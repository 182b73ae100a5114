# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that are snapshots of data volumes, in Cinder. Effects; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import BACKUP, OF_BACKUPS, ROLE
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline


def take(connection: t.Any, identity: str, name: str, volume_id: str, deadline: Deadline) -> str:
    """The id of the snapshot of the volume for a backup, which is taken if it is not there yet."""
    storage = connection.block_storage
    there = [one for one in _all(connection) if one.metadata[BACKUP] == identity]
    for broken in [one for one in there if one.status.startswith("error")]:
        storage.delete_snapshot(broken.id)
    good = [one for one in there if not one.status.startswith("error")]
    made = (
        good[0]
        if good
        else storage.create_snapshot(name=name, volume_id=volume_id, is_forced=True, metadata={BACKUP: identity})
    )

    def probe() -> bool | None:
        status = storage.get_snapshot(made.id).status
        if status.startswith("error"):
            raise DbaasError(
                "cloud",
                f"snapshot {name} ({made.id}) went into status {status}: take the backup again",
                snapshot_id=made.id,
            )
        return status == "available" or None

    deadline.until(probe, f"snapshot {name} to become available")
    return str(made.id)


def delete(connection: t.Any, identity: str, deadline: Deadline) -> None:
    """Remove the snapshots of a backup and wait until they are gone. DbaasError conflict where Cinder keeps them for volumes that were made of them."""
    for one in _all(connection):
        if one.metadata[BACKUP] == identity:
            _delete(connection, one.id, deadline)
    _delete_unneeded(connection, deadline)


def orphans(connection: t.Any, known: t.Container[str]) -> list[str]:
    """The ids of the snapshots whose backup is not known."""
    return [one.id for one in _all(connection) if one.metadata[BACKUP] not in known]


def delete_orphan(connection: t.Any, snapshot_id: str, deadline: Deadline) -> None:
    """Remove one, and wait until it is gone. DbaasError as with delete."""
    _delete(connection, snapshot_id, deadline)
    _delete_unneeded(connection, deadline)


def _all(connection: t.Any) -> list[t.Any]:
    return [one for one in connection.block_storage.snapshots(details=True) if BACKUP in (one.metadata or {})]


def _delete(connection: t.Any, snapshot_id: str, deadline: Deadline) -> None:
    storage = connection.block_storage

    def probe() -> bool | None:
        found = storage.find_snapshot(snapshot_id)
        # From its request until it is gone it is "deleting"; RBD gives one back of which a volume was made and is not flattened.
        if found is not None and found.status in {"available", "error_deleting"}:
            made = sorted(one.name or one.id for one in storage.volumes(details=True) if one.snapshot_id == snapshot_id)
            msg = (
                f"Cinder keeps snapshot {snapshot_id} for what was made of it, volumes {', '.join(made) or 'of other projects'}: delete them,"
                " or have their instances restored in place from a backup that is no snapshot, first"
            )
            raise DbaasError("conflict", msg, snapshot_id=snapshot_id, volumes=made)
        return found is None or None

    if storage.find_snapshot(snapshot_id) is not None:
        storage.delete_snapshot(snapshot_id)
    deadline.until(probe, f"snapshot {snapshot_id} to be gone")


def _delete_unneeded(connection: t.Any, deadline: Deadline) -> None:
    """Remove the volumes that were there for snapshots alone which are gone."""
    for volume in _unneeded(connection):
        connection.block_storage.delete_volume(volume.id)
    deadline.until(lambda: not _unneeded(connection) or None, "volumes that no backup needs to be gone")


def _unneeded(connection: t.Any) -> list[t.Any]:
    storage = connection.block_storage
    left = storage.volumes(details=True, properties=str({ROLE: OF_BACKUPS}))
    return [
        one
        for one in left
        if (one.metadata or {}).get(ROLE) == OF_BACKUPS and not any(storage.snapshots(volume_id=one.id))
    ]
