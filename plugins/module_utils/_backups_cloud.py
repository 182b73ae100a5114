# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups in the store: records, what guests send, and what is sealed. Effects; private to the collection.

A guest sends into the container of uploads, below UID/ID/. Sealing has the store copy each segment into the container of
records, below segments/UID/ID/, where no guest can write, and writes the record at last. docs/decisions/backups.md says why.
"""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _backup,
    _backup_manifest,
    _backup_snapshots_cloud,
    _store,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import Backup, Summary
from ansible_collections.dbaas.openstack.plugins.module_utils._backup_retention import outside
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline

PROJECT = "project"
RECORD = "record.json"
"""What is known of a backup, in the folder of its segments."""
_SNAPSHOT_SECONDS = 600
"""In which a snapshot has to be gone."""
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


def location(connection: t.Any, uid: str, prefix: str) -> str:
    """The container into which backups of the instance are to go: its own, or the project's; empty for the usual one."""
    for of in (uid, PROJECT):
        if told := read_location(connection, of, prefix):
            return told
    return ""


def read_location(connection: t.Any, of: str, prefix: str) -> str:
    """What is kept for an instance, by its uid, or for PROJECT."""
    body = _store.read_record(connection, _store.location_of(of), prefix=prefix)
    return str(body.get("container", "")) if isinstance(body, dict) else ""


def write_location(connection: t.Any, of: str, container: str, prefix: str) -> None:
    """Keep it, and have the container; an empty one forgets it."""
    if container:
        _store.ensure_container(connection, container, prefix="")
        _store.write_record(connection, _store.location_of(of), json.dumps({"container": container}), prefix=prefix)
    else:
        forget_location(connection, of, prefix)


def forget_location(connection: t.Any, of: str, prefix: str) -> None:
    """Remove what is kept, if anything is."""
    _store.delete_object(connection, _store.RECORDS, _store.location_of(of), prefix=prefix)


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
    wrong = _backup_manifest.not_as_told(told.segments, _sealed_rows(connection, backup, prefix))
    left = _copy(connection, backup, {one.name: one.md5 for one in wrong}, prefix)
    if left:
        return backup, left
    facts = {key: value for key, value in dataclasses.asdict(told).items() if key != "segments"}
    facts |= {"segments": len(told.segments), "server_version": str(told.position.get("version", ""))}
    done = dataclasses.replace(backup, **facts, status=_backup.COMPLETED, ended=now)
    # Both beside the segments, so that the folder is complete wherever it is copied to.
    for name, text in ((_backup_manifest.NAME, content.decode()), (RECORD, done.body())):
        path = backup.sealed() + name
        _store.write_object(
            connection, container_of(backup, prefix), path, text, content_type="application/json", prefix=""
        )
    write(connection, done, prefix)
    discard_upload(connection, backup, prefix)
    return done, 0


def container_of(backup: Summary, prefix: str) -> str:
    """The whole name of the container with its segments."""
    return backup.container or prefix + _store.RECORDS


def _rows(connection: t.Any, container: str, folder: str) -> list[dict[str, t.Any]]:
    """What is in a folder, with names without it."""
    rows = _store.list_objects(connection, container, folder, prefix="")
    return [{**row, "name": row["name"].removeprefix(folder)} for row in rows]


def _sealed_rows(connection: t.Any, backup: Summary, prefix: str) -> list[dict[str, t.Any]]:
    return _rows(connection, container_of(backup, prefix), backup.sealed())


def _sent(connection: t.Any, backup: Backup, prefix: str) -> dict[str, str]:
    """The MD5 of each segment that was sent and is not copied yet, by name."""
    there = {row["name"]: row["hash"] for row in _sealed_rows(connection, backup, prefix)}
    sent = {row["name"]: row["hash"] for row in _rows(connection, prefix + _store.UPLOADS, backup.place())}
    return {name: md5 for name, md5 in sent.items() if there.get(name) != md5 and name != _backup_manifest.NAME}


def _copy(connection: t.Any, backup: Backup, wanted: t.Mapping[str, str], prefix: str) -> int:
    """Copy segments, by name with their MD5, for SPAN seconds; how many are left."""
    ends = time.monotonic() + SPAN
    for done, (name, md5) in enumerate(sorted(wanted.items())):
        if time.monotonic() > ends:
            return len(wanted) - done
        source = prefix + _store.UPLOADS, backup.place() + name
        target = container_of(backup, prefix), backup.sealed() + name
        if _store.copy_object(connection, source, target) != md5:
            msg = f"segment {name} of backup {backup.name} is not in the store as the guest sent it: take the backup again"
            raise DbaasError("conflict", msg, segment=name)
    return 0


def readable(connection: t.Any, backup: Summary, expires: int, prefix: str) -> str:
    """A TempURL, a secret, by which all that is sealed of a backup can be read until then."""
    place = backup.sealed()
    return _store.sign(connection, container_of(backup, prefix), place, method="GET", expires=expires, prefix=place)


def discard_upload(connection: t.Any, backup: Summary, prefix: str) -> None:
    """Remove what the guest sent."""
    _remove_folder(connection, prefix + _store.UPLOADS, backup.place())


def registered(connection: t.Any, container: str, folder: str, name: str) -> Backup:
    """The backup whose record, manifest and segments are in a folder, under this name. DbaasError when not all of them are as they were sealed."""
    at = f"{container}/{folder}"
    body = _store.read_object(connection, container, folder + RECORD, prefix="")
    content = _store.read_object(connection, container, folder + _backup_manifest.NAME, prefix="")
    if body is None or content is None:
        missing = RECORD if body is None else _backup_manifest.NAME
        raise DbaasError("not_found", f"folder: there is no {at}{missing}", option="folder")
    told = _backup_manifest.parse(content)
    found = dataclasses.replace(_backup.copied(body, at + RECORD), name=name, container=container, folder=folder)
    wrong = [one.name for one in _backup_manifest.not_as_told(told.segments, _rows(connection, container, folder))]
    if told.sha256 != found.sha256 or wrong:
        what = f"segments {', '.join(wrong[:5])} are" if wrong else f"{_backup_manifest.NAME} is"
        raise DbaasError("conflict", f"folder: {what} not what {RECORD} tells: copy {at} again", segments=wrong)
    return found


def orphans(connection: t.Any, known: t.Iterable[Summary], prefix: str, now: int) -> list[tuple[str, str]]:
    """Container and name of all objects that belong to no backup, and have been there for a day. now: in seconds since 1970."""
    before = _backup.utc(now - 86400)
    sealed, places = {one.sealed() for one in known}, {one.place() for one in known}
    containers = {prefix + _store.RECORDS, *(container_of(one, prefix) for one in known)}
    found = []
    for container, beginning, folders in (
        *((container, f"{_backup.SEGMENTS}/", sealed) for container in sorted(containers)),
        (prefix + _store.UPLOADS, "", places),
    ):
        rows = _store.list_objects(connection, container, beginning, prefix="")
        found += [(container, name) for name in outside(rows, folders, before)]
    return found


def delete(connection: t.Any, backup: Summary, prefix: str) -> None:
    """Remove a backup. Its record goes last and says meanwhile that it is under way, so that it can be finished.

    DbaasError conflict for a snapshot that Cinder keeps: the backup is as good as before.
    """
    # Only a snapshot can turn out to stay, and then its record has to be whole; a damaged record must not keep others from being removed.
    is_snapshot = backup.strategy == _backup.SNAPSHOT
    whole = read(connection, backup, prefix) if is_snapshot else _backup.Backup(**dataclasses.asdict(backup))
    write(connection, dataclasses.replace(whole, status=_backup.DELETING), prefix)
    try:
        discard(connection, backup, prefix)
    except DbaasError as fault:
        if whole.snapshot and fault.reason == "conflict":
            write(connection, dataclasses.replace(whole, status=_backup.COMPLETED), prefix)
        raise
    _store.delete_object(connection, _store.RECORDS, backup.record(), prefix=prefix)


def discard(connection: t.Any, backup: Summary, prefix: str) -> None:
    """Remove all that there is of a backup but its record. Of one that was registered somebody else put everything there, and it stays."""
    discard_upload(connection, backup, prefix)
    if backup.strategy == _backup.SNAPSHOT:
        _backup_snapshots_cloud.delete(connection, backup.id, Deadline(_SNAPSHOT_SECONDS))
    if not backup.folder:
        _remove_folder(connection, container_of(backup, prefix), backup.sealed())


def _remove_folder(connection: t.Any, container: str, folder: str) -> None:
    for row in _store.list_objects(connection, container, folder, prefix=""):
        _store.delete_object(connection, container, row["name"], prefix="")
