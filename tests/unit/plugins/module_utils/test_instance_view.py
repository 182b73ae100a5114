# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance as modules return it."""

from __future__ import annotations

import dataclasses

from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import Anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import Heartbeat
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_view import view
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Group, Instance, Port
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_listing import Listed

from tests.unit.plugins.module_utils.test_instance_plan import OWN, WHOLE

NOW = 1_790_000_100.0
BEAT = Heartbeat("ACTIVE", "primary", 0, 12, 1_800_000_000, 4.04)


def test_a_whole_instance() -> None:
    shown = view(WHOLE, BEAT, now=NOW)
    assert shown["status"] == "ACTIVE"
    assert shown["host"] == "203.0.113.9"
    assert shown["management_host"] == "203.0.113.9"
    assert shown["allowed_cidrs"] == ["192.0.2.0/24"]
    assert shown["management_cidrs"] == ["198.51.100.7/32"]
    assert shown["open_ports"] == [3306]
    assert shown["volume"]["used_percent"] == 12
    assert shown["heartbeat"] == {
        "status": "ACTIVE",
        "cause": "",
        "age": 4.0,
        "lag": 0,
        "replicates": None,
        "ticket_expires": 1_800_000_000,
    }
    assert shown["metadata"] == {}
    assert shown["root_enabled"] is None
    assert shown["host_keys"] == ["boot"]


def test_the_record_of_a_set_says_who_is_what_and_heartbeats_may_be_old() -> None:
    (volume,) = WHOLE.volumes
    member = dataclasses.replace(volume, metadata={**volume.metadata, "dbaas_set": "7a3f"})
    instance, uid = dataclasses.replace(WHOLE, volumes=(member,)), WHOLE.anchor.uid

    def shown(sets: dict[str, Listed]) -> tuple[str, str, str]:
        row = view(instance, BEAT, now=NOW, sets=sets)
        return row["replication_set"], row["role"], row["replication_mode"]

    assert shown({"7a3f": Listed("another", "sync")}) == ("7a3f", "replica", "sync")
    assert shown({"7a3f": Listed(uid, "async")}) == ("7a3f", "primary", "async")
    assert shown({"else": Listed("another", "sync")}) == ("7a3f", "primary", "")


def test_that_root_was_let_in_is_remembered() -> None:
    (volume,) = WHOLE.volumes
    told = {**volume.metadata, "dbaas_root_enabled": "2026-11-20T21:11:23Z u-1"}
    opened = dataclasses.replace(WHOLE, volumes=(dataclasses.replace(volume, metadata=told),))
    assert view(opened, BEAT, now=NOW)["root_enabled"] == {"since": "2026-11-20T21:11:23Z", "by": "u-1"}


def test_settings_and_what_holds_without() -> None:
    shown = view(WHOLE, BEAT, now=NOW)
    assert (shown["port"], shown["tls_mode"]) == (None, "preferred")
    shown = view(OWN, BEAT, now=NOW)
    assert (shown["port"], shown["tls_mode"]) == (3307, "mutual")
    bare = view(dataclasses.replace(WHOLE, volumes=()), BEAT, now=NOW)
    assert (bare["port"], bare["tls_mode"]) == (None, "preferred")


def test_ipv4_comes_before_ipv6_and_floating_before_fixed() -> None:
    port = Port("p-1", "net-1", ("fd00::5", "10.0.0.5"), ("sg-1",))
    fixed_only = dataclasses.replace(WHOLE, ports=(port,), floating_addresses=())
    assert view(fixed_only, None, now=NOW)["host"] == "10.0.0.5"
    assert view(dataclasses.replace(WHOLE, ports=(port,)), None, now=NOW)["host"] == "203.0.113.9"


def test_ssh_goes_to_the_management_port_and_clients_do_not() -> None:
    managed = dataclasses.replace(
        WHOLE,
        management_group=Group("sg-2", "orders-management"),
        ports=(*WHOLE.ports, Port("p-2", "net-2", ("10.9.0.5",), ("sg-2",))),
    )
    shown = view(managed, BEAT, now=NOW)
    assert (shown["host"], shown["management_host"]) == ("203.0.113.9", "10.9.0.5")


def test_a_bare_anchor() -> None:
    shown = view(Instance(Group("sg", "orders"), Anchor("u", "create", int(NOW))), None, now=NOW)
    assert shown["status"] == "BUILD"
    assert (shown["host"], shown["volume"], shown["heartbeat"], shown["flavor"]) == ("", None, None, "")
