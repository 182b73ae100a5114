# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_versions import (
    Image,
    Server,
    image_of,
    natural,
    select,
    users_of,
    version_of,
    versions_of,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

ME = "me"


def image(
    identity: str, version: str = "10.11", *, owner: str = ME, created: str = "2026-01-01", **more: t.Any
) -> Image:
    core = {name: more.pop(name) for name in ("status", "visibility") if name in more}
    properties = {"dbaas_datastore": "mariadb", "dbaas_version": version, "dbaas_active": "true"}
    properties.update({f"dbaas_{name}": value for name, value in more.items()})
    return Image(identity, identity, owner, created=created, properties=properties, **core)


def test_a_body_of_glance_becomes_an_image_whose_other_fields_are_properties() -> None:
    body = {
        "id": "1",
        "name": None,
        "owner": "me",
        "status": "queued",
        "visibility": "private",
        "created_at": "2026-11-20T18:00:00Z",
        "size": None,
        "min_disk": 3,
        "min_ram": 512,
        "os_hash_algo": "sha512",
        "tags": [],
        "hw_rng_model": "virtio",
        "dbaas_datastore": "mariadb",
        "stale": None,
    }
    assert image_of(body) == Image(
        id="1",
        owner="me",
        status="queued",
        created="2026-11-20T18:00:00Z",
        min_disk=3,
        min_ram=512,
        properties={"hw_rng_model": "virtio", "dbaas_datastore": "mariadb"},
    )


def test_a_version_shows_what_its_image_says() -> None:
    shown = version_of(
        Image(
            id="1",
            owner="other",
            created="2026",
            size=5,
            min_disk=3,
            min_ram=512,
            properties={
                "dbaas_datastore": "mariadb",
                "dbaas_version": "10.11",
                "dbaas_active": "True",
                "dbaas_kind": "stock",
                "dbaas_os": "debian-12",
                "dbaas_checksum": "c",
                "os_admin_user": "debian",
            },
        ),
        ME,
    )
    assert shown == {
        "id": "1",
        "datastore": "mariadb",
        "version": "10.11",
        "active": True,
        "default": False,
        "kind": "stock",
        "os": "debian-12",
        "checksum": "c",
        "min_disk": 3,
        "min_ram": 512,
        "size": 5,
        "created": "2026",
        "user": "debian",
        "own": False,
    }


@pytest.mark.parametrize(
    "image_",
    [
        image("x", status="queued"),
        image("x", status="saving"),
        image("x", status="deactivated"),
        image("x", checksum="pending"),
        image("x", part="kernel"),
        image("x", version=""),
        image("x", owner="other", visibility="private"),
        Image("x", owner=ME, properties={"dbaas_datastore": "mariadb"}),
        Image("x", owner=ME),
    ],
)
def test_what_is_no_version(image_: Image) -> None:
    assert versions_of([image_], ME) == []


@pytest.mark.parametrize("visibility", ["public", "shared", "community"])
def test_versions_of_others_can_be_used_when_they_are_shared(visibility: str) -> None:
    assert [v["id"] for v in versions_of([image("x", owner="other", visibility=visibility)], ME)] == ["x"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (image("own"), image("theirs", owner="other", visibility="public", created="2027")),
        (image("own", active="false"), image("theirs", owner="other", visibility="public")),
        (image("active"), image("inactive", active="false", created="2027")),
        (image("new", created="2027"), image("old")),
        (image("b"), image("a")),
    ],
)
def test_of_two_images_of_a_version_one_counts_in_every_order(one: Image, other: Image) -> None:
    assert [v["id"] for v in versions_of([one, other], ME)] == [one.id]
    assert [v["id"] for v in versions_of([other, one], ME)] == [one.id]


def test_versions_are_sorted_as_people_count() -> None:
    images = [image("a", "11.8"), image("b", "10.11"), image("c", "10.2"), image("d", "10.2-rc1"), image("e", "9")]
    assert [v["version"] for v in versions_of(images, ME)] == ["9", "10.2", "10.2-rc1", "10.11", "11.8"]


@pytest.mark.parametrize(
    ("less", "more"), [("10.2", "10.11"), ("9", "10"), ("1.0", "1.0.1"), ("1.2", "1.b"), ("8", "latest")]
)
def test_natural_order(less: str, more: str) -> None:
    assert natural(less) < natural(more)


EVERY = versions_of(
    [
        image("a", "10.11", default="true"),
        image("b", "11.8"),
        image("c", "10.6", active="false"),
        image("d", "11.4", owner="other", visibility="public", default="true", created="2027"),
    ],
    ME,
)


@pytest.mark.parametrize(("version", "expected"), [("", "a"), ("10.11", "a"), ("11.8", "b"), ("11.4", "d")])
def test_select(version: str, expected: str) -> None:
    assert select(EVERY, "mariadb", version)["id"] == expected


@pytest.mark.parametrize(
    ("datastore", "version", "reason", "named"),
    [
        ("oracle", "", "not_found", {"datastores": ["mariadb"]}),
        ("mariadb", "5.5", "not_found", {"versions": ["10.6", "10.11", "11.4", "11.8"]}),
        ("mariadb", "10.6", "invalid", {"versions": ["10.11", "11.4", "11.8"]}),
    ],
)
def test_an_error_of_select_names_what_exists(
    datastore: str, version: str, reason: str, named: dict[str, list[str]]
) -> None:
    with pytest.raises(DbaasError) as caught:
        select(EVERY, datastore, version)
    assert caught.value.reason == reason
    assert caught.value.details == named


def test_without_a_default_a_version_must_be_named() -> None:
    with pytest.raises(DbaasError) as caught:
        select(versions_of([image("a"), image("b", "11.8")], ME), "mariadb", "")
    assert caught.value.reason == "not_found"
    assert caught.value.details == {"versions": ["10.11", "11.8"]}


def test_nothing_registered_at_all() -> None:
    with pytest.raises(DbaasError) as caught:
        select([], "mariadb", "")
    assert caught.value.details == {"datastores": []}


def test_users_boot_from_the_image_or_name_the_version() -> None:
    servers = [
        Server("boots", "a", "", ""),
        Server("volume", "", "mariadb", "10.11"),
        Server("both", "a", "mariadb", "10.11"),
        Server("newer", "b", "mariadb", "11.8"),
        Server("foreign", "z", "", ""),
    ]
    assert users_of(EVERY[1], servers) == ["boots", "both", "volume"]
