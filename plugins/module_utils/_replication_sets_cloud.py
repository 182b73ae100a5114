# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replication sets in the store. Effects; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _replication_listing, _store
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import SET
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_listing import Listed
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import FOLDER, ReplicationSet, parse


def find(connection: t.Any, identity: str, prefix: str) -> ReplicationSet | None:
    """The set with that id."""
    name = f"{FOLDER}/{identity}"
    body = _store.read_record(connection, name, prefix=prefix)
    return None if body is None else parse(body, name)


def of_instance(connection: t.Any, instance: t.Mapping[str, t.Any], prefix: str) -> ReplicationSet | None:
    """The set of an instance as view tells it; None where it is a member of none."""
    identity = instance["replication_set"]
    found = find(connection, identity, prefix) if identity else None
    return found if found and instance["uid"] in found.members else None


def find_all(connection: t.Any, prefix: str) -> list[ReplicationSet]:
    """All sets of the project."""
    names = sorted(_store.list_records(connection, FOLDER, prefix=prefix))
    found = (find(connection, name, prefix) for name in names)
    return [one for one in found if one is not None]


def list_all(connection: t.Any, prefix: str) -> dict[str, Listed]:
    """What the listing of the records tells of all sets, by id."""
    rows = _store.list_objects(connection, _store.RECORDS, f"{FOLDER}/", prefix=prefix)
    told = {row["name"].removeprefix(f"{FOLDER}/"): _replication_listing.parse(row["content_type"]) for row in rows}
    return {identity: one for identity, one in told.items() if one is not None}


def read_summary(connection: t.Any, identity: str, prefix: str) -> Listed | None:
    """The same of one set, from its record's head."""
    told = _store.content_type_of_record(connection, f"{FOLDER}/{identity}", prefix=prefix)
    return None if told is None else _replication_listing.parse(told)


def write(connection: t.Any, wanted: ReplicationSet, there: ReplicationSet | None, prefix: str) -> None:
    """Keep a set. there: what it was made from. Its members' locks are held; DbaasError (conflict) when somebody changed it all the same."""
    if find(connection, wanted.id, prefix) != there:
        raise _changed()
    content_type = _replication_listing.content_type(wanted)
    _store.write_record(connection, wanted.record(), wanted.body(), content_type=content_type, prefix=prefix)
    if find(connection, wanted.id, prefix) != wanted:
        raise _changed()


def _changed() -> DbaasError:
    return DbaasError("conflict", "the replication set was changed by somebody else at the same time: run it again")


def delete(connection: t.Any, gone: ReplicationSet, prefix: str) -> None:
    """Forget a set."""
    _store.delete_object(connection, _store.RECORDS, gone.record(), prefix=prefix)


def tell_volume(connection: t.Any, volume_id: str, identity: str) -> None:
    """Have a member's data volume say of which set it is; empty: of none."""
    storage = connection.block_storage
    if identity:
        storage.set_volume_metadata(volume_id, **{SET: identity})
    else:
        storage.delete_volume_metadata(volume_id, [SET])
