# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module instance alone on a real OpenStack: networks of every kind, protection, kept volumes, half-made and broken instances.

No guest is configured here; a server is deleted as soon as Nova has it.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _quota

from tests.e2e.leaks import inventory
from tests.e2e.modules import ENVIRONMENT, command, kill_tree, run_tasks, task
from tests.e2e.playbooks import play

pytestmark = [
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
]
TIMEOUT = 240


@pytest.fixture(scope="module")
def cloud() -> Any:
    connection = openstack.connect(cloud=os.environ["OS_CLOUD"])
    assert play("datastore_register", {"datastore": "mariadb", "datastore_version": "10.11"}).ok
    return connection


@pytest.fixture
def name(cloud: Any, tmp_path: Path) -> Iterator[str]:
    before = inventory(cloud)
    name = f"e2e-{secrets.token_hex(3)}"
    yield name
    run_tasks(
        tmp_path,
        task("instance", name=name, deletion_protection=False, timeout=TIMEOUT),
        task("instance", name=name, state="absent", timeout=TIMEOUT),
    )
    left = {pair for pair in inventory(cloud) - before if pair[0] != "container"}
    assert left == set()


@pytest.fixture
def dual_stack(cloud: Any) -> Iterator[Any]:
    """A network of the project's own with an IPv4 and an IPv6 subnet."""
    network = cloud.network.create_network(name=f"e2e-{secrets.token_hex(3)}")
    for version, cidr in ((4, "10.199.0.0/24"), (6, "fd00:199::/64")):
        cloud.network.create_subnet(network_id=network.id, name=f"v{version}", ip_version=version, cidr=cidr)
    yield network
    cloud.network.delete_network(network.id)


def wish(name: str, **change: Any) -> dict[str, Any]:
    return {
        "name": name,
        "datastore": "mariadb",
        "datastore_version": "10.11",
        "datastore_ports": [3306],
        "flavor": "m1.small",
        "volume_size": 1,
        "networks": [{"network": "private"}],
        "timeout": TIMEOUT,
        **change,
    }


@pytest.fixture
def no_room(cloud: Any) -> Iterator[None]:
    """Quotas of nothing for the project, as an administrator gives them."""
    admin = openstack.connect(cloud=f"{os.environ['OS_CLOUD']}-admin")
    project = cloud.current_project_id
    try:
        admin.set_compute_quotas(project, instances=0, cores=0, ram=0)
        admin.set_network_quotas(project, port=0, floatingip=0, security_group=0, security_group_rule=0)
        admin.set_volume_quotas(project, volumes=0, gigabytes=0)
        yield
    finally:
        admin.delete_compute_quotas(project)
        admin.delete_network_quotas(project)
        admin.delete_volume_quotas(project)


@pytest.mark.usefixtures("no_room")
def test_all_quotas_that_do_not_suffice_are_named(name: str, tmp_path: Path) -> None:
    asked = wish(name, is_public=True, allowed_cidrs=["10.0.0.0/8"], flavor="m1.huge")
    unknown, refused, info = run_tasks(
        tmp_path,
        task("instance", check=True, **asked),
        task("instance", **{**asked, "flavor": "m1.small"}),
        task("limits_info"),
    )
    assert {quota["limit"] for quota in info["limits"].values()} == {0}
    assert sorted(info["limits"]) == sorted(_quota.OPTIONS)
    options = ["is_public", "name", "name", "networks", "volume_size", "volume_size"]
    assert sorted(problem["option"] for problem in refused["problems"]) == ["flavor"] * 3 + options
    assert {problem["reason"] for problem in refused["problems"]} == {"quota"}
    # Cores and memory of a flavor that does not exist cannot be judged; the rest is told all the same.
    assert [problem["reason"] for problem in unknown["problems"]] == ["not_found"] + ["quota"] * 7


def test_networks_of_every_kind(cloud: Any, dual_stack: Any, name: str, tmp_path: Path) -> None:
    options = wish(
        name,
        networks=[
            {"network": "private"},
            {"network": dual_stack.name, "fixed_ips": ["10.199.0.40", "fd00:199::40"]},
            {"network": dual_stack.id, "subnet": "v6"},
        ],
        management_network="provider",
        allowed_cidrs=["192.0.2.0/24", "2001:db8::/64"],
        management_cidrs=["198.51.100.0/24"],
        is_public=True,
        volume_type="rbd",
        availability_zone="nova",
        boot_volume_size=4,
        boot_volume_type="rbd",
        tags=["a"],
        metadata={"team": "x"},
    )
    taken = {**options, "name": f"{name}-2"}
    predicted, made, again, second = run_tasks(
        tmp_path,
        task("instance", check=True, **options),
        task("instance", **options),
        task("instance", **options),
        task("instance", **taken),
    )
    assert (made["changed"], again["changed"]) == (True, False)
    assert predicted["plan"] == made["plan"]
    instance = made["instance"]
    fixed = {a["address"] for a in instance["addresses"] if a["type"] == "fixed" and not a["management"]}
    assert {"10.199.0.40", "fd00:199::40"} <= fixed
    assert [a["version"] for a in instance["addresses"]].count(6) == 2
    assert instance["is_public"]
    assert instance["management_host"] not in fixed
    assert (instance["tags"], instance["metadata"]) == (["a"], {"team": "x"})
    assert second["failed"]
    assert {problem["value"] for problem in second["problems"]} == {"10.199.0.40", "fd00:199::40"}
    rules = {
        (group.name, rule.port_range_min, rule.remote_ip_prefix)
        for group in cloud.network.security_groups()
        if group.name.startswith(name)
        for rule in cloud.network.security_group_rules(security_group_id=group.id, direction="ingress")
    }
    assert rules == {
        (name, 3306, "192.0.2.0/24"),
        (name, 3306, "2001:db8::/64"),
        (f"{name}-management", 22, "198.51.100.0/24"),
    }
    server = cloud.compute.get_server(instance["server_id"])
    assert not server.image or not server.image.id
    assert server.metadata["dbaas_uid"] == instance["uid"]


def test_it_is_closed_protected_and_its_volume_can_be_kept(cloud: Any, name: str, tmp_path: Path) -> None:
    made, changed, refused, opened, removed = run_tasks(
        tmp_path,
        task("instance", **wish(name, deletion_protection=True)),
        task(
            "instance",
            name=name,
            tags=["b"],
            metadata={"team": "y"},
            datastore_ports=[3306],
            allowed_cidrs=["192.0.2.9/32"],
        ),
        task("instance", name=name, state="absent"),
        task("instance", name=name, deletion_protection=False),
        task("instance", name=name, state="absent", keep_volume=True, timeout=TIMEOUT),
    )
    assert (made["instance"]["allowed_cidrs"], made["instance"]["management_cidrs"]) == ([], [])
    assert changed["instance"]["allowed_cidrs"] == ["192.0.2.9/32"]
    assert (changed["instance"]["tags"], changed["instance"]["metadata"]) == (["b"], {"team": "y"})
    assert (refused["failed"], refused["reason"]) == (True, "conflict")
    assert opened["changed"]
    assert f"server {name}" in removed["removed"]
    (kept,) = [volume for volume in cloud.block_storage.volumes() if volume.id == made["instance"]["volume"]["id"]]
    assert kept.metadata["dbaas_kept"] == "true"
    cloud.block_storage.delete_volume(kept)
    cloud.block_storage.wait_for_delete(kept, wait=60)


def test_a_run_that_is_killed_is_finished_by_the_next_with_nothing_doubled(
    cloud: Any, name: str, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        command(tmp_path, [task("instance", **wish(name))]), env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not list(cloud.network.ports(name=f"{name}-0")):
        assert time.monotonic() < deadline, "no port within 60 s"
        time.sleep(0.2)
    kill_tree(process)
    (made,) = run_tasks(tmp_path, task("instance", **wish(name)))
    assert made["instance"]["server_status"] == "ACTIVE"
    assert len([s for s in cloud.compute.servers() if s.name == name]) == 1
    assert len([v for v in cloud.block_storage.volumes() if v.name == f"{name}-data"]) == 1
    assert len(list(cloud.network.ports(name=f"{name}-0"))) == 1


def test_a_broken_server_is_named_and_replaced(cloud: Any, name: str, tmp_path: Path) -> None:
    """The server vanishes behind our back; its volume never held data, so the next run makes a new one."""
    (made,) = run_tasks(tmp_path, task("instance", **wish(name)))
    cloud.compute.delete_server(made["instance"]["server_id"])
    cloud.compute.wait_for_delete(cloud.compute.get_server(made["instance"]["server_id"]), wait=120)
    seen, mended = run_tasks(tmp_path, task("instance_info", name=name), task("instance", **wish(name)))
    assert seen["instances"][0]["status"] == "BUILD"
    assert mended["instance"]["server_id"] != made["instance"]["server_id"]
    assert mended["instance"]["volume"]["id"] == made["instance"]["volume"]["id"]


def test_foreign_resources_of_our_name_are_never_touched(cloud: Any, name: str, tmp_path: Path) -> None:
    group = cloud.network.create_security_group(name=name, description="somebody else's")
    try:
        predicted, gone = run_tasks(
            tmp_path, task("instance", check=True, **wish(name)), task("instance", name=name, state="absent")
        )
        assert predicted["plan"][0]["action"] == "create"
        assert gone["changed"] is False
        assert cloud.network.get_security_group(group.id).description == "somebody else's"
    finally:
        cloud.network.delete_security_group(group.id)
