# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datastore versions as images of Glance: what images mean. Pure; private to the collection.

A version is an image with the properties DATASTORE and VERSION. Its kernel and initrd, for direct boot, are images of
their own that carry PART beside these two. An image is complete when Glance calls it active and its checksum is not
PENDING: what a killed upload left is never complete.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

DATASTORE = "dbaas_datastore"
VERSION = "dbaas_version"
ACTIVE = "dbaas_active"
DEFAULT = "dbaas_default"
KIND = "dbaas_kind"
OS = "dbaas_os"
CHECKSUM = "dbaas_checksum"
PART = "dbaas_part"
PENDING = "pending"
"""The checksum of an image whose upload has not been verified."""

FIELDS = frozenset(
    [
        "id",
        "name",
        "owner",
        "status",
        "visibility",
        "created_at",
        "updated_at",
        "size",
        "virtual_size",
        "min_disk",
        "min_ram",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "disk_format",
        "container_format",
        "protected",
        "os_hidden",
        "tags",
        "file",
        "schema",
        "self",
        "locations",
        "direct_url",
        "stores",
    ]
)
"""Fields of Glance itself; every other field of an image is a property."""


@dataclasses.dataclass(frozen=True)
class Image:
    """An image of Glance. size: bytes. min_disk: GiB. min_ram: MiB. created: ISO 8601."""

    id: str
    name: str = ""
    owner: str = ""
    status: str = "active"
    visibility: str = "private"
    created: str = ""
    size: int = 0
    min_disk: int = 0
    min_ram: int = 0
    properties: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def version(self) -> tuple[str, str]:
        return self.properties.get(DATASTORE, ""), self.properties.get(VERSION, "")

    @property
    def part(self) -> str:
        return self.properties.get(PART, "")

    @property
    def checksum(self) -> str:
        return self.properties.get(CHECKSUM, "")

    @property
    def complete(self) -> bool:
        return self.status == "active" and self.checksum != PENDING

    @property
    def unfinished(self) -> bool:
        """A killed upload left it; an administrator's deactivation of a complete image is not that."""
        return not self.complete and self.status != "deactivated"

    @property
    def adopted(self) -> bool:
        """Its owner made it: only uploads of this collection carry a checksum."""
        return not self.checksum

    def has(self, marker: str) -> bool:
        return self.properties.get(marker, "").lower() == "true"


def image_of(body: t.Mapping[str, t.Any]) -> Image:
    """The image that a body of Glance's API describes."""
    return Image(
        id=body["id"],
        name=body.get("name") or "",
        owner=body.get("owner") or "",
        status=body.get("status") or "",
        visibility=body.get("visibility") or "",
        created=body.get("created_at") or "",
        size=body.get("size") or 0,
        min_disk=body.get("min_disk") or 0,
        min_ram=body.get("min_ram") or 0,
        properties={name: str(value) for name, value in body.items() if name not in FIELDS and value is not None},
    )


@dataclasses.dataclass(frozen=True)
class Server:
    """What a server of Nova says about its origin. image: "" when it boots from a volume."""

    name: str
    image: str
    datastore: str
    version: str


class Version(t.TypedDict):
    """A datastore version as modules return it. id: of its image. own: of the current project. size: bytes.
    min_disk: GiB. min_ram: MiB. created: ISO 8601. user: the login of the image's operating system, "" if not told."""

    id: str
    datastore: str
    version: str
    active: bool
    default: bool
    kind: str
    os: str
    checksum: str
    min_disk: int
    min_ram: int
    size: int
    created: str
    user: str
    own: bool


def version_of(image: Image, project: str) -> Version:
    """The version that an image stands for, seen from a project."""
    properties = image.properties
    return Version(
        id=image.id,
        datastore=properties.get(DATASTORE, ""),
        version=properties.get(VERSION, ""),
        active=image.has(ACTIVE),
        default=image.has(DEFAULT),
        kind=properties.get(KIND, ""),
        os=properties.get(OS, ""),
        checksum=image.checksum,
        min_disk=image.min_disk,
        min_ram=image.min_ram,
        size=image.size,
        created=image.created,
        user=properties.get("os_admin_user", ""),
        own=image.owner == project,
    )


def versions_of(images: t.Iterable[Image], project: str) -> list[Version]:
    """One entry a version, in order of datastore and version: the project's own image before others', then an active
    one before an inactive one, then the newest."""
    best: dict[tuple[str, str], Image] = {}
    for image in images:
        usable = image.owner == project or image.visibility != "private"
        if not (all(image.version) and image.complete and not image.part and usable):
            continue
        known = best.get(image.version)
        if known is None or _precedence(image, project) > _precedence(known, project):
            best[image.version] = image
    return [version_of(best[key], project) for key in sorted(best, key=lambda key: (key[0], natural(key[1])))]


def _precedence(image: Image, project: str) -> tuple[bool, bool, str, str]:
    return image.owner == project, image.has(ACTIVE), image.created, image.id


def natural(version: str) -> list[tuple[int, int, str]]:
    """A key that sorts 10.2 before 10.11."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D+", version)]


def select(versions: t.Iterable[Version], datastore: str, version: str) -> Version:
    """The active version that a user means; version "" means the default of the datastore.

    Raises DbaasError: not_found if it does not exist, invalid if it is not active. Both name what exists.
    """
    every = list(versions)
    ours = [entry for entry in every if entry["datastore"] == datastore]
    if not ours:
        known = sorted({entry["datastore"] for entry in every})
        raise DbaasError(
            "not_found",
            f"There is no version of datastore {datastore!r}. Datastores with versions: {', '.join(known) or 'none'}. "
            "Register one with the playbook dbaas.openstack.datastore_register.",
            datastores=known,
        )
    known_versions = [entry["version"] for entry in ours]
    if version:
        found = [entry for entry in ours if entry["version"] == version]
        missing = f"Datastore {datastore} has no version {version!r}"
    else:
        found = [entry for entry in ours if entry["default"]]
        missing = f"Datastore {datastore} has no default version; name one, or make one the default"
    if not found:
        raise DbaasError("not_found", f"{missing}. Versions: {', '.join(known_versions)}.", versions=known_versions)
    chosen = max(found, key=lambda entry: (entry["own"], entry["created"]))
    if not chosen["active"]:
        active = [entry["version"] for entry in ours if entry["active"]]
        raise DbaasError(
            "invalid",
            f"Version {chosen['version']} of datastore {datastore} is not active. Active: {', '.join(active) or 'none'}.",
            versions=active,
        )
    return chosen


def users_of(version: Version, servers: t.Iterable[Server]) -> list[str]:
    """The names of the servers that use a version."""
    key = (version["datastore"], version["version"])
    return sorted({s.name for s in servers if s.image == version["id"] or (s.datastore, s.version) == key})
