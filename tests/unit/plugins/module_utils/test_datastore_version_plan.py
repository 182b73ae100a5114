# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_version_plan import (
    Delete,
    Step,
    Update,
    Upload,
    Wanted,
    describe,
    new_id,
    plan_absent,
    plan_present,
    simulate,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_versions import (
    Image,
    Server,
    image_of,
    versions_of,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from hypothesis import given
from hypothesis import strategies as st

ME = "me"


class Cloud:
    """Images that change as Glance changes them; a run can be killed in the middle of an upload or between two steps."""

    def __init__(self, *images: Image, servers: t.Iterable[Server] = ()) -> None:
        self.images = list(images)
        self.servers = list(servers)
        self._count = itertools.count(1)

    def plan(self, **options: t.Any) -> list[Step]:
        return plan_present(self.images, wanted(**options), lambda: self.servers)

    def run(self, steps: t.Sequence[Step], half_steps: int = 1000) -> None:
        """Killed after so many half steps: half an upload leaves an image without content, half of another step nothing."""
        ids: dict[str, str] = {}
        for number, step in enumerate(steps):
            left = half_steps - 2 * number
            if left <= 0:
                return
            if isinstance(step, Upload):
                body = {name: ids.get(value, value) for name, value in step.body.items()}
                made = self._add(body, "queued") if left == 1 else self._add({**body, **step.finish}, "active")
                ids[new_id(step.part)] = made
            elif left > 1:
                self.images = simulate(self.images, [_resolved(step, ids)])

    def _add(self, body: dict[str, t.Any], status: str) -> str:
        number = next(self._count)
        made = {**body, "id": f"id{number}", "owner": ME, "status": status, "created_at": f"2026-{number:04}"}
        self.images.append(image_of(made))
        return f"id{number}"

    def converge(self, **options: t.Any) -> list[Step]:
        steps = self.plan(**options)
        self.run(steps)
        assert self.plan(**options) == []
        return steps

    def image(self, identity: str) -> Image:
        return next(image for image in self.images if image.id == identity)

    def version(self, version: str = "10.11") -> dict[str, t.Any] | None:
        return next((dict(v) for v in versions_of(self.images, ME) if v["version"] == version), None)


def _resolved(step: Step, ids: dict[str, str]) -> Step:
    if isinstance(step, Update):
        return dataclasses.replace(
            step, settings={name: ids.get(value, value) for name, value in step.settings.items()}
        )
    return step


def wanted(version: str = "10.11", file: str = "", kernel: str = "", initrd: str = "", **options: t.Any) -> Wanted:
    files = {"image": file, "kernel": kernel, "initrd": initrd}
    options.setdefault("os", "debian-12")
    return Wanted("mariadb", version, checksums={part: sha for part, sha in files.items() if sha}, **options)


def plain(identity: str = "plain", **properties: str) -> Image:
    return Image(identity, identity, ME, created="2025", properties=properties)


def failure(call: t.Callable[[], t.Any]) -> DbaasError:
    with pytest.raises(DbaasError) as caught:
        call()
    return caught.value


def test_a_new_version_is_uploaded_active_and_the_first_is_the_default() -> None:
    cloud = Cloud()
    steps = cloud.converge(file="f1", min_disk=3, min_ram=512, properties={"os_admin_user": "debian"})
    assert [type(step) for step in steps] == [Upload]
    shown = cloud.version()
    assert shown is not None
    assert shown | {"created": ""} == {
        "id": "id1",
        "datastore": "mariadb",
        "version": "10.11",
        "active": True,
        "default": True,
        "kind": "golden",
        "os": "debian-12",
        "checksum": "f1",
        "min_disk": 3,
        "min_ram": 512,
        "size": 0,
        "created": "",
        "user": "debian",
        "own": True,
    }


def test_an_upload_counts_only_after_it_was_verified() -> None:
    (step,) = Cloud().plan(file="f1")
    assert isinstance(step, Upload)
    assert (step.body["dbaas_checksum"], step.body["dbaas_active"], step.body["dbaas_default"]) == (
        "pending",
        "false",
        "false",
    )
    assert step.finish == {"dbaas_checksum": "f1", "dbaas_active": "true", "dbaas_default": "true"}
    assert step.body["visibility"] == "private"


def test_kernel_and_initrd_are_images_of_their_own_that_the_image_names() -> None:
    cloud = Cloud()
    steps = cloud.converge(file="f1", kernel="k1", initrd="r1")
    assert [str(step) for step in steps] == [
        "upload dbaas-mariadb-10.11-kernel",
        "upload dbaas-mariadb-10.11-initrd",
        "upload dbaas-mariadb-10.11",
    ]
    image = cloud.image("id3")
    assert (image.properties["kernel_id"], image.properties["ramdisk_id"]) == ("id1", "id2")
    assert [dict(v)["id"] for v in versions_of(cloud.images, ME)] == ["id3"]


def test_the_same_content_is_not_uploaded_twice_and_options_that_are_not_given_stay() -> None:
    cloud = Cloud()
    cloud.converge(file="f1", kernel="k1", kind="stock", default=False, active=False, min_disk=4)
    before = cloud.version()
    assert cloud.plan(file="f1") == []
    assert cloud.plan(kernel="k1") == []
    assert cloud.plan() == []
    assert cloud.version() == before


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"active": False}, {"dbaas_active": "false"}),
        ({"default": False}, {"dbaas_default": "false"}),
        ({"min_disk": 9}, {"min_disk": 9}),
        ({"min_ram": 1024}, {"min_ram": 1024}),
        ({"kind": "stock"}, {"dbaas_kind": "stock"}),
        ({"os": "debian-13"}, {"dbaas_os": "debian-13"}),
        ({"properties": {"hw_rng_model": "virtio"}}, {"hw_rng_model": "virtio"}),
        ({"active": True, "default": True}, None),
    ],
)
def test_only_what_differs_is_changed(options: dict[str, t.Any], changed: dict[str, t.Any] | None) -> None:
    cloud = Cloud()
    cloud.converge(file="f1")
    assert cloud.plan(**options) == ([Update("id1", changed)] if changed else [])
    cloud.converge(**options)


def test_the_default_is_taken_from_the_others() -> None:
    cloud = Cloud()
    cloud.converge(file="f1")
    cloud.converge(version="11.8", file="f2")
    assert [v["version"] for v in versions_of(cloud.images, ME) if v["default"]] == ["10.11"]
    steps = cloud.converge(version="11.8", default=True)
    assert steps == [Update("id2", {"dbaas_default": "true"}), Update("id1", {"dbaas_default": "false"})]


def test_a_new_file_replaces_the_image_that_nobody_uses() -> None:
    cloud = Cloud()
    cloud.converge(file="f1", kind="stock", min_ram=512)
    steps = cloud.converge(file="f2")
    assert [str(step).split()[0] for step in steps] == ["upload", "update", "delete"]
    assert [image.id for image in cloud.images] == ["id2"]
    shown = cloud.version()
    assert shown is not None
    assert (shown["checksum"], shown["default"], shown["active"], shown["kind"], shown["min_ram"]) == (
        "f2",
        True,
        True,
        "stock",
        512,
    )


@pytest.mark.parametrize(
    "server",
    [
        Server("orders", "id1", "mariadb", "10.11"),
        Server("orders", "id1", "", ""),
        Server("orders", "", "mariadb", "10.11"),
    ],
)
def test_a_replaced_image_stays_inactive_while_a_server_may_need_it(server: Server) -> None:
    cloud = Cloud(servers=[server])
    cloud.converge(file="f1")
    cloud.converge(file="f2")
    assert {image.id: image.properties["dbaas_active"] for image in cloud.images} == {"id1": "false", "id2": "true"}
    assert cloud.version()["id"] == "id2"  # type: ignore[index]
    cloud.servers.clear()
    assert cloud.converge() == [Delete("id1", spare=True)]


def test_a_server_of_the_new_image_does_not_keep_the_old_one() -> None:
    cloud = Cloud(servers=[Server("orders", "id2", "mariadb", "10.11")])
    cloud.converge(file="f1")
    cloud.converge(file="f2")
    assert [image.id for image in cloud.images] == ["id2"]


def test_going_back_to_a_file_that_was_kept_uploads_nothing() -> None:
    cloud = Cloud(servers=[Server("orders", "id1", "", "")])
    cloud.converge(file="f1")
    cloud.converge(file="f2")
    steps = cloud.converge(file="f1")
    assert not any(isinstance(step, Upload) for step in steps)
    assert [image.id for image in cloud.images] == ["id1"]
    assert cloud.version()["default"] is True  # type: ignore[index]


def test_a_new_kernel_replaces_the_old_one_which_stays_while_the_version_is_used() -> None:
    cloud = Cloud(servers=[Server("orders", "", "mariadb", "10.11")])
    cloud.converge(file="f1", kernel="k1")
    cloud.converge(kernel="k2")
    assert cloud.image("id2").properties["kernel_id"] == "id3"
    assert "id1" in {image.id for image in cloud.images}
    cloud.servers.clear()
    assert cloud.converge() == [Delete("id1", spare=True)]


def test_the_parts_of_a_replaced_image_go_with_it() -> None:
    cloud = Cloud()
    cloud.converge(file="f1", kernel="k1", initrd="r1")
    cloud.converge(file="f2", kernel="k1", initrd="r2")
    assert sorted(image.checksum for image in cloud.images) == ["f2", "k1", "r2"]


def test_servers_are_not_listed_for_a_run_that_changes_nothing() -> None:
    cloud = Cloud()
    cloud.converge(file="f1", kernel="k1")
    asked: list[int] = []

    def servers() -> list[Server]:
        asked.append(1)
        return []

    assert plan_present(cloud.images, wanted(file="f1", kernel="k1"), servers) == []
    assert asked == []


def test_an_image_of_the_project_is_adopted_and_keeps_its_name() -> None:
    cloud = Cloud(plain(os_distro="debian", os_version="13"))
    cloud.converge(adopt="plain", os=None)
    shown = cloud.version()
    assert shown is not None
    assert (shown["id"], shown["os"], shown["checksum"], shown["default"]) == ("plain", "debian-13", "", True)
    assert cloud.image("plain").name == "plain"


def test_an_adopted_image_that_is_replaced_is_released_not_deleted() -> None:
    cloud = Cloud(plain(os_distro="debian"), servers=[Server("x", "plain", "", "")])
    cloud.converge(adopt="plain")
    cloud.converge(file="f1")
    assert cloud.image("plain").properties == {"os_distro": "debian"}
    assert cloud.version()["checksum"] == "f1"  # type: ignore[index]


@pytest.mark.parametrize(
    "image",
    [
        plain(dbaas_datastore="mariadb", dbaas_version="11.8"),
        plain(dbaas_datastore="mariadb", dbaas_version="10.11", dbaas_part="kernel"),
        dataclasses.replace(plain(), status="queued"),
    ],
)
def test_an_image_that_cannot_be_adopted(image: Image) -> None:
    error = failure(lambda: Cloud(image).plan(adopt="plain"))
    assert (error.reason, error.details["option"]) == ("conflict", "image")


def test_without_file_or_image_there_is_nothing_to_change() -> None:
    error = failure(lambda: Cloud().plan(active=False))
    assert (error.reason, error.details["option"]) == ("not_found", "file")


def test_a_new_version_needs_an_operating_system() -> None:
    error = failure(lambda: Cloud().plan(file="f1", os=None))
    assert (error.reason, error.details["option"]) == ("invalid", "os")
    Cloud().converge(file="f1", os=None, properties={"os_distro": "debian", "os_version": "12"})


def test_an_inactive_version_does_not_become_the_default() -> None:
    cloud = Cloud()
    cloud.converge(file="f1", active=False)
    assert cloud.version()["default"] is False  # type: ignore[index]
    error = failure(lambda: cloud.plan(default=True))
    assert (error.reason, error.details["option"]) == ("invalid", "default")
    cloud.converge(default=True, active=True)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"datastore": "MariaDB"}, "datastore"),
        ({"datastore": ""}, "datastore"),
        ({"datastore": "x" * 33}, "datastore"),
        ({"version": ""}, "version"),
        ({"version": "10 11"}, "version"),
        ({"version": "../x"}, "version"),
        ({"os": "Debian"}, "os"),
        ({"min_disk": -1}, "min_disk"),
        ({"min_ram": -1}, "min_ram"),
        ({"properties": {"dbaas_active": "true"}}, "properties"),
        ({"properties": {"owner": "x"}}, "properties"),
        ({"properties": {"kernel_id": "x"}}, "properties"),
        ({"default": True, "active": False}, "default"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(options: dict[str, t.Any], option: str) -> None:
    error = failure(lambda: Wanted(**{"datastore": "mariadb", "version": "10.11", **options}))
    assert (error.reason, error.details["option"]) == ("invalid", option)


def test_absent_removes_the_version_with_its_parts_and_what_was_left_half_made() -> None:
    cloud = Cloud()
    cloud.converge(file="f1", kernel="k1")
    cloud.converge(version="11.8", file="f2")
    cloud.run(cloud.plan(file="f3"), half_steps=1)
    assert len(cloud.images) == 4
    steps = plan_absent(cloud.images, "mariadb", "10.11", lambda: cloud.servers)
    assert [step.image for step in steps if isinstance(step, Delete)] == ["id2", "id4", "id1"]
    cloud.run(steps)
    assert [image.checksum for image in cloud.images] == ["f2"]
    assert plan_absent(cloud.images, "mariadb", "10.11", lambda: cloud.servers) == []


def test_absent_releases_an_adopted_image() -> None:
    cloud = Cloud(plain(os_distro="debian"))
    cloud.converge(adopt="plain")
    cloud.run(plan_absent(cloud.images, "mariadb", "10.11", lambda: cloud.servers))
    assert cloud.images == [plain(os_distro="debian")]


@pytest.mark.parametrize("server", [Server("orders", "id1", "", ""), Server("orders", "", "mariadb", "10.11")])
def test_absent_is_refused_while_servers_use_the_version(server: Server) -> None:
    cloud = Cloud(servers=[Server("other", "", "mariadb", "11.8"), server])
    cloud.converge(file="f1")
    error = failure(lambda: plan_absent(cloud.images, "mariadb", "10.11", lambda: cloud.servers))
    assert (error.reason, error.details) == ("conflict", {"users": ["orders"]})


def test_an_image_that_an_administrator_deactivated_is_no_leftover() -> None:
    cloud = Cloud()
    cloud.converge(file="f1")
    cloud.images = [dataclasses.replace(image, status="deactivated") for image in cloud.images]
    cloud.converge(file="f1")
    assert [image.id for image in cloud.images] == ["id1", "id2"]


def test_a_simulated_upload_belongs_to_the_project() -> None:
    after = simulate([], Cloud().plan(file="f1"), ME)
    assert [(v["id"], v["own"], v["active"]) for v in versions_of(after, ME)] == [("<new image>", True, True)]


def test_a_diff_shows_the_images_of_the_datastore_alone() -> None:
    cloud = Cloud(plain())
    cloud.converge(file="f1", min_disk=3)
    shown = describe(cloud.images, "mariadb")
    assert list(shown) == ["id1"]
    assert (shown["id1"]["name"], shown["id1"]["min_disk"]) == ("dbaas-mariadb-10.11", 3)
    assert shown["id1"]["dbaas_checksum"] == "f1"


OPTIONS = st.fixed_dictionaries(
    {"version": st.sampled_from(["10.11", "11.8"]), "file": st.sampled_from(["f1", "f2", "f3"])},
    optional={
        "kernel": st.sampled_from(["k1", "k2"]),
        "active": st.just(True),
        "default": st.booleans(),
        "min_disk": st.integers(0, 3),
        "properties": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"])),
    },
)
SERVERS = st.lists(
    st.sampled_from([Server("s", "id1", "", ""), Server("t", "", "mariadb", "10.11"), Server("u", "id3", "", "")])
)


@given(st.lists(st.tuples(OPTIONS, st.integers(0, 20)), min_size=1, max_size=5), SERVERS)
def test_killed_anywhere_the_next_run_finishes_and_nothing_is_doubled(
    runs: list[tuple[dict[str, t.Any], int]], servers: list[Server]
) -> None:
    cloud = Cloud(servers=servers)
    for options, half_steps in runs:
        available = {v["version"] for v in versions_of(cloud.images, ME) if v["active"]}
        cloud.run(cloud.plan(**options), half_steps)
        assert available <= {v["version"] for v in versions_of(cloud.images, ME) if v["active"]}
        cloud.converge(**options)
        used = {server.image for server in servers}
        for version in ("10.11", "11.8"):
            ours = [i for i in cloud.images if i.version == ("mariadb", version) and not i.part]
            assert sum(i.has("dbaas_active") for i in ours) <= 1
            assert all(i.complete for i in ours)
            may_stay = used | ({i.id for i in ours} if version == "10.11" and "" in used else set())
            assert {i.id for i in ours if not i.has("dbaas_active")} <= may_stay
        assert sum(i.has("dbaas_default") for i in cloud.images) <= 1
        shown = cloud.version(options["version"])
        assert shown is not None
        assert shown["checksum"] == options["file"]
        assert shown["active"]
