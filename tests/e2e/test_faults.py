# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong midway in a real OpenStack: each fault has its status, its error, and a way on. Those of the guest are molecule's."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest

from tests.e2e.guests import Database
from tests.e2e.instances import wish
from tests.e2e.modules import ENVIRONMENT, run_tasks, task
from tests.e2e.playbooks import play
from tests.e2e.proxy import Boundary, proxy

VERSION = "0.1"
"""A version of MariaDB whose image is a few bytes: no server of it ever boots."""


@pytest.fixture
def flimsy(cloud: Any, tmp_path: Path) -> Iterator[str]:
    """The id of an image that no host takes, registered as VERSION."""
    image = tmp_path / "image"
    image.write_bytes(secrets.token_bytes(1000))
    version = {"datastore": "mariadb", "version": VERSION}
    (made,) = run_tasks(
        tmp_path,
        task("datastore_version", **version, file=str(image), os="debian-12", properties={"img_hv_type": "hyperv"}),
    )
    yield made["datastore_version"]["id"]
    cloud.image.delete_image(made["datastore_version"]["id"], ignore_missing=True)


def at(place: str, act: Callable[[], None]) -> Callable[[Boundary, str], None]:
    """A hook that acts once, before the first request that creates something at that place."""
    done: list[str] = []

    def hook(boundary: Boundary, phase: str) -> None:
        if phase == "before" and not done and boundary.method == "POST" and boundary.place.endswith(place):
            done.append(place)
            act()

    return hook


def broken_off(name: str, directory: Path, place: str, act: Callable[[], None], **change: Any) -> dict[str, Any]:
    """The failure of a creation in whose midst something happens to the cloud; the instance shows it."""
    with proxy(at(place, act)) as url:
        (failed,) = run_tasks(directory, task("instance", **wish(name, **change)), proxy=url)
    assert failed["failed"]
    (info,) = run_tasks(directory, task("instance_info", name=name))
    (shown,) = info["instances"]
    assert (shown["status"], bool(shown["fault"]), shown["lock"]) == ("ERROR", True, None)
    assert any(part.startswith("security_group") for part in failed["left"])
    return failed


@pytest.mark.soak
def test_a_quota_that_is_exhausted_midway(cloud: Any, name: str, tmp_path: Path) -> None:
    admin = openstack.connect(cloud=f"{os.environ['OS_CLOUD']}-admin")
    project = cloud.current_project_id
    try:
        failed = broken_off(name, tmp_path, "/volumes", lambda: admin.set_volume_quotas(project, volumes=0))
        (refused,) = run_tasks(tmp_path, task("instance", **wish(name)))
    finally:
        admin.delete_volume_quotas(project)
    assert failed["reason"] == "quota"
    assert [problem["option"] for problem in refused["problems"]] == ["volume_size"]
    (mended,) = run_tasks(tmp_path, task("instance", **wish(name)))
    assert (mended["instance"]["server_status"], mended["instance"]["fault"]) == ("ACTIVE", "")


@pytest.mark.soak
def test_a_network_that_vanishes_midway(cloud: Any, name: str, tmp_path: Path) -> None:
    network = cloud.network.create_network(name=f"e2e-{secrets.token_hex(3)}")
    cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.198.0.0/24")
    networks = [{"network": network.name}]
    failed = broken_off(name, tmp_path, "/ports", lambda: cloud.network.delete_network(network.id), networks=networks)
    assert failed["reason"] == "not_found"
    gone, predicted = run_tasks(
        tmp_path, task("instance", **wish(name, networks=networks)), task("instance", check=True, **wish(name))
    )
    assert [problem["option"] for problem in gone["problems"]] == ["networks"]
    assert "failed" not in predicted


@pytest.mark.soak
def test_an_image_that_vanishes_midway(cloud: Any, flimsy: str, name: str, tmp_path: Path) -> None:
    failed = broken_off(name, tmp_path, "/servers", lambda: cloud.image.delete_image(flimsy), datastore_version=VERSION)
    assert failed["reason"] in ("invalid", "not_found")
    (gone,) = run_tasks(tmp_path, task("instance", **wish(name, datastore_version=VERSION)))
    assert [problem["option"] for problem in gone["problems"]] == ["datastore_version"]


@pytest.mark.usefixtures("flimsy")
@pytest.mark.soak
def test_a_server_that_nova_puts_into_error(name: str, tmp_path: Path) -> None:
    failed, info, mended = run_tasks(
        tmp_path,
        task("instance", **wish(name, datastore_version=VERSION)),
        task("instance_info", name=name),
        task("instance", **wish(name)),
    )
    assert (failed["failed"], failed["reason"], "server_id" in failed) == (True, "cloud", True)
    assert (info["instances"][0]["status"], info["instances"][0]["server_status"]) == ("ERROR", "ERROR")
    assert mended["instance"]["server_status"] == "ACTIVE"
    assert mended["instance"]["server_id"] != failed["server_id"]


@pytest.mark.soak
def test_an_object_store_that_does_not_answer(cloud: Any, name: str, tmp_path: Path) -> None:
    store = cloud.object_store.get_endpoint()
    asked = [
        task("instance", **wish(name)),
        task("instance", **wish(name)),
        task("instance_info", name=name),
        task("instance", name=name, state="absent"),
    ]
    with proxy(dead=lambda url: url.startswith(store)) as url:
        made, again, info, kept = run_tasks(tmp_path, *asked, proxy=url)
    assert (made["instance"]["status"], again["changed"], info["store_reachable"]) == ("UNKNOWN", False, False)
    # Its heartbeat cannot be removed now, so the anchor stays, and the next deletion goes on.
    assert (kept["failed"], kept["reason"], [part.split()[0] for part in kept["left"]]) == (
        True,
        "cloud",
        ["security_group"],
    )
    (gone,) = run_tasks(tmp_path, task("instance", name=name, state="absent"))
    assert gone["removed"] == [f"heartbeat {made['instance']['uid']}", f"security_group {name}"]


@pytest.mark.soak
def test_ssh_that_never_answers(name: str, tmp_path: Path) -> None:
    database = Database(name, tmp_path)
    run = play("instance_create", database.wish(management_cidrs=["198.51.100.0/24"], dbaas_timeout=60))
    assert not run.ok
    assert [host for host, _task, _msg in run.failures][-1] == "localhost"
    shown = database.info()
    assert (shown["status"], bool(shown["fault"]), shown["lock"]) == ("ERROR", True, None)


BROKEN_WHEN_LARGE = """[mariadbd]
{% if memory_mb > 1500 %}
no_such_option = 1
{% endif %}
"""


@pytest.mark.soak
def test_a_flavor_with_which_the_datastore_does_not_start_is_taken_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    override = tmp_path / "datastores" / "mariadb" / "override.j2"
    override.parent.mkdir(parents=True)
    override.write_text(BROKEN_WHEN_LARGE)
    monkeypatch.setitem(ENVIRONMENT, "DBAAS_DATASTORE_PATH", str(override.parents[1]))
    database = Database(name, tmp_path)
    made = play("instance_create", database.wish())
    assert made.ok, made.failures
    resized = play("instance_resize", {**database.way, "flavor": "m1.medium"})
    assert not resized.ok
    shown = database.info()
    assert (shown["flavor"], shown["status"], shown["fault"]) == ("m1.small", "ACTIVE", "")
    assert (shown["task"], shown["lock"]) == ("", None)
