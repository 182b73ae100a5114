# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps lead to a wanted datastore version. Pure; private to the collection.

Check mode and diff simulate the steps that the real run applies. Their order makes a killed run harmless: the new image
is verified before it counts, it counts before the old one retires, and deletions come last.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_versions import (
    ACTIVE,
    CHECKSUM,
    DATASTORE,
    DEFAULT,
    FIELDS,
    KIND,
    OS,
    PART,
    PENDING,
    VERSION,
    Image,
    Server,
    image_of,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

MARKER = "dbaas_"
KINDS = ("golden", "stock")
REFERENCES = {"kernel": "kernel_id", "initrd": "ramdisk_id"}
"""Part of a version to the property of its image that names the part."""

_FORMATS = {"kernel": "aki", "initrd": "ari"}
_RESERVED = FIELDS | set(REFERENCES.values())
_SIZES = ("min_disk", "min_ram")

Servers = t.Callable[[], t.Sequence[Server]]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a user asks for; None: as it is, or the usual value of a new version.

    checksums: SHA-256 of the given files by part: image, kernel, initrd. disk_format: of the file for the image.
    adopt: id of an existing image. min_disk: GiB. min_ram: MiB.
    Raises DbaasError (invalid, option) for a value that cannot be right.
    """

    datastore: str
    version: str
    checksums: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    disk_format: str = "qcow2"
    adopt: str = ""
    properties: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    active: bool | None = None
    default: bool | None = None
    min_disk: int | None = None
    min_ram: int | None = None
    os: str | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        check_name("datastore", self.datastore)
        check_name("version", self.version)
        if self.os is not None:
            check_name("os", self.os)
        for name in self.properties:
            if name.startswith(MARKER) or name in _RESERVED:
                raise _invalid("properties", f"contains {name!r}, which this module or Glance sets; leave it out")
        for option in _SIZES:
            if (getattr(self, option) or 0) < 0:
                raise _invalid(option, f"is {getattr(self, option)}; it must be 0 or more")
        if self.default and self.active is False:
            raise _invalid("default", "is true while active is false; the default version must be active")


_NAMES = {
    "datastore": (r"[a-z][a-z0-9_-]{0,31}", "a lower-case letter, then lower-case letters, digits, _ or -, at most 32"),
    "version": (r"[0-9A-Za-z][0-9A-Za-z._+~-]{0,63}", "a version such as 10.11, at most 64 characters"),
    "os": (r"[a-z][a-z0-9]*-[0-9a-z][0-9a-z.]*", "distribution and version, such as debian-12"),
}


def check_name(option: str, value: str) -> None:
    """Raise DbaasError (invalid) unless the value is a well-formed datastore, version or os."""
    pattern, right = _NAMES[option]
    if not re.fullmatch(pattern, value):
        raise _invalid(option, f"is {value!r}; right is {right}")


def _invalid(option: str, what: str) -> DbaasError:
    return DbaasError("invalid", f"{option} {what}.", option=option)


def image_name(datastore: str, version: str, part: str = "image") -> str:
    """The name of the image of a version, or of one of its parts."""
    return f"dbaas-{datastore}-{version}" + ("" if part == "image" else f"-{part}")


@dataclasses.dataclass(frozen=True)
class Upload:
    """Make an image of a file. part: image, kernel or initrd. body: what it is created with, PENDING.
    finish: what is set once its content has been verified."""

    part: str
    body: t.Mapping[str, t.Any]
    finish: t.Mapping[str, t.Any]

    def __str__(self) -> str:
        return f"upload {self.body['name']}"


@dataclasses.dataclass(frozen=True)
class Update:
    """Set and remove properties (or min_disk, min_ram) of an image."""

    image: str
    settings: t.Mapping[str, t.Any]
    remove: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = [f"{name}={value}" for name, value in sorted(self.settings.items())]
        return f"update {self.image}: {', '.join(told + [f'{name} removed' for name in self.remove])}"


@dataclasses.dataclass(frozen=True)
class Delete:
    """Delete an image. spare: leave it, and what would be deleted after it, if Glance says that something needs it."""

    image: str
    spare: bool = False

    def __str__(self) -> str:
        return f"delete {self.image}"


Step: t.TypeAlias = "Upload | Update | Delete"


def new_id(part: str) -> str:
    """What stands for the id of an image that a step will upload."""
    return f"<new {part}>"


def plan_present(images: t.Sequence[Image], wanted: Wanted, servers: Servers) -> list[Step]:
    """The steps that make the wanted version true.

    images: the project's own. servers: called only when it matters who uses an image.
    Raises DbaasError when the request cannot be met.
    """
    key = (wanted.datastore, wanted.version)
    complete = [image for image in images if image.version == key and image.complete and not image.part]
    incumbent = _newest(complete)
    target = _target(images, complete, incumbent, wanted)
    steps: list[Step] = [Delete(image.id) for image in images if image.version == key and image.unfinished]
    references: dict[str, str] = {}
    for part in (part for part in REFERENCES if part in wanted.checksums):
        known = _same_part(images, key, part, wanted.checksums[part])
        references[REFERENCES[part]] = known or new_id(part)
        if not known:
            steps.append(_upload_part(wanted, part))
    settings = {**_settings(images, incumbent, target, wanted), **references}
    if target is None:
        steps.append(_upload_image(wanted, settings))
    elif changes := _difference(target, settings):
        steps.append(Update(target.id, changes))
    if settings[DEFAULT] == "true":
        steps += [
            Update(image.id, {DEFAULT: "false"})
            for image in _defaults(images, wanted.datastore)
            if image.version != key
        ]
    steps += _supersede([image for image in complete if target is None or image.id != target.id], servers)
    return steps + _sweep(simulate(images, steps), key, servers)


def plan_absent(images: t.Sequence[Image], datastore: str, version: str, servers: Servers) -> list[Step]:
    """The steps that remove a version with all its images and parts; an adopted image loses its marks and stays.

    images: the project's own. Raises DbaasError (conflict, users) while servers use the version.
    """
    ours = [image for image in images if image.version == (datastore, version)]
    if not ours:
        return []
    ids = {image.id for image in ours}
    users = sorted({s.name for s in servers() if s.image in ids or (s.datastore, s.version) == (datastore, version)})
    if users:
        raise DbaasError(
            "conflict",
            f"Version {version} of datastore {datastore} is in use by {', '.join(users)}; delete or upgrade these first.",
            users=users,
        )
    parts_last = sorted(ours, key=lambda image: bool(image.part))
    return [_release(image) if image.adopted else Delete(image.id) for image in parts_last]


def simulate(images: t.Sequence[Image], steps: t.Iterable[Step], project: str = "") -> list[Image]:
    """The images as they are after the steps; a new image has new_id for its id and belongs to the project."""
    after = {image.id: image for image in images}
    for step in steps:
        if isinstance(step, Upload):
            body = {**step.body, **step.finish, "id": new_id(step.part), "owner": project, "status": "active"}
            after[body["id"]] = image_of(body)
        elif isinstance(step, Update):
            after[step.image] = _updated(after[step.image], step)
        else:
            del after[step.image]
    return list(after.values())


def describe(images: t.Iterable[Image], datastore: str) -> dict[str, dict[str, t.Any]]:
    """What a diff shows: id of each image of the datastore to what the module can change of it."""
    return {
        image.id: {
            "name": image.name,
            "min_disk": image.min_disk,
            "min_ram": image.min_ram,
            **dict(sorted(image.properties.items())),
        }
        for image in sorted(images, key=lambda image: (image.name, image.id))
        if image.version[0] == datastore
    }


def _newest(images: t.Iterable[Image]) -> Image | None:
    return max(images, key=lambda image: (image.has(ACTIVE), image.created, image.id), default=None)


def _defaults(images: t.Iterable[Image], datastore: str) -> list[Image]:
    return [image for image in images if image.version[0] == datastore and image.has(DEFAULT)]


def _target(
    images: t.Sequence[Image], complete: t.Sequence[Image], incumbent: Image | None, wanted: Wanted
) -> Image | None:
    """The existing image that is to be the version; None if the file must be uploaded."""
    if wanted.adopt:
        target = next(image for image in images if image.id == wanted.adopt)
        if target.version not in (("", ""), (wanted.datastore, wanted.version)) or target.part:
            owner = " ".join(target.version)
            raise DbaasError(
                "conflict", f"image is {target.name!r}, which already belongs to version {owner}.", option="image"
            )
        if not target.complete:
            raise DbaasError(
                "conflict", f"image is {target.name!r} with status {target.status}; it must be active.", option="image"
            )
        return target
    if "image" in wanted.checksums:
        return _newest(image for image in complete if image.checksum == wanted.checksums["image"])
    if incumbent is None:
        raise DbaasError(
            "not_found",
            f"Datastore {wanted.datastore} has no version {wanted.version} in this project; to make it, give file or image.",
            option="file",
        )
    return incumbent


def _settings(
    images: t.Sequence[Image], incumbent: Image | None, target: Image | None, wanted: Wanted
) -> dict[str, t.Any]:
    """All that the image of the version must say. What is not asked for stays as the version has it so far."""
    before = incumbent or target or Image("")
    active = incumbent.has(ACTIVE) if incumbent else True
    active = active if wanted.active is None else wanted.active
    default = incumbent.has(DEFAULT) if incumbent else active and not _defaults(images, wanted.datastore)
    default = default if wanted.default is None else wanted.default
    if wanted.default and not active:
        raise _invalid("default", "is true, but the version is not active; give active=true as well")
    return {
        **wanted.properties,
        "min_disk": before.min_disk if wanted.min_disk is None else wanted.min_disk,
        "min_ram": before.min_ram if wanted.min_ram is None else wanted.min_ram,
        DATASTORE: wanted.datastore,
        VERSION: wanted.version,
        KIND: wanted.kind or before.properties.get(KIND) or KINDS[0],
        OS: wanted.os or before.properties.get(OS) or _system({**before.properties, **wanted.properties}),
        ACTIVE: _flag(active),
        DEFAULT: _flag(default),
    }


def _system(properties: t.Mapping[str, str]) -> str:
    try:
        return f"{properties['os_distro']}-{properties['os_version']}"
    except KeyError:
        raise _invalid("os", "is missing; a new version needs the system of its image, such as debian-12") from None


def _same_part(images: t.Sequence[Image], key: tuple[str, str], part: str, checksum: str) -> str:
    same = [i.id for i in images if i.version == key and i.part == part and i.complete and i.checksum == checksum]
    return min(same, default="")


def _upload_part(wanted: Wanted, part: str) -> Upload:
    body = {
        "name": image_name(wanted.datastore, wanted.version, part),
        "visibility": "private",
        "disk_format": _FORMATS[part],
        "container_format": _FORMATS[part],
        DATASTORE: wanted.datastore,
        VERSION: wanted.version,
        PART: part,
        CHECKSUM: PENDING,
    }
    return Upload(part, body, {CHECKSUM: wanted.checksums[part]})


def _upload_image(wanted: Wanted, settings: t.Mapping[str, t.Any]) -> Upload:
    finish = {CHECKSUM: wanted.checksums["image"], ACTIVE: settings[ACTIVE], DEFAULT: settings[DEFAULT]}
    body = {
        "name": image_name(wanted.datastore, wanted.version),
        "visibility": "private",
        "disk_format": wanted.disk_format,
        "container_format": "bare",
        **settings,
        CHECKSUM: PENDING,
        ACTIVE: "false",
        DEFAULT: "false",
    }
    return Upload("image", body, finish)


def _supersede(images: t.Sequence[Image], servers: Servers) -> list[Step]:
    """Images that were the version: released if adopted, kept but inactive while servers use them, else deleted."""
    steps: list[Step] = []
    for image in images:
        if image.adopted:
            steps.append(_release(image))
        elif changes := _difference(image, {ACTIVE: "false", DEFAULT: "false"}):
            steps.append(Update(image.id, changes))
    unused = [image for image in images if not image.adopted and not any(_may_need(s, image) for s in servers())]
    return steps + [Delete(image.id, spare=True) for image in unused]


def _may_need(server: Server, image: Image) -> bool:
    """A server that boots from a volume does not tell its image: any image of its version may be the one."""
    return server.image == image.id if server.image else (server.datastore, server.version) == image.version


def _sweep(images: t.Sequence[Image], key: tuple[str, str], servers: Servers) -> list[Step]:
    """Parts that no image of the version names, once no server of the version can need them."""
    ours = [image for image in images if image.version == key]
    named = {image.properties.get(reference) for image in ours for reference in REFERENCES.values()}
    unnamed = [image for image in ours if image.part and image.id not in named]
    ids = {image.id for image in ours}
    if not unnamed or any(s.image in ids or (s.datastore, s.version) == key for s in servers()):
        return []
    return [Delete(image.id, spare=True) for image in unnamed]


def _release(image: Image) -> Update:
    return Update(image.id, {}, tuple(sorted(name for name in image.properties if name.startswith(MARKER))))


def _difference(image: Image, settings: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    known = {**image.properties, "min_disk": image.min_disk, "min_ram": image.min_ram}
    return {name: value for name, value in settings.items() if known.get(name) != value}


def _updated(image: Image, step: Update) -> Image:
    sizes = {name: value for name, value in step.settings.items() if name in _SIZES}
    properties = {**image.properties, **{name: value for name, value in step.settings.items() if name not in sizes}}
    return dataclasses.replace(image, **sizes, properties={k: v for k, v in properties.items() if k not in step.remove})


def _flag(value: bool) -> str:
    return "true" if value else "false"
