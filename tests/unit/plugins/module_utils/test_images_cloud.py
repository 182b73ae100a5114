# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_version_plan import (
    Delete,
    Step,
    Update,
    Upload,
    new_id,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

from tests.unit.fakes.glance import Glance

UPLOAD = Upload("image", {"name": "n", "dbaas_checksum": "pending"}, {"dbaas_checksum": "sum", "dbaas_active": "true"})


@pytest.fixture
def glance() -> Glance:
    return Glance()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    made = {part: tmp_path / part for part in ("image", "kernel")}
    for part, path in made.items():
        path.write_bytes(part.encode())
    return {part: str(path) for part, path in made.items()}


def apply(glance: Glance, files: dict[str, str], *steps: Step, timeout: int = 30) -> list[Step]:
    return _images_cloud.apply(types.SimpleNamespace(image=glance), steps, files, timeout)


def test_what_an_upload_is_to_say_is_set_after_it_was_verified(glance: Glance, files: dict[str, str]) -> None:
    assert apply(glance, files, UPLOAD) == [UPLOAD]
    (image,) = glance.images.values()
    assert (image["dbaas_checksum"], image["dbaas_active"], image["size"]) == ("sum", "true", 5)


def test_ids_of_uploaded_parts_are_put_where_they_are_named(glance: Glance, files: dict[str, str]) -> None:
    kernel = Upload("kernel", {"name": "k"}, {})
    apply(glance, files, kernel, Upload("image", {"name": "n", "kernel_id": new_id("kernel")}, {}))
    assert glance.images["id2"]["kernel_id"] == "id1"
    apply(glance, files, kernel, Update("id2", {"kernel_id": new_id("kernel")}))
    assert glance.images["id2"]["kernel_id"] == "id3"


@pytest.mark.parametrize("algorithm", ["sha512", "sha256", None])
def test_an_upload_that_was_cut_short_is_removed(glance: Glance, files: dict[str, str], algorithm: str | None) -> None:
    glance.algorithm = algorithm
    glance.held = lambda content: content[:-1]
    with pytest.raises(DbaasError) as caught:
        apply(glance, files, UPLOAD)
    assert caught.value.reason == "cloud"
    assert glance.images == {}


@pytest.mark.parametrize("algorithm", [None, "sha256"])
def test_content_is_verified_with_what_glance_tells(
    glance: Glance, files: dict[str, str], algorithm: str | None
) -> None:
    glance.algorithm = algorithm
    apply(glance, files, UPLOAD)
    assert glance.images["id1"]["dbaas_checksum"] == "sum"


def test_an_upload_that_glance_refuses_is_removed(glance: Glance, files: dict[str, str]) -> None:
    glance.upload_status = 413
    with pytest.raises(DbaasError) as caught:
        apply(glance, files, UPLOAD)
    assert caught.value.reason == "quota"
    assert glance.images == {}


@pytest.mark.parametrize(("states", "timeout", "reason"), [(["killed"], 30, "cloud"), (["saving"], 0, "timeout")])
def test_an_upload_that_does_not_become_active_is_removed(
    glance: Glance, files: dict[str, str], states: list[str], timeout: int, reason: str
) -> None:
    glance.states = states
    with pytest.raises(DbaasError) as caught:
        apply(glance, files, UPLOAD, timeout=timeout)
    assert caught.value.reason == reason
    assert glance.images == {}


def test_an_image_that_is_saved_late_is_awaited(
    glance: Glance, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_images_cloud, "_POLL", 0)
    glance.states = ["saving", "saving", "active"]
    assert apply(glance, files, UPLOAD) == [UPLOAD]


def test_properties_are_added_replaced_and_removed(glance: Glance, files: dict[str, str]) -> None:
    glance.images["i"] = {"id": "i", "min_disk": 0, "old": "1", "dbaas_active": "true"}
    apply(glance, files, Update("i", {"min_disk": 3, "new": "1", "dbaas_active": "false"}, ("old", "never_there")))
    assert glance.images["i"] == {"id": "i", "min_disk": 3, "new": "1", "dbaas_active": "false"}


def test_deleting_what_is_gone_is_no_error(glance: Glance, files: dict[str, str]) -> None:
    assert apply(glance, files, Delete("gone")) == [Delete("gone")]


def test_what_something_needs_is_spared_with_all_that_follows(glance: Glance, files: dict[str, str]) -> None:
    glance.images = {"old": {"id": "old"}, "part": {"id": "part"}}
    glance.in_use = {"old"}
    assert apply(glance, files, Delete("old", spare=True), Delete("part", spare=True)) == []
    assert set(glance.images) == {"old", "part"}


def test_what_must_go_and_cannot_is_a_conflict(glance: Glance, files: dict[str, str]) -> None:
    glance.images = {"old": {"id": "old"}}
    glance.in_use = {"old"}
    with pytest.raises(DbaasError) as caught:
        apply(glance, files, Delete("old"))
    assert caught.value.reason == "conflict"


@pytest.mark.parametrize(("head", "expected"), [(b"QFI\xfb\0\0", "qcow2"), (b"QFI", "raw"), (b"\0" * 8, "raw")])
def test_the_format_is_seen_in_the_file(tmp_path: Path, head: bytes, expected: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(head)
    assert _images_cloud.disk_format(str(path)) == expected


def test_the_checksum_is_that_of_sha256sum(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert _images_cloud.file_checksum(str(path)) == known


def test_servers_tell_where_they_come_from() -> None:
    def server(image: Any, **metadata: str) -> types.SimpleNamespace:
        return types.SimpleNamespace(name="s", image=image, metadata=metadata)

    servers = [
        server(types.SimpleNamespace(id="i"), dbaas_datastore="d", dbaas_version="v"),
        server(types.SimpleNamespace(id=None)),
        server(None),
    ]
    listed = _images_cloud.list_servers(types.SimpleNamespace(compute=types.SimpleNamespace(servers=lambda: servers)))
    assert [(s.image, s.datastore, s.version) for s in listed] == [("i", "d", "v"), ("", "", ""), ("", "", "")]
