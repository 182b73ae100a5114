# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datastore versions in a real Glance, as an ordinary user."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

from tests.e2e.modules import ENVIRONMENT, command, kill_tree, run_tasks, task

PATIENCE = 120
LARGE = 150_000_000


@pytest.fixture(scope="module")
def cloud() -> Any:
    return openstack.connect(cloud=os.environ["OS_CLOUD"])


@pytest.fixture
def datastore(cloud: Any) -> Iterator[str]:
    name = f"e2e{secrets.token_hex(4)}"
    yield name
    for server in cloud.compute.servers():
        if server.metadata.get("dbaas_datastore") == name:
            cloud.compute.delete_server(server)
    for image in _images_cloud.list_images(cloud, name):
        cloud.image.delete_image(image.id)


def until(condition: Callable[[], bool], what: str, pause: float = 0.5) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s"
        time.sleep(pause)


def file(directory: Path, name: str, size: int = 100_000) -> str:
    path = directory / name
    path.write_bytes(secrets.token_bytes(size))
    return str(path)


def test_the_life_of_a_version(cloud: Any, datastore: str, tmp_path: Path) -> None:
    one, two, kernel = (file(tmp_path, name) for name in ("one", "two", "kernel"))
    ten = {"datastore": datastore, "version": "10", "file": one, "kernel": kernel, "os": "debian-12"}
    nine = {"datastore": datastore, "version": "9", "file": two, "os": "debian-12", "default": True, "min_disk": 2}
    predicted, made, again, other, predicted_again, info = run_tasks(
        tmp_path,
        task("datastore_version", check=True, **ten),
        task("datastore_version", **ten, properties={"hw_rng_model": "virtio", "os_admin_user": "debian"}),
        task("datastore_version", **ten),
        task("datastore_version", **nine),
        task("datastore_version", check=True, **ten),
        task("datastore_info", datastore=datastore, with_users=True),
    )
    assert [r["changed"] for r in (predicted, made, again, other, predicted_again)] == [True, True, False, True, False]
    assert predicted["actions"] == made["actions"]
    told_later = {"id", "created", "size", "user"}
    assert {k: v for k, v in predicted["datastore_version"].items() if k not in told_later} == {
        k: v for k, v in made["datastore_version"].items() if k not in told_later
    }
    assert (made["datastore_version"]["default"], made["datastore_version"]["size"]) == (True, 100_000)
    assert predicted_again["datastore_version"]["default"] is False
    assert [(v["version"], v["default"], v["users"], v["min_disk"]) for v in info["datastore_versions"]] == [
        ("9", True, 0, 2),
        ("10", False, 0, 0),
    ]
    image = cloud.image.get_image(made["datastore_version"]["id"])
    assert (image.visibility, image.hw_rng_model, image.disk_format) == ("private", "virtio", "raw")
    assert cloud.image.get_image(image.kernel_id).disk_format == "aki"

    assert _images_cloud.find_version(cloud, datastore)["version"] == "9"
    assert _images_cloud.find_version(cloud, datastore, "10")["id"] == image.id
    with pytest.raises(DbaasError) as caught:
        _images_cloud.find_version(cloud, datastore, "8")
    assert (caught.value.reason, caught.value.details["versions"]) == ("not_found", ["9", "10"])

    (removed,) = run_tasks(tmp_path, task("datastore_version", datastore=datastore, version="10", state="absent"))
    assert (removed["changed"], removed["datastore_version"]) == (True, None)
    assert [i.version[1] for i in _images_cloud.list_images(cloud, datastore)] == ["9"]


def test_a_version_in_use_is_kept_and_its_users_are_named(cloud: Any, datastore: str, tmp_path: Path) -> None:
    files = [file(tmp_path, name) for name in ("one", "two")]
    nowhere = {"img_hv_type": "hyperv"}  # no host takes a server of it, and it uses the version all the same
    first, second = (
        {"datastore": datastore, "version": "1", "file": f, "os": "debian-12", "properties": nowhere} for f in files
    )
    (made,) = run_tasks(tmp_path, task("datastore_version", **first))
    old = made["datastore_version"]["id"]
    server = cloud.compute.create_server(
        name=f"{datastore}-user",
        image_id=old,
        flavor_id=cloud.compute.find_flavor("m1.tiny").id,
        networks="none",
        metadata={"dbaas_datastore": datastore, "dbaas_version": "1"},
    )
    refused, replaced, info = run_tasks(
        tmp_path,
        task("datastore_version", datastore=datastore, version="1", state="absent"),
        task("datastore_version", **second),
        task("datastore_info", datastore=datastore, with_users=True),
    )
    assert (refused["failed"], refused["reason"], refused["users"]) == (True, "conflict", [server.name])
    assert replaced["datastore_version"]["id"] != old
    active = {i.id: i.has("dbaas_active") for i in _images_cloud.list_images(cloud, datastore)}
    assert active == {old: False, replaced["datastore_version"]["id"]: True}
    assert [v["users"] for v in info["datastore_versions"]] == [1]

    cloud.compute.delete_server(server)
    until(lambda: cloud.compute.find_server(server.id) is None, "server gone")
    swept, quiet = run_tasks(tmp_path, *[task("datastore_version", **second)] * 2)
    assert (swept["actions"], quiet["changed"]) == ([f"delete {old}"], False)
    assert [i.id for i in _images_cloud.list_images(cloud, datastore)] == [replaced["datastore_version"]["id"]]


def test_an_upload_that_was_killed_is_finished_by_the_next_run(cloud: Any, datastore: str, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as content:
        content.truncate(LARGE)
    wanted = task("datastore_version", datastore=datastore, version="1", file=str(large), os="debian-12")
    run = subprocess.Popen(command(tmp_path, [wanted]), env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    try:
        until(lambda: bool(_images_cloud.list_images(cloud, datastore)), "upload begun", pause=0.05)
    finally:
        kill_tree(run)
    (half,) = _images_cloud.list_images(cloud, datastore)
    assert not half.complete
    (finished,) = run_tasks(tmp_path, wanted)
    assert finished["actions"] == [f"delete {half.id}", f"upload dbaas-{datastore}-1"]
    (image,) = _images_cloud.list_images(cloud, datastore)
    assert (image.complete, image.size, image.id) == (True, LARGE, finished["datastore_version"]["id"])


def test_an_image_of_the_project_is_adopted_and_released(cloud: Any, datastore: str, tmp_path: Path) -> None:
    name = f"{datastore}-plain"
    plain = cloud.image.create_image(name, data=b"content", disk_format="raw", allow_duplicates=True)
    try:
        options = {"datastore": datastore, "version": "1"}
        unknown, made, removed = run_tasks(
            tmp_path,
            task("datastore_version", **options, image=f"{name}x", os="debian-12"),
            task("datastore_version", **options, image=name, os="debian-12", kind="stock"),
            task("datastore_version", **options, state="absent"),
        )
        assert (unknown["failed"], unknown["reason"]) == (True, "not_found")
        assert (made["datastore_version"]["id"], made["datastore_version"]["kind"]) == (plain.id, "stock")
        assert removed["changed"] is True
        left = cloud.image.get_image(plain.id)
        assert [key for key in left.properties if key.startswith("dbaas_")] == []
    finally:
        cloud.image.delete_image(plain.id)


def test_a_listing_of_several_pages(cloud: Any, datastore: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        cloud.image.post("/images", json={"name": datastore, "dbaas_datastore": datastore}).json()["id"]
        for dummy in "123"
    ]
    monkeypatch.setattr(_images_cloud, "_PAGE", 2)
    assert sorted(i.id for i in _images_cloud.list_images(cloud, datastore)) == sorted(made)
