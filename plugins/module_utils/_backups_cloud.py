# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups in the store: records, what guests send, and what is sealed. Effects; private to the collection.

A guest sends into the container of uploads, below UID/ID/. Sealing has the store copy each segment into the container of
records, below segments/UID/ID/, where no guest can write, and writes the record at last. docs/decisions/backups.md says why.
"""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _backup, _backup_manifest, _store
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import Backup, Summary
from ansible_collections.dbaas.openstack.plugins.module_utils._backup_retention import outside
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

SEGMENTS = "segments"
SPAN = 60
"""Seconds after which sealing gives way: whoever asks for it holds a lock that has to be renewed."""


def find_all(connection: t.Any, prefix: str, uid: str | None = None) -> list[Summary]:
    """The backups of the project, or of one instance, the oldest first."""
    beginning = f"{_backup.FOLDER}/{uid}/" if uid else f"{_backup.FOLDER}/"
    rows = _store.list_objects(connection, _store.RECORDS, beginning, prefix=prefix)
    found = (_backup.listed(row["name"], row["content_type"]) for row in rows)
    return sorted((one for one in found if one is not None), key=lambda one: (one.created, one.id))


def read(connection: t.Any, summary: Summary, prefix: str) -> Backup:
    """All that is known of a backup. DbaasError (not_found) when it has gone meanwhile."""
    body = _store.read_record(connection, summary.record(), prefix=prefix)
    if body is None:
        raise DbaasError("not_found", f"backup {summary.name} was removed meanwhile")
    return _backup.parse(body, summary.record())


def write(connection: t.Any, backup: Backup, prefix: str) -> None:
    """Keep its record."""
    content_type = backup.content_type()
    _store.write_record(connection, backup.record(), backup.body(), content_type=content_type, prefix=prefix)


def sent(connection: t.Any, prefix: str) -> set[str]:
    """The folders of the backups of which guests have sent all, while they are not sealed."""
    rows = _store.list_objects(connection, _store.UPLOADS, "", prefix=prefix)
    names = (row["name"] for row in rows)
    return {name.removesuffix(_backup_manifest.NAME) for name in names if name.endswith(f"/{_backup_manifest.NAME}")}


def seal(connection: t.Any, backup: Backup, prefix: str, now: str) -> tuple[Backup, int]:
    """The backup as it is now, and how many segments of those that are there are still to be copied: it stops after SPAN seconds.

    Completed when all that its manifest names has been copied as it says. Again, it goes on where it was.
    DbaasError (conflict): what the guest sent is not what it tells.
    """
    content = _store.read_object(connection, _store.UPLOADS, backup.place() + _backup_manifest.NAME, prefix=prefix)
    if content is None:
        return backup, _copy(connection, backup, _sent(connection, backup, prefix), prefix)
    told = _backup_manifest.parse(content)
    wrong = _backup_manifest.not_as_told(told.segments, _rows(connection, _store.RECORDS, _sealed(backup), prefix))
    left = _copy(connection, backup, {one.name: one.md5 for one in wrong}, prefix)
    if left:
        return backup, left
    _store.write_record(connection, _sealed(backup) + _backup_manifest.NAME, content.decode(), prefix=prefix)
    facts = {key: value for key, value in dataclasses.asdict(told).items() if key != "segments"}
    facts |= {"segments": len(told.segments), "server_version": str(told.position.get("version", ""))}
    done = dataclasses.replace(backup, **facts, status=_backup.COMPLETED, ended=now)
    write(connection, done, prefix)
    discard_upload(connection, backup, prefix)
    return done, 0


def _sealed(backup: Summary) -> str:
    return f"{SEGMENTS}/{backup.place()}"


def _rows(connection: t.Any, container: str, folder: str, prefix: str) -> list[dict[str, t.Any]]:
    """What is in a folder, with names without it."""
    rows = _store.list_objects(connection, container, folder, prefix=prefix)
    return [{**row, "name": row["name"].removeprefix(folder)} for row in rows]


def _sent(connection: t.Any, backup: Backup, prefix: str) -> dict[str, str]:
    """The MD5 of each segment that was sent and is not copied yet, by name."""
    there = {row["name"]: row["hash"] for row in _rows(connection, _store.RECORDS, _sealed(backup), prefix)}
    sent = {row["name"]: row["hash"] for row in _rows(connection, _store.UPLOADS, backup.place(), prefix)}
    return {name: md5 for name, md5 in sent.items() if there.get(name) != md5 and name != _backup_manifest.NAME}


def _copy(connection: t.Any, backup: Backup, wanted: t.Mapping[str, str], prefix: str) -> int:
    """Copy segments, by name with their MD5, for SPAN seconds; how many are left."""
    ends = time.monotonic() + SPAN
    for done, (name, md5) in enumerate(sorted(wanted.items())):
        if time.monotonic() > ends:
            return len(wanted) - done
        source, target = (_store.UPLOADS, backup.place() + name), (_store.RECORDS, _sealed(backup) + name)
        if _store.copy_object(connection, source, target, prefix=prefix) != md5:
            msg = f"segment {name} of backup {backup.name} is not in the store as the guest sent it: take the backup again"
            raise DbaasError("conflict", msg, segment=name)
    return 0


def readable(connection: t.Any, backup: Summary, expires: int, prefix: str) -> str:
    """A TempURL, a secret, by which all that is sealed of a backup can be read until then."""
    place = _sealed(backup)
    return _store.sign(connection, prefix + _store.RECORDS, place, method="GET", expires=expires, prefix=place)


def discard_upload(connection: t.Any, backup: Summary, prefix: str) -> None:
    """Remove what the guest sent."""
    _remove_folder(connection, _store.UPLOADS, backup.place(), prefix)


def orphans(connection: t.Any, known: t.Iterable[Summary], prefix: str, now: int) -> list[tuple[str, str]]:
    """Container and name of all objects that belong to no backup, and have been there for a day. now: in seconds since 1970."""
    before = _backup.utc(now - 86400)
    sealed, places = {_sealed(one) for one in known}, {one.place() for one in known}
    found = []
    for container, beginning, folders in (
        (_store.RECORDS, f"{SEGMENTS}/", sealed),
        (_store.UPLOADS, "", places),
    ):
        rows = _store.list_objects(connection, container, beginning, prefix=prefix)
        found += [(container, name) for name in outside(rows, folders, before)]
    return found


def delete(connection: t.Any, backup: Summary, prefix: str) -> None:
    """Remove a backup. Its record goes last and says meanwhile that it is under way, so that it can be finished."""
    going = _backup.Backup(**{**dataclasses.asdict(backup), "status": _backup.DELETING})
    write(connection, going, prefix)
    discard(connection, backup, prefix)
    _store.delete_object(connection, _store.RECORDS, backup.record(), prefix=prefix)


def discard(connection: t.Any, backup: Summary, prefix: str) -> None:
    """Remove all that there is of a backup but its record."""
    discard_upload(connection, backup, prefix)
    _remove_folder(connection, _store.RECORDS, _sealed(backup), prefix)


def _remove_folder(connection: t.Any, container: str, folder: str, prefix: str) -> None:
    for row in _store.list_objects(connection, container, folder, prefix=prefix):
        _store.delete_object(connection, container, row["name"], prefix=prefix)
