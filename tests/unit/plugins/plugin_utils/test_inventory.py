# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as hosts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.plugin_utils._inventory import host

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
}


def test_an_instance_is_in_its_groups_and_can_be_reached() -> None:
    found = host(ORDERS, user="debian", private_key_file="/k", jump="bastion")
    assert found.name == "orders"
    assert found.groups == (
        "dbaas_instances",
        "datastore_mariadb",
        "role_primary",
        "status_active",
        "datastore_mariadb_10_11",
    )
    assert found.variables["dbaas"] == ORDERS
    assert found.variables["ansible_host"] == "203.0.113.7"
    assert found.variables["ansible_ssh_private_key_file"] == "/k"
    assert "ProxyJump=bastion" in found.variables["ansible_ssh_common_args"]


def test_members_of_a_replication_set_have_a_group() -> None:
    assert "replication_set_7a3f" in host({**ORDERS, "replication_set": "7a3f"}, user="debian").groups


@pytest.mark.parametrize("missing", ["management_host", "host_keys"])
def test_what_cannot_be_reached_is_a_host_without_a_way(missing: str) -> None:
    broken: dict[str, Any] = {
        **ORDERS,
        missing: type(ORDERS[missing])(),
        "role": "",
        "datastore_version": "",
        "status": "ERROR",
    }
    found = host(broken, user="debian")
    assert found.groups == ("dbaas_instances", "datastore_mariadb", "status_error")
    assert set(found.variables) == {"dbaas"}
