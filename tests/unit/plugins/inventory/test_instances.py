# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory with its options and its cache; the cloud's answer is given."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import add_fragments
from ansible_collections.dbaas.openstack.plugins.inventory import instances
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

NAME = "dbaas.openstack.instances"
DOCUMENTED = yaml.safe_load(instances.DOCUMENTATION)
add_fragments(DOCUMENTED, instances.__file__, fragment_loader=fragment_loader, is_module=False)
constants.config.initialize_plugin_configuration_definitions("inventory", NAME, DOCUMENTED["options"])
ORDERS = {
    "name": "orders",
    "uid": "6f1c0d2e3b4a59687766554433221101",
    "datastore": "mariadb",
    "datastore_version": "10.11",
    "role": "primary",
    "status": "ACTIVE",
    "replication_set": "",
    "management_host": "203.0.113.7",
    "host_keys": ["AAAA"],
    "availability_zone": "north",
}


class Cloud:
    """What it answers now, and how often it was asked with which arguments."""

    def __init__(self) -> None:
        self.instances: list[dict[str, Any]] = [ORDERS]
        self.asked: list[tuple[Any, str]] = []

    def shown(self, connection: Any, *, prefix: str) -> tuple[list[dict[str, Any]], bool]:
        self.asked.append((connection, prefix))
        return self.instances, True


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()
    monkeypatch.delenv("OS_CLOUD", raising=False)
    monkeypatch.setattr(openstack, "connect", lambda cloud: f"connection to {cloud}")
    monkeypatch.setattr(instances, "shown", made.shown)
    return made


Parse = Callable[..., InventoryData]


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    """A run of Ansible of its own with an inventory file that says these options."""

    def run(*, flush: bool = False, **options: Any) -> InventoryData:
        path = tmp_path / "fleet.dbaas.yml"
        path.write_text(yaml.safe_dump({"plugin": NAME, **options}), encoding="utf-8")
        plugin = instances.InventoryModule()
        plugin._load_name = plugin.ansible_name = NAME
        plugin._redirected_names = []
        found = InventoryData()
        assert plugin.verify_file(str(path))
        plugin.parse(found, DataLoader(), str(path), not flush)
        plugin.update_cache_if_changed()
        return found

    return run


@pytest.fixture
def cached(tmp_path: Path) -> dict[str, Any]:
    return {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}


def test_options_reach_the_cloud_and_the_hosts(cloud: Cloud, parse: Parse) -> None:
    found = parse(
        cloud="mine",
        store_prefix="x_",
        ssh_user="admin",
        ssh_private_key_file="/k",
        ssh_jump="me@bastion:2222",
        compose={"zone": "dbaas.availability_zone"},
        groups={"north_ones": "dbaas.availability_zone == 'north'"},
        keyed_groups=[{"key": "dbaas.datastore", "prefix": "kind"}],
    )
    assert cloud.asked == [("connection to mine", "x_")]
    variables = found.get_host("orders").get_vars()
    assert (variables["ansible_user"], variables["ansible_ssh_private_key_file"]) == ("admin", "/k")
    assert "ProxyJump=me@bastion:2222" in shlex.split(variables["ansible_ssh_common_args"])
    assert (variables["dbaas"], variables["zone"]) == (ORDERS, "north")
    groups = {name for name, hosts in found.get_groups_dict().items() if "orders" in hosts}
    assert {"dbaas_instances", "datastore_mariadb", "status_active", "north_ones", "kind_mariadb"} <= groups


def test_without_a_jump_host_there_is_none(cloud: Cloud, parse: Parse) -> None:
    assert "ProxyJump" not in parse().get_host("orders").get_vars()["ansible_ssh_common_args"]
    assert cloud.asked == [("connection to None", "dbaas_")]


def test_without_a_cache_the_cloud_is_asked_each_time(cloud: Cloud, parse: Parse) -> None:
    for _run in range(2):
        parse()
    assert len(cloud.asked) == 2


def test_the_next_run_takes_the_cache(cloud: Cloud, parse: Parse, cached: dict[str, Any]) -> None:
    first = parse(**cached)
    cloud.instances = []
    second = parse(**cached)
    assert len(cloud.asked) == 1
    assert second.get_host("orders").get_vars() == first.get_host("orders").get_vars()
    assert second.get_groups_dict() == first.get_groups_dict()


def test_a_flush_asks_and_is_remembered(cloud: Cloud, parse: Parse, cached: dict[str, Any]) -> None:
    parse(**cached)
    cloud.instances = [{**ORDERS, "name": "billing"}]
    assert set(parse(flush=True, **cached).hosts) == {"billing"}
    assert set(parse(**cached).hosts) == {"billing"}
    assert len(cloud.asked) == 2


def test_an_empty_fleet_is_remembered_too(cloud: Cloud, parse: Parse, cached: dict[str, Any]) -> None:
    cloud.instances = []
    for _run in range(2):
        assert parse(**cached).hosts == {}
    assert len(cloud.asked) == 1


def test_how_to_connect_is_not_cached(cloud: Cloud, parse: Parse, cached: dict[str, Any]) -> None:
    parse(**cached)
    found = parse(**cached, ssh_jump="bastion")
    assert "ProxyJump=bastion" in found.get_host("orders").get_vars()["ansible_ssh_common_args"]
    assert len(cloud.asked) == 1


@pytest.mark.usefixtures("cloud")
def test_an_error_of_the_cloud_is_told_and_not_remembered(
    parse: Parse, cached: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise DbaasError("cloud", "no such cloud")

    with monkeypatch.context() as patch:
        patch.setattr(instances, "shown", refuse)
        with pytest.raises(AnsibleParserError):
            parse(**cached)
    assert set(parse(**cached).hosts) == {"orders"}


@pytest.mark.parametrize("name", ["fleet.yml", "dbaas.ini"])
def test_other_files_are_not_ours(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("plugin: dbaas.openstack.instances\n", encoding="utf-8")
    assert not instances.InventoryModule().verify_file(str(path))
