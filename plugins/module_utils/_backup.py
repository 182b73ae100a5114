# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup: its record, how a listing tells of it, and the chain that it ends. Pure; private to the collection.

The record lies at backups/UID/ID; its content type carries what a list shows, so that one listing tells all backups:
application/vnd.dbaas.backup+json;status=COMPLETED;name=orders-monday;type=full;parent=;bytes=123;created=...
Each value is quoted as in a URL.
"""

from __future__ import annotations

import dataclasses
import json
import re
import time
import typing as t
import urllib.parse

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import Problem
from ansible_collections.dbaas.openstack.plugins.module_utils._private_file import directory_is_there

MEDIA_TYPE = "application/vnd.dbaas.backup+json"
FOLDER = "backups"
SEGMENTS = "segments"
BUILDING, COMPLETED, FAILED, DELETING = "BUILDING", "COMPLETED", "FAILED", "DELETING"
UPLOADED = "UPLOADED"
"""The guest has sent all of it, and nothing is checked yet: what BUILDING becomes by that."""
FULL, INCREMENTAL = "full", "incremental"
SNAPSHOT = "snapshot"
"""The strategy that is not the agent's: a snapshot of the data volume by Cinder."""
DESCRIPTION_LIMIT = 255
_ID = re.compile(r"[0-9a-f]{32}")
_CONTAINER = re.compile(r"[^/\x00-\x1f\x7f]{0,255}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclasses.dataclass(frozen=True)
class Summary:
    """What a listing tells. uid, instance: of the instance, and its name then. type: full or incremental. strategy: the agent's.

    parent: the id of the one that it follows. bytes: in the store. created: ISO 8601, UTC. expires: until when the guest may send it, in seconds since 1970.
    container, folder: where its segments are; empty: the usual. A folder is that of one that was registered.
    """

    id: str
    uid: str
    name: str
    status: str
    instance: str
    datastore: str
    datastore_version: str
    type: str
    strategy: str = ""
    parent: str = ""
    bytes: int = 0
    created: str = ""
    expires: int = 0
    container: str = ""
    folder: str = ""

    def record(self) -> str:
        """The name of its record."""
        return f"{FOLDER}/{self.uid}/{self.id}"

    def place(self) -> str:
        """The folder into which the guest sends it, with a slash at its end."""
        return f"{self.uid}/{self.id}/"

    def sealed(self) -> str:
        """The folder of its segments, with a slash at its end."""
        return self.folder or f"{SEGMENTS}/{self.place()}"


@dataclasses.dataclass(frozen=True)
class Backup(Summary):
    """All that is known. source_bytes: before compression. sha256: of the whole, as the agent computes it. position: in the strategy's words.

    recipients: public keys of age; none: it is not encrypted. volume_size: GiB of the instance's data volume then.
    snapshot: its id in Cinder.
    """

    server_version: str = ""
    description: str = ""
    ended: str = ""
    source_bytes: int = 0
    segments: int = 0
    sha256: str = ""
    position: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    recipients: t.Sequence[str] = ()
    root_enabled: bool = False
    configuration: str = ""
    volume_size: int = 0
    bytes_per_second: int = 0
    snapshot: str = ""
    error: str = ""

    def body(self) -> str:
        """The record in the store."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    def content_type(self) -> str:
        """The content type of the record."""
        told = {name: str(getattr(self, name)) for name in _LISTED}
        return ";".join([MEDIA_TYPE, *(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in told.items())])


_LISTED = [field.name for field in dataclasses.fields(Summary) if field.name not in ("id", "uid")]


def listed(name: str, content_type: str) -> Summary | None:
    """The backup of a row of the listing; None if it is none. Words that are not known are another version's."""
    media_type, *parameters = (part.strip() for part in content_type.split(";"))
    path = name.split("/")
    pairs = (parameter.split("=", 1) for parameter in parameters if "=" in parameter)
    values: dict[str, t.Any] = {key: urllib.parse.unquote(value) for key, value in pairs if key in _LISTED}
    numbers = {key: values.get(key, "0") for key in ("bytes", "expires")}
    if media_type != MEDIA_TYPE or len(path) != 3 or not all(value.isdigit() for value in numbers.values()):
        return None
    try:
        return Summary(id=path[2], uid=path[1], **{**values, **{key: int(value) for key, value in numbers.items()}})
    except TypeError:
        return None


def parse(body: t.Any, name: str) -> Backup:
    """A record from the store. DbaasError (conflict) when it is none: nobody but this collection writes there."""
    found = _of(body)
    if found is None or found.record() != name:
        raise DbaasError("conflict", f"the record {name} is damaged: playbook backup_delete removes it")
    return found


def copied(content: bytes, name: str) -> Backup:
    """A record from elsewhere. DbaasError (conflict) when it is none of a backup that is completed."""
    try:
        found = _of(json.loads(content))
    except (ValueError, RecursionError):
        found = None
    if found is None or found.status != COMPLETED or not all(map(_ID.fullmatch, (found.id, found.uid))):
        raise DbaasError("conflict", f"{name} is no record of a backup that is {COMPLETED}")
    return found


def _of(body: t.Any) -> Backup | None:
    """Words that are not known are another version's."""
    if not isinstance(body, dict):
        return None
    known = {field.name for field in dataclasses.fields(Backup)}
    try:
        return Backup(**{key: value for key, value in body.items() if key in known})
    except TypeError:
        return None


def name_problems(name: str) -> list[Problem]:
    """What is wrong with a backup's name."""
    if _NAME.fullmatch(name):
        return []
    msg = f"name: {name!r} is none: 1 to 64 letters, digits, '.', '_' and '-' that begin with a letter or digit"
    return [Problem("name", name, "invalid", msg)]


Known = t.TypeVar("Known", bound=Summary)


def named(known: t.Iterable[Known], name: str) -> Known | None:
    """The backup of this name or id: of several with one name the newest."""
    found = [one for one in known if name in (one.name, one.id)]
    return max(found, key=lambda one: one.created, default=None)


def wanted(known: t.Iterable[Known], name: str | None, instance: str | None, datastore: str | None) -> list[Known]:
    """Those that are asked for; None: whatever it is. instance: its name then, or its uid."""
    found = [one for one in known if instance in (None, one.instance, one.uid) and datastore in (None, one.datastore)]
    if name is None:
        return found
    one = named(found, name)
    return [one] if one else []


def status(one: Summary, sent: bool, now: int) -> str:
    """How it stands: the record knows neither what the guest has sent nor what time it is. sent: whether all of it is there."""
    if one.status == BUILDING and sent:
        return UPLOADED
    return FAILED if one.status == BUILDING and one.expires <= now else one.status


def chain(known: t.Iterable[Known], last: Known) -> list[Known]:
    """What has to be restored for a backup, from the full one to itself. DbaasError (not_found) when one of them is not there any more."""
    by_id = {one.id: one for one in known}
    found = [last]
    while found[0].parent:
        parent = by_id.get(found[0].parent)
        if parent is None or parent.status != COMPLETED:
            missing = found[0].parent if parent is None else f"{parent.name} ({parent.status})"
            raise DbaasError("not_found", f"backup {found[0].name} follows {missing}, which cannot be restored")
        found.insert(0, parent)
    return found


def followers(known: t.Sequence[Known], first: Known) -> list[Known]:
    """The backups that cannot be restored without this one, each after the one that it follows."""
    found: list[Known] = []
    ids = {first.id}
    rest = [one for one in known if one.parent]
    while more := [one for one in rest if one.parent in ids and one.id not in ids]:
        found += sorted(more, key=lambda one: one.created)
        ids |= {one.id for one in more}
    return found


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is asked of a new backup. parent: by name or id; None: the latest one of the instance. dest: where the ticket goes. valid_for: minutes.

    bytes_per_second: no more, 0 for as fast as can be. container: for what is sealed, empty for the usual.
    """

    name: str
    strategy: str
    type: str = FULL
    parent: str | None = None
    description: str = ""
    recipients: t.Sequence[str] = ()
    dest: str = ""
    valid_for: int = 60
    bytes_per_second: int = 0
    container: str = ""


def wish_problems(wish: Wish) -> list[Problem]:
    """What is wrong with it, whatever there is."""
    found = name_problems(wish.name)
    found += [
        Problem("recipients", one, "invalid", f"recipients: {one!r} is no public key of age, which begins with age1")
        for one in wish.recipients
        if not re.fullmatch(r"age1[0-9a-z]{20,4096}", one)
    ]
    found += _snapshot_problems(wish) if wish.strategy == SNAPSHOT else []
    if wish.parent and wish.type == FULL:
        found.append(
            Problem(
                "parent",
                wish.parent,
                "invalid",
                "parent: a full backup follows none; type=incremental has one that does",
            )
        )
    if len(wish.description) > DESCRIPTION_LIMIT:
        msg = f"description: it has {len(wish.description)} characters; {DESCRIPTION_LIMIT} or less are possible"
        found.append(Problem("description", wish.description, "invalid", msg))
    if wish.valid_for < 1:
        found.append(Problem("valid_for", wish.valid_for, "invalid", f"valid_for: {wish.valid_for} is less than 1"))
    if wish.bytes_per_second < 0:
        msg = f"bytes_per_second: {wish.bytes_per_second} is less than 0, which is as fast as it can be"
        found.append(Problem("bytes_per_second", wish.bytes_per_second, "invalid", msg))
    found += container_problems(wish.container)
    if not directory_is_there(wish.dest):
        found.append(Problem("dest", wish.dest, "invalid", f"dest: {wish.dest!r} is no file in an existing directory"))
    return found


def _snapshot_problems(wish: Wish) -> list[Problem]:
    """It lies in Cinder, as the volume does, and is never sent."""
    given = {
        "type": wish.type if wish.type != FULL else "",
        "recipients": ", ".join(wish.recipients),
        "bytes_per_second": wish.bytes_per_second or "",
        "container": wish.container,
    }
    return [
        Problem(option, value, "invalid", f"{option}: {value} is not possible with strategy {SNAPSHOT}: leave it out")
        for option, value in given.items()
        if value
    ]


def container_problems(name: str) -> list[Problem]:
    """What is wrong with a container's name; empty is the usual one."""
    if _CONTAINER.fullmatch(name):
        return []
    msg = f"container: {name!r} is none: up to 255 characters, none of them a slash"
    return [Problem("container", name, "invalid", msg)]


def resumed(there: Known | None, wish: Wish, uid: str, now: int) -> Known | None:
    """The backup of that name which goes on, or is there already; None when a new one is to be made. DbaasError (conflict) when neither can be."""
    if there is None or status(there, sent=False, now=now) == FAILED:
        return None
    alike = (there.uid, there.type, there.strategy) == (uid, wish.type, wish.strategy)
    if not alike or there.status not in (BUILDING, COMPLETED):
        msg = (
            f"name: there is a backup {there.name} already, a {there.type} one of instance {there.instance} by {there.strategy},"
            f" which is {there.status}"
        )
        raise DbaasError("conflict", msg, option="name")
    return there


def parent_of(known: t.Sequence[Known], wish: Wish, instance: t.Mapping[str, t.Any]) -> Known | None:
    """The backup that a new one of the instance follows: its latest, or the one that is asked for; None for a full one. DbaasError when it cannot."""
    if wish.type == FULL:
        return None
    alike = (instance["uid"], COMPLETED, wish.strategy)
    own = [one for one in known if (one.uid, one.status, one.strategy) == alike]
    found = named(known, wish.parent) if wish.parent else max(own, key=lambda one: one.created, default=None)
    if found is None:
        what = f"there is no backup {wish.parent!r}" if wish.parent else "there is none that it could follow"
        raise DbaasError("not_found", f"parent: {what}; a full one begins a chain", option="parent")
    if found not in own or found.datastore_version != instance["datastore_version"]:
        msg = (
            f"parent: {found.name} is of instance {found.instance}, version {found.datastore_version}, by {found.strategy}, and {found.status};"
            f" one of {instance['name']}, version {instance['datastore_version']}, by {wish.strategy}, is wanted that is {COMPLETED}"
        )
        raise DbaasError("conflict", msg, option="parent")
    chain(known, found)
    return found


def planned(wish: Wish, instance: t.Mapping[str, t.Any], parent: Summary | None, *, identity: str, now: int) -> Backup:
    """A new backup. now: in seconds since 1970."""
    return Backup(
        id=identity,
        uid=instance["uid"],
        name=wish.name,
        status=BUILDING,
        instance=instance["name"],
        datastore=instance["datastore"],
        datastore_version=instance["datastore_version"],
        type=wish.type,
        parent=parent.id if parent else "",
        created=utc(now),
        expires=now + 60 * wish.valid_for,
        strategy=wish.strategy,
        description=wish.description,
        recipients=list(wish.recipients),
        configuration=instance["configuration"],
        root_enabled=bool(instance["root_enabled"]),
        volume_size=instance["volume"]["size"] if instance["volume"] else 0,
        bytes_per_second=wish.bytes_per_second,
        container=wish.container,
    )


def utc(seconds: int) -> str:
    """A time in ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def restore_args(parts: t.Sequence[Backup]) -> dict[str, t.Any]:
    """What the agent is to restore: a chain, from the full one on."""
    chain = [{"sha256": one.sha256, "encrypted": bool(one.recipients)} for one in parts]
    return {"strategy": parts[0].strategy, "chain": chain}


def job(backup: Backup, parent: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """The job for the agent, if it is one's: it is the same each time. parent: the position of the one that it follows."""
    if backup.strategy == SNAPSHOT:
        return None
    args = {
        "strategy": backup.strategy,
        "parent": None if parent is None else dict(parent),
        "recipients": list(backup.recipients),
        "bytes_per_second": backup.bytes_per_second,
    }
    return {"kind": "backup", "id": f"backup-{backup.id}", "args": args}
