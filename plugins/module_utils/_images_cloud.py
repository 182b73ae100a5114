# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datastore versions in Glance: finding them, and applying the steps of a plan. Private to the collection."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import typing as t
from http import HTTPStatus

from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_version_plan import (
    Delete,
    Step,
    Update,
    Upload,
    new_id,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_versions import (
    DATASTORE,
    FIELDS,
    VERSION,
    Image,
    Server,
    Version,
    image_of,
    select,
    versions_of,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError, require_ok

_PAGE = 1000
_POLL = 1.0
_QCOW2 = b"QFI\xfb"


def list_images(connection: t.Any, datastore: str = "") -> list[Image]:
    """The images that the project can see (its own, public ones, accepted shared ones), of one datastore if named."""
    query: dict[str, t.Any] = {"limit": _PAGE, **({DATASTORE: datastore} if datastore else {})}
    images: list[Image] = []
    while True:
        page = require_ok(connection.image.get("/images", params=query), "List images").json()
        images += [image_of(body) for body in page["images"]]
        if not page.get("next"):
            return images
        query["marker"] = page["images"][-1]["id"]


def own_images(connection: t.Any, images: t.Iterable[Image]) -> list[Image]:
    """Those that belong to the current project."""
    return [image for image in images if image.owner == connection.current_project_id]


def find_own_image(connection: t.Any, name_or_id: str) -> Image:
    """The project's own image of this id or name. Raises DbaasError: not_found, or invalid if the name is not unique."""
    found = own_images(connection, list_images(connection))
    same = [i for i in found if i.id == name_or_id] or [i for i in found if i.name == name_or_id]
    if not same:
        raise DbaasError("not_found", f"image is {name_or_id!r}, but this project owns no such image.", option="image")
    if len(same) > 1:
        ids = ", ".join(i.id for i in same)
        raise DbaasError("invalid", f"image is {name_or_id!r}, but {ids} bear this name; give an id.", option="image")
    return same[0]


def list_versions(connection: t.Any, datastore: str = "") -> list[Version]:
    """All datastore versions that the project can use."""
    return versions_of(list_images(connection, datastore), connection.current_project_id)


def find_version(connection: t.Any, datastore: str, version: str = "") -> Version:
    """The active version of a datastore; version "" means its default.

    Raises DbaasError: not_found or invalid, naming what exists.
    """
    return select(list_versions(connection), datastore, version)


def list_servers(connection: t.Any) -> list[Server]:
    """The project's servers with what they say about their origin."""
    return [
        Server(
            name=server.name,
            image=(server.image.id if server.image else "") or "",
            datastore=server.metadata.get(DATASTORE, ""),
            version=server.metadata.get(VERSION, ""),
        )
        for server in connection.compute.servers()
    ]


def file_checksum(path: str, algorithm: str = "sha256") -> str:
    """The hexadecimal digest of a file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def disk_format(path: str) -> str:
    """qcow2 if the file begins as QCOW2 does, else raw."""
    with open(path, "rb") as file:
        return "qcow2" if file.read(len(_QCOW2)) == _QCOW2 else "raw"


def apply(connection: t.Any, steps: t.Iterable[Step], files: t.Mapping[str, str], timeout: int) -> list[Step]:
    """Carry out the steps; the result holds those that were done.

    files: part (image, kernel, initrd) to path. timeout: seconds for Glance to take one file in.
    """
    ids: dict[str, str] = {}
    done: list[Step] = []
    for step in steps:
        if isinstance(step, Upload):
            ids[new_id(step.part)] = _upload(connection, step, ids, files[step.part], timeout)
        elif isinstance(step, Update):
            _patch(connection, step.image, _resolved(step.settings, ids), step.remove)
        elif not _delete(connection, step):
            break
        done.append(step)
    return done


def _resolved(settings: t.Mapping[str, t.Any], ids: t.Mapping[str, str]) -> dict[str, t.Any]:
    return {name: ids.get(value, value) for name, value in settings.items()}


def _upload(connection: t.Any, step: Upload, ids: t.Mapping[str, str], path: str, timeout: int) -> str:
    body = _resolved(step.body, ids)
    image: str = require_ok(connection.image.post("/images", json=body), f"Create image {body['name']}").json()["id"]
    try:
        with open(path, "rb") as file:
            sent = connection.image.put(
                f"/images/{image}/file",
                data=file,
                headers={"Content-Type": "application/octet-stream", "Accept": ""},
                timeout=timeout,
            )
        require_ok(sent, f"Upload {path} to image {body['name']}")
        _await_content(connection, image, path, timeout)
        _patch(connection, image, step.finish)
    except BaseException:
        with contextlib.suppress(Exception):  # the next run removes what stays
            connection.image.delete(f"/images/{image}")
        raise
    return image


def _await_content(connection: t.Any, image: str, path: str, timeout: int) -> None:
    """Wait until Glance calls the image active and verify that it holds what the file holds."""
    deadline = time.monotonic() + timeout
    while True:
        body = require_ok(connection.image.get(f"/images/{image}"), "Read the uploaded image").json()
        if body["status"] == "active":
            break
        if body["status"] not in ("queued", "saving", "importing", "uploading"):
            raise DbaasError("cloud", f"Glance made the uploaded image {body['status']}.")
        if time.monotonic() > deadline:
            raise DbaasError("timeout", f"The uploaded image is still {body['status']} after {timeout} s.")
        time.sleep(_POLL)
    algorithm = body.get("os_hash_algo")
    if algorithm in hashlib.algorithms_guaranteed:
        same = body["os_hash_value"] == file_checksum(path, algorithm)
    else:
        same = body["size"] == os.path.getsize(path)
    if not same:
        raise DbaasError(
            "cloud", f"Glance holds other content than {path}; the upload was cut short or the file changed."
        )


def _patch(connection: t.Any, image: str, settings: t.Mapping[str, t.Any], remove: t.Iterable[str] = ()) -> None:
    known = require_ok(connection.image.get(f"/images/{image}"), f"Read image {image}").json()
    operations = [
        {"op": "replace" if name in known or name in FIELDS else "add", "path": f"/{name}", "value": value}
        for name, value in settings.items()
    ]
    operations += [{"op": "remove", "path": f"/{name}"} for name in remove if name in known]
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    require_ok(connection.image.patch(f"/images/{image}", json=operations, headers=headers), f"Update image {image}")


def _delete(connection: t.Any, step: Delete) -> bool:
    response = connection.image.delete(f"/images/{step.image}")
    if response.status_code == HTTPStatus.CONFLICT and step.spare:
        return False
    if response.status_code != HTTPStatus.NOT_FOUND:
        require_ok(response, f"Delete image {step.image}")
    return True
