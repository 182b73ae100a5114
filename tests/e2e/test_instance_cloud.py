# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module instance alone on a real OpenStack: networks of every kind, protection, kept volumes, half-made and broken instances.

No guest is configured here; a server is deleted as soon as Nova has it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _quota

from tests.e2e import networks
from tests.e2e.instances import TIMEOUT, wish
from tests.e2e.modules import run_tasks, task


@pytest.fixture
def dual_stack(cloud: Any) -> Iterator[Any]:
    """A network of the project's own with an IPv4 and an IPv6 subnet."""
    with networks.dual_stack(cloud, 199) as network:
        yield network


@pytest.fixture
def own_port(cloud: Any, dual_stack: Any) -> Iterator[Any]:
    """A port of the user's; it is still there in the end."""
    port = cloud.network.create_port(name=f"e2e-{secrets.token_hex(3)}", network_id=dual_stack.id)
    yield port
    assert not cloud.network.get_port(port.id).device_id
    cloud.network.delete_port(port)


@pytest.fixture
def no_room(cloud: Any) -> Iterator[None]:
    """Quotas of nothing for the project, as an administrator gives them."""
    admin = openstack.connect(cloud=f"{os.environ['OS_CLOUD']}-admin")
    project = cloud.current_project_id
    try:
        admin.set_compute_quotas(project, instances=0, cores=0, ram=0, server_groups=0)
        admin.set_network_quotas(project, port=0, floatingip=0, security_group=0, security_group_rule=0)
        admin.set_volume_quotas(project, volumes=0, gigabytes=0)
        yield
    finally:
        admin.delete_compute_quotas(project)
        admin.delete_network_quotas(project)
        admin.delete_volume_quotas(project)


@pytest.mark.usefixtures("no_room")
def test_all_quotas_that_do_not_suffice_are_named(name: str, tmp_path: Path) -> None:
    asked = wish(name, is_public=True, allowed_cidrs=["10.0.0.0/8"], flavor="m1.huge", locality="affinity")
    unknown, refused, info = run_tasks(
        tmp_path,
        task("instance", check=True, **asked),
        task("instance", **{**asked, "flavor": "m1.small"}),
        task("limits_info"),
    )
    assert {quota["limit"] for quota in info["limits"].values()} == {0}
    assert sorted(info["limits"]) == sorted(_quota.OPTIONS)
    options = ["is_public", "locality", "name", "name", "networks", "volume_size", "volume_size"]
    assert sorted(problem["option"] for problem in refused["problems"]) == ["flavor"] * 3 + options
    assert {problem["reason"] for problem in refused["problems"]} == {"quota"}
    # Cores and memory of a flavor that does not exist cannot be judged; the rest is told all the same.
    assert [problem["reason"] for problem in unknown["problems"]] == ["not_found"] + ["quota"] * 8


def test_networks_of_every_kind(cloud: Any, dual_stack: Any, own_port: Any, name: str, tmp_path: Path) -> None:
    options = wish(
        name,
        networks=[
            {"network": "private"},
            {"network": dual_stack.name, "fixed_ips": ["10.199.0.40", "fd00:199::40"]},
            {"network": dual_stack.id, "subnet": "v6"},
            {"port": own_port.name},
        ],
        locality="soft-anti-affinity",
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
    assert {"10.199.0.40", "fd00:199::40", own_port.fixed_ips[0]["ip_address"]} <= fixed
    assert instance["server_group"]["policy"] == "soft-anti-affinity"
    assert [a["version"] for a in instance["addresses"]].count(6) >= 2
    assert instance["is_public"]
    assert instance["management_host"] not in fixed
    assert (instance["tags"], instance["metadata"]) == (["a"], {"team": "x"})
    assert second["failed"]
    assert {problem["value"] for problem in second["problems"]} == {"10.199.0.40", "fd00:199::40", own_port.name}
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


@pytest.mark.soak
def test_a_server_group_goes_with_the_last_that_is_in_it(cloud: Any, name: str, tmp_path: Path) -> None:
    (made,) = run_tasks(tmp_path, task("instance", **wish(name, locality="soft-anti-affinity")))
    group = made["instance"]["server_group"]["id"]
    joined, left = run_tasks(
        tmp_path,
        task("instance", **wish(f"{name}-2", server_group=group)),
        task("instance", name=name, state="absent", timeout=TIMEOUT),
    )
    assert (joined["instance"]["server_group"]["id"], left["changed"]) == (group, True)
    assert cloud.compute.get_server_group(group).member_ids == [joined["instance"]["server_id"]]
    run_tasks(tmp_path, task("instance", name=f"{name}-2", state="absent", timeout=TIMEOUT))
    assert cloud.compute.find_server_group(group) is None


@pytest.mark.soak
def test_it_is_closed_protected_and_its_volume_can_be_kept_and_adopted(cloud: Any, name: str, tmp_path: Path) -> None:
    made, changed, refused = run_tasks(
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
    )
    assert (made["instance"]["allowed_cidrs"], made["instance"]["management_cidrs"]) == ([], [])
    assert changed["instance"]["allowed_cidrs"] == ["192.0.2.9/32"]
    assert (changed["instance"]["tags"], changed["instance"]["metadata"]) == (["b"], {"team": "y"})
    assert (refused["failed"], refused["reason"]) == (True, "conflict")
    assert cloud.compute.get_server(made["instance"]["server_id"]).is_locked
    volume = made["instance"]["volume"]["id"]
    other = {**wish(f"{name}-2", volume_id=volume), "volume_size": None}
    opened, owned, removed, predicted, adopted, again, gone = run_tasks(
        tmp_path,
        task("instance", name=name, deletion_protection=False),
        task("instance", **other),
        task("instance", name=name, state="absent", keep_volume=True, timeout=TIMEOUT),
        task("instance", check=True, **other),
        task("instance", **other),
        task("instance", **other),
        task("instance", name=f"{name}-2", state="absent", timeout=TIMEOUT),
    )
    assert opened["changed"]
    # While its instance is there it is not to be had.
    assert {problem["option"] for problem in owned["problems"]} == {"volume_id"}
    assert f"server {name}" in removed["removed"]
    assert predicted["plan"] == adopted["plan"]
    assert (adopted["instance"]["volume"]["id"], adopted["instance"]["uid"]) == (volume, made["instance"]["uid"])
    assert adopted["instance"]["datastore_version"] == "10.11"
    assert again["changed"] is False
    assert f"volume {name}-2-data" in gone["removed"]


@pytest.mark.soak
def test_a_broken_server_is_named_and_replaced(cloud: Any, name: str, tmp_path: Path) -> None:
    """The server vanishes behind our back; its volume never held data, so the next run makes a new one."""
    (made,) = run_tasks(tmp_path, task("instance", **wish(name)))
    cloud.compute.delete_server(made["instance"]["server_id"])
    cloud.compute.wait_for_delete(cloud.compute.get_server(made["instance"]["server_id"]), wait=120)
    seen, mended = run_tasks(tmp_path, task("instance_info", name=name), task("instance", **wish(name)))
    assert seen["instances"][0]["status"] == "BUILD"
    assert mended["instance"]["server_id"] != made["instance"]["server_id"]
    assert mended["instance"]["volume"]["id"] == made["instance"]["volume"]["id"]


@pytest.mark.soak
def test_a_lost_server_is_made_anew_around_its_data_by_order(cloud: Any, name: str, tmp_path: Path) -> None:
    made, _recorded = run_tasks(
        tmp_path, task("instance", **wish(name)), task("instance", name=name, volume_initialised=True)
    )
    cloud.compute.delete_server(made["instance"]["server_id"])
    cloud.compute.wait_for_delete(cloud.compute.get_server(made["instance"]["server_id"]), wait=120)
    refused, anew, again = run_tasks(
        tmp_path,
        task("instance", **wish(name)),
        task("instance", **wish(name, recreate=True)),
        task("instance", **wish(name, recreate=True)),
    )
    assert (refused["failed"], refused["reason"]) == (True, "conflict")
    assert [step["action"] for step in anew["plan"] if step["resource"] in ("volume", "port", "server")] == ["create"]
    for same in ("uid", "host"):
        assert anew["instance"][same] == made["instance"][same]
    assert anew["instance"]["volume"]["id"] == made["instance"]["volume"]["id"]
    assert again["changed"] is False


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
