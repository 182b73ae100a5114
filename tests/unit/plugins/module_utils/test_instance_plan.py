# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of an instance: what is made, changed, removed, refused, and in which order."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import Anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import (
    Records,
    Step,
    plan_absent,
    plan_closing,
    plan_present,
    plan_records,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import NetworkWish, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    FloatingAddress,
    Group,
    Instance,
    Port,
    Rule,
    Server,
    ServerGroup,
    Volume,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import KeptVolume

SPEC = Spec(
    "orders",
    datastore="mariadb",
    datastore_version="10.11",
    flavor="m1.small",
    volume_size=2,
    networks=(NetworkWish("private"),),
    datastore_ports=(3306,),
    allowed_cidrs=("192.0.2.0/24",),
    management_cidrs=("198.51.100.7/32",),
    is_public=True,
)
NETWORKS = ["net-1"]
RULES = frozenset({Rule("IPv4", 3306, "192.0.2.0/24", "r1"), Rule("IPv4", 22, "198.51.100.7/32", "r2")})
GROUP = Group("sg-1", "orders", frozenset({"dbaas"}), "2026-11-20T18:00:00Z", RULES)
SERVER = Server(
    "srv-1",
    "orders",
    "ACTIVE",
    "m1.small",
    {"dbaas_uid": "u1", "dbaas_version": "10.11", "dbaas_host_keys": "boot"},
    frozenset({"dbaas", "dbaas-u1"}),
    volume_ids=("vol-1",),
)
VOLUME = Volume(
    "vol-1", "orders-data", 2, "rbd", "in-use", {"dbaas_uid": "u1", "dbaas_datastore": "mariadb"}, ("srv-1",)
)
WHOLE = Instance(
    GROUP,
    Anchor("u1", "create", 1_790_000_000),
    ports=(Port("p-1", "net-1", ("10.0.0.5",), ("sg-1",)),),
    floating_addresses=(FloatingAddress("fip-1", "203.0.113.9", "p-1"),),
    volumes=(VOLUME,),
    servers=(SERVER,),
)


def steps(plan: list) -> list[tuple[str, str]]:
    return [(step.action, step.resource) for step in plan]


def test_a_new_instance_is_made_anchor_first_and_server_last() -> None:
    assert steps(plan_present(SPEC, None, NETWORKS)) == [
        ("create", "security_group"),
        ("tag", "security_group"),
        ("create", "security_group_rule"),
        ("create", "security_group_rule"),
        ("create", "port"),
        ("create", "floating_ip"),
        ("create", "volume"),
        ("create", "server"),
    ]


def test_a_whole_instance_needs_no_step() -> None:
    assert plan_present(SPEC, WHOLE, NETWORKS) == []


def test_options_that_are_not_given_leave_everything_as_it_is() -> None:
    assert plan_present(Spec("orders"), WHOLE, []) == []


def test_every_half_made_instance_is_finished() -> None:
    """Whatever prefix of the parts a killed run left, the plan makes exactly the rest."""
    whole = steps(plan_present(SPEC, None, NETWORKS))
    bare = Instance(dataclasses.replace(GROUP, tags=frozenset(), rules=frozenset()), WHOLE.anchor)
    stages = [
        bare,
        dataclasses.replace(bare, group=dataclasses.replace(GROUP, rules=frozenset())),
        dataclasses.replace(bare, group=dataclasses.replace(GROUP, rules=frozenset(sorted(RULES, key=str)[:1]))),
        dataclasses.replace(bare, group=GROUP),
        dataclasses.replace(bare, group=GROUP, ports=WHOLE.ports),
        dataclasses.replace(bare, group=GROUP, ports=WHOLE.ports, floating_addresses=WHOLE.floating_addresses),
        dataclasses.replace(WHOLE, servers=()),
    ]
    for done, stage in enumerate(stages, start=1):
        assert steps(plan_present(SPEC, stage, NETWORKS)) == whole[done:]


def test_a_volume_grows_and_never_shrinks() -> None:
    (step,) = plan_present(dataclasses.replace(SPEC, volume_size=3), WHOLE, NETWORKS)
    assert (step.action, step.resource, step.details, step.target) == (
        "extend",
        "volume",
        {"size": 3, "from": 2},
        "vol-1",
    )
    with pytest.raises(DbaasError) as error:
        plan_present(dataclasses.replace(SPEC, volume_size=1), WHOLE, NETWORKS)
    assert error.value.reason == "invalid"
    assert [problem["option"] for problem in error.value.details["problems"]] == ["volume_size"]


@pytest.mark.parametrize("option", ["datastore", "flavor", "volume_size", "networks"])
def test_what_a_new_instance_needs_is_asked_for(option: str) -> None:
    with pytest.raises(DbaasError) as error:
        plan_present(dataclasses.replace(SPEC, **{option: None}), None, NETWORKS)
    assert error.value.reason == "invalid"
    assert error.value.details["missing"] == [option]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("flavor", "m1.large"),
        ("volume_type", "ssd"),
        ("datastore", "postgresql"),
        ("datastore_version", "11.8"),
        ("availability_zone", "az2"),
    ],
)
def test_what_cannot_be_changed_is_refused(option: str, value: object) -> None:
    with pytest.raises(DbaasError) as error:
        plan_present(dataclasses.replace(SPEC, **{option: value}), WHOLE, NETWORKS)
    assert error.value.reason == "unsupported"
    assert [problem["option"] for problem in error.value.details["problems"]] == [option]


def test_other_networks_are_refused() -> None:
    with pytest.raises(DbaasError) as error:
        plan_present(SPEC, WHOLE, ["net-2"])
    assert error.value.reason == "unsupported"


def test_new_rules_come_before_old_ones_go() -> None:
    plan = plan_present(dataclasses.replace(SPEC, allowed_cidrs=("2001:db8::/64",)), WHOLE, NETWORKS)
    assert [(step.action, step.details["cidr"]) for step in plan] == [
        ("create", "2001:db8::/64"),
        ("delete", "192.0.2.0/24"),
    ]
    assert plan[1].target == "r1"


def test_an_empty_list_closes_the_database_and_leaves_ssh() -> None:
    plan = plan_present(dataclasses.replace(SPEC, allowed_cidrs=(), management_cidrs=None), WHOLE, NETWORKS)
    assert [(step.action, step.details["port"]) for step in plan] == [("delete", 3306)]


def test_a_rule_that_somebody_else_added_is_removed() -> None:
    group = dataclasses.replace(GROUP, foreign_rule_ids=("x1",))
    plan = plan_present(SPEC, dataclasses.replace(WHOLE, group=group), NETWORKS)
    assert [(step.action, step.target) for step in plan] == [("delete", "x1")]


def test_a_management_network_keeps_ssh_and_database_apart() -> None:
    plan = plan_present(dataclasses.replace(SPEC, management_network="mgmt"), None, NETWORKS)
    rules = [(step.name, step.details["port"]) for step in plan if step.resource == "security_group_rule"]
    assert rules == [("orders", 3306), ("orders-management", 22)]
    assert [step.name for step in plan if step.resource == "port"] == ["orders-0", "orders-management"]


def test_a_server_in_error_that_never_held_data_is_replaced() -> None:
    broken = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, status="ERROR"),))
    assert steps(plan_present(SPEC, broken, NETWORKS)) == [("delete", "server"), ("create", "server")]


def test_a_server_in_error_that_held_data_is_left_alone() -> None:
    volume = dataclasses.replace(VOLUME, metadata={**VOLUME.metadata, "dbaas_initialised": "true"})
    broken = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, status="ERROR"),), volumes=(volume,))
    assert plan_present(SPEC, broken, NETWORKS) == []


def test_a_volume_with_data_but_without_a_server_is_never_given_to_a_new_one() -> None:
    volume = dataclasses.replace(VOLUME, metadata={**VOLUME.metadata, "dbaas_initialised": "true"})
    with pytest.raises(DbaasError) as error:
        plan_present(SPEC, dataclasses.replace(WHOLE, servers=(), volumes=(volume,)), NETWORKS)
    assert error.value.reason == "conflict"
    assert error.value.details["volume_id"] == "vol-1"


def test_a_volume_in_error_that_never_held_data_is_replaced() -> None:
    broken = dataclasses.replace(WHOLE, servers=(), volumes=(dataclasses.replace(VOLUME, status="error"),))
    assert steps(plan_present(SPEC, broken, NETWORKS)) == [
        ("delete", "volume"),
        ("create", "volume"),
        ("create", "server"),
    ]


def test_a_detached_volume_is_attached() -> None:
    loose = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, volume_ids=()),))
    assert [(step.action, step.target) for step in plan_present(SPEC, loose, NETWORKS)] == [("attach", "vol-1")]


def test_no_longer_public() -> None:
    plan = plan_present(dataclasses.replace(SPEC, is_public=False), WHOLE, NETWORKS)
    assert [(step.action, step.resource, step.target) for step in plan] == [("delete", "floating_ip", "fip-1")]


def test_own_tags_and_metadata_are_exact_and_leave_the_collections_own() -> None:
    server = dataclasses.replace(
        SERVER, tags=SERVER.tags | {"old"}, metadata={**SERVER.metadata, "team": "a", "cost": "1"}
    )
    spec = dataclasses.replace(SPEC, tags=frozenset({"new"}), metadata={"team": "b"}, deletion_protection=True)
    protection, tags, metadata = plan_present(spec, dataclasses.replace(WHOLE, servers=(server,)), NETWORKS)
    assert protection.details == {"enabled": True}
    assert tags.details == {"tags": ["new"]}
    assert metadata.details == {"metadata": {"team": "b"}, "removed": ["cost"]}


def test_boot_from_a_volume_is_told_in_the_plan() -> None:
    plan = plan_present(dataclasses.replace(SPEC, boot_volume_size=5), None, NETWORKS)
    assert plan[-1].shown()["boot_volume_size"] == 5


LOST = dataclasses.replace(
    WHOLE,
    servers=(),
    volumes=(
        dataclasses.replace(
            VOLUME, metadata={**VOLUME.metadata, "dbaas_initialised": "true", "dbaas_version": "10.11"}, server_ids=()
        ),
    ),
)


def test_a_new_server_is_made_around_a_volume_with_data_by_order_only() -> None:
    with pytest.raises(DbaasError):
        plan_present(SPEC, LOST, NETWORKS)
    spec = dataclasses.replace(SPEC, recreate=True)
    assert steps(plan_present(spec, LOST, NETWORKS)) == [("create", "server")]
    assert plan_present(spec, WHOLE, NETWORKS) == []
    broken = dataclasses.replace(LOST, servers=(dataclasses.replace(SERVER, status="ERROR"),))
    assert plan_present(SPEC, broken, NETWORKS) == []
    assert steps(plan_present(spec, broken, NETWORKS)) == [("delete", "server"), ("create", "server")]


def test_a_broken_server_without_data_may_become_another() -> None:
    broken = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, status="ERROR"),))
    spec = dataclasses.replace(SPEC, flavor="m1.large", datastore_version="11.8")
    assert steps(plan_present(spec, broken, NETWORKS)) == [("delete", "server"), ("create", "server")]
    with pytest.raises(DbaasError):
        plan_present(spec, WHOLE, NETWORKS)


def test_a_new_server_has_the_version_of_the_volume() -> None:
    with pytest.raises(DbaasError) as error:
        plan_present(dataclasses.replace(SPEC, recreate=True, datastore_version="11.8"), LOST, NETWORKS)
    assert [problem["option"] for problem in error.value.details["problems"]] == ["datastore_version"]


def test_a_kept_volume_is_adopted_instead_of_made() -> None:
    spec = dataclasses.replace(SPEC, volume_id="vol-1", volume_size=None)
    plan = plan_present(spec, None, NETWORKS)
    assert [step for step in steps(plan) if step[1] in ("volume", "server")] == [
        ("adopt", "volume"),
        ("create", "server"),
    ]
    kept = dataclasses.replace(LOST.volumes[0], metadata={**LOST.volumes[0].metadata, "dbaas_kept": "true"})
    begun = dataclasses.replace(LOST, ports=(), floating_addresses=(), volumes=(kept,))
    assert [step for step in steps(plan_present(spec, begun, NETWORKS)) if step[1] in ("volume", "server")] == [
        ("adopt", "volume"),
        ("create", "server"),
    ]
    assert steps(plan_present(spec, LOST, NETWORKS)) == [("create", "server")]
    assert plan_present(spec, WHOLE, NETWORKS) == []


def test_another_volume_than_the_one_that_is_there_is_refused() -> None:
    with pytest.raises(DbaasError) as error:
        plan_present(dataclasses.replace(SPEC, volume_id="vol-9"), WHOLE, NETWORKS)
    assert [problem["option"] for problem in error.value.details["problems"]] == ["volume_id"]


OWN = dataclasses.replace(
    WHOLE,
    group=dataclasses.replace(GROUP, rules=frozenset({Rule("IPv4", 3307, "192.0.2.0/24", "r1"), *RULES})),
    volumes=(dataclasses.replace(VOLUME, metadata={**VOLUME.metadata, "dbaas_port": "3307", "dbaas_tls": "mutual"}),),
)


def rules(plan: list) -> list[tuple[str, int]]:
    return [(step.action, step.details["port"]) for step in plan if step.resource == "security_group_rule"]


def kept_settings(plan: list) -> list[dict[str, str]]:
    return [step.details["metadata"] for step in plan if step.resource == "volume_metadata"]


def test_settings_stand_in_the_call_that_makes_the_volume() -> None:
    plan = plan_present(dataclasses.replace(SPEC, port=3307, tls_mode="required"), None, NETWORKS)
    (volume,) = [step for step in plan if step.resource == "volume"]
    assert (volume.details["dbaas_port"], volume.details["dbaas_tls"]) == ("3307", "required")
    assert ("create", 3307) in rules(plan)
    assert ("create", 3306) not in rules(plan)
    assert kept_settings(plan) == []


def test_settings_that_are_not_given_stay() -> None:
    closed = plan_present(SPEC, OWN, NETWORKS)
    assert (rules(closed), kept_settings(closed)) == ([("delete", 3306)], [])


def test_settings_change_and_the_rule_of_the_new_port_is_made_first() -> None:
    plan = plan_present(dataclasses.replace(SPEC, port=3308, tls_mode="off"), OWN, NETWORKS)
    assert rules(plan) == [("create", 3308), ("delete", 3306), ("delete", 3307)]
    assert kept_settings(plan) == [{"dbaas_port": "3308", "dbaas_tls": "off"}]
    unset = dataclasses.replace(SPEC, tls_mode="preferred", configuration="none", logs=frozenset())
    assert plan_present(unset, WHOLE, NETWORKS) == []
    same = plan_present(dataclasses.replace(SPEC, port=3307, tls_mode="mutual"), OWN, NETWORKS)
    assert kept_settings(same) == []


def test_the_port_of_before_stays_open_where_it_is_named() -> None:
    spec = dataclasses.replace(SPEC, port=3308, datastore_ports=(3308, 3306, 3307))
    assert rules(plan_present(spec, OWN, NETWORKS)) == [("create", 3308)]


def test_settings_come_with_an_adopted_volume() -> None:
    kept = KeptVolume("vol-1", 2, "available", "u1", "mariadb", "10.11", port=3307)
    spec = dataclasses.replace(SPEC, volume_id="vol-1", volume_size=None)
    plan = plan_present(spec, None, NETWORKS, kept)
    assert ("create", 3307) in rules(plan)
    assert kept_settings(plan) == []
    other = plan_present(dataclasses.replace(spec, tls_mode="off"), None, NETWORKS, kept)
    assert kept_settings(other) == [{"dbaas_tls": "off"}]
    assert [step.action for step in other if "volume" in step.resource] == ["adopt", "update"]


GROUPED = dataclasses.replace(WHOLE, server_group=ServerGroup("g-1", "dbaas-u1", "anti-affinity", owned=True))
JOINED = dataclasses.replace(WHOLE, server_group=ServerGroup("g-2", "ours", "affinity"))


def test_a_server_group_is_made_before_the_server_and_goes_after_it() -> None:
    spec = dataclasses.replace(SPEC, locality="anti-affinity")
    assert steps(plan_present(spec, None, NETWORKS))[-2:] == [("create", "server_group"), ("create", "server")]
    assert plan_present(spec, GROUPED, NETWORKS) == []
    gone = steps(plan_absent(GROUPED, keep_volume=False))
    assert gone.index(("delete", "server")) < gone.index(("delete", "server_group"))


def test_a_server_group_for_replicas_is_made_where_there_is_none() -> None:
    spec = Spec(WHOLE.group.name, replica_locality="anti-affinity")
    (step,) = plan_present(spec, WHOLE, [])
    assert (step.action, step.resource, step.details) == ("create", "server_group", {"policy": "anti-affinity"})
    assert plan_present(spec, GROUPED, []) == []
    with pytest.raises(DbaasError):
        plan_present(spec, JOINED, [])


def test_a_server_group_that_others_are_in_is_left_to_them() -> None:
    group = ServerGroup("g-1", "dbaas-u1", "anti-affinity", owned=True, shared=True)
    gone = steps(plan_absent(dataclasses.replace(WHOLE, server_group=group), keep_volume=False))
    assert ("delete", "server_group") not in gone
    assert gone.index(("delete", "server")) < gone.index(("leave", "server_group"))


def test_a_server_group_of_the_users_is_joined_and_stays() -> None:
    spec = dataclasses.replace(SPEC, server_group="ours")
    assert ("create", "server_group") not in steps(plan_present(spec, None, NETWORKS))
    assert plan_present(spec, JOINED, NETWORKS) == []
    assert plan_present(dataclasses.replace(SPEC, server_group="g-2"), JOINED, NETWORKS) == []
    assert ("delete", "server_group") not in steps(plan_absent(JOINED, keep_volume=False))


@pytest.mark.parametrize(
    ("there", "option", "value"),
    [
        (WHOLE, "locality", "affinity"),
        (WHOLE, "server_group", "ours"),
        (GROUPED, "locality", "affinity"),
        (JOINED, "locality", "affinity"),
        (JOINED, "server_group", "others"),
    ],
)
def test_a_server_does_not_move_to_another_group(there: Instance, option: str, value: str) -> None:
    with pytest.raises(DbaasError) as error:
        plan_present(dataclasses.replace(SPEC, **{option: value}), there, NETWORKS)
    assert [problem["option"] for problem in error.value.details["problems"]] == [option]


def test_a_port_of_the_users_is_neither_made_nor_removed() -> None:
    spec = dataclasses.replace(SPEC, networks=(NetworkWish("private"), NetworkWish(port="mine")))
    networks = ["net-1", "net-7"]
    assert steps(plan_present(spec, None, networks)).count(("create", "port")) == 1
    used = dataclasses.replace(WHOLE, ports=(*WHOLE.ports, Port("p-7", "net-7", ("10.7.0.5",), (), owned=False)))
    assert plan_present(spec, used, networks) == []
    assert [step.target for step in plan_absent(used, keep_volume=False) if step.resource == "port"] == ["p-1"]


@pytest.mark.parametrize(
    ("tagged", "locked", "wanted", "change"),
    [
        (False, False, True, True),
        (True, False, True, True),
        (True, True, True, False),
        (True, True, False, True),
        (False, True, False, False),  # somebody's own lock
        (False, True, True, True),
        (False, False, False, False),
        (True, True, None, False),
        (True, False, None, True),  # unlocked by a run that was killed
        (False, True, None, False),
    ],
)
def test_protection_is_a_tag_and_a_lock_in_nova(tagged: bool, locked: bool, wanted: bool | None, change: bool) -> None:
    there = dataclasses.replace(
        WHOLE,
        group=dataclasses.replace(GROUP, tags=GROUP.tags | ({"dbaas-protected"} if tagged else set())),
        servers=(dataclasses.replace(SERVER, locked=locked),),
    )
    plan = plan_present(dataclasses.replace(SPEC, deletion_protection=wanted), there, NETWORKS)
    assert [step.details for step in plan] == ([{"enabled": tagged if wanted is None else wanted}] if change else [])


def test_a_volume_is_not_attached_to_a_server_that_somebody_locked() -> None:
    there = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, locked=True, volume_ids=()),))
    with pytest.raises(DbaasError) as error:
        plan_present(SPEC, there, NETWORKS)
    assert (error.value.reason, error.value.details["status"]) == ("not_actionable", "LOCKED")


def test_records_are_written_once() -> None:
    records = Records(host_keys=("own",), volume_initialised=True, root_enabled="then who")
    keys, volume, root = plan_records(records, WHOLE)
    assert keys.details["metadata"] == {"dbaas_host_keys": "own"}
    assert volume.details["metadata"] == {"dbaas_initialised": "true", "dbaas_version": "10.11"}
    assert root.details["metadata"] == {"dbaas_root_enabled": "then who"}
    (anchor,) = plan_closing(WHOLE)
    assert anchor.target == Anchor("u1")
    done = dataclasses.replace(
        WHOLE,
        anchor=Anchor("u1"),
        servers=(dataclasses.replace(SERVER, metadata={"dbaas_host_keys": "own"}),),
        volumes=(dataclasses.replace(VOLUME, metadata={"dbaas_initialised": "true", "dbaas_root_enabled": "first"}),),
    )
    assert plan_records(records, done) == plan_closing(done) == []


def test_a_fault_is_recorded_and_keeps_the_task() -> None:
    (step,) = plan_records(Records(fault="no quota"), WHOLE)
    assert step.target == Anchor("u1", "create", 1_790_000_000, "no quota")


def test_an_operation_that_begins_leaves_an_earlier_fault_behind_and_nothing_else() -> None:
    assert plan_records(Records(begins=True), WHOLE) == []
    failed = dataclasses.replace(WHOLE, anchor=Anchor("u1", "reboot", 1_790_000_000, "no answer"))
    (step,) = plan_records(Records(begins=True), failed)
    assert step.target == Anchor("u1", "create")
    assert plan_records(Records(), failed, [Step("create", "server", "orders")]) == [step]
    assert plan_records(Records(), failed, [Step("create", "security_group_rule", "orders")]) == []


def test_anchors_of_killed_rivals_go_and_one_in_force_stays() -> None:
    rivals = (Group("sg-8", "orders"), Group("sg-9", "orders", frozenset({"dbaas"})))
    there = dataclasses.replace(WHOLE, rivals=rivals)
    assert [step.target for step in plan_present(SPEC, there, NETWORKS)] == ["sg-8"]
    assert [step.target for step in plan_absent(there, keep_volume=False)][-2:] == ["sg-8", "sg-1"]


def test_delete_ends_with_the_anchor() -> None:
    plan = plan_absent(WHOLE, keep_volume=False)
    assert steps(plan) == [
        ("update", "anchor"),
        ("delete", "server"),
        ("delete", "floating_ip"),
        ("delete", "port"),
        ("delete", "volume"),
        ("delete", "heartbeat"),
        ("delete", "security_group"),
    ]
    assert plan[0].target.task == "delete"


def test_delete_removes_what_a_half_made_instance_has() -> None:
    half = Instance(GROUP, WHOLE.anchor, volumes=(VOLUME,))
    assert ("delete", "volume") in steps(plan_absent(half, keep_volume=False))
    assert plan_absent(None, keep_volume=False) == []


def test_a_kept_volume_is_marked_and_its_server_shut_down_first() -> None:
    plan = plan_absent(WHOLE, keep_volume=True)
    assert steps(plan)[1:3] == [("stop", "server"), ("delete", "server")]
    assert ("delete", "volume") not in steps(plan)
    assert [step.details for step in plan if step.resource == "volume_metadata"] == [
        {"metadata": {"dbaas_kept": "true"}}
    ]


def test_both_groups_of_a_managed_instance_go() -> None:
    managed = dataclasses.replace(WHOLE, management_group=Group("sg-2", "orders-management"))
    assert [step.target for step in plan_absent(managed, keep_volume=False)][-2:] == ["sg-2", "sg-1"]


def test_a_protected_instance_is_not_deleted() -> None:
    group = dataclasses.replace(GROUP, tags=GROUP.tags | {"dbaas-protected"})
    with pytest.raises(DbaasError) as error:
        plan_absent(dataclasses.replace(WHOLE, group=group), keep_volume=False)
    assert error.value.reason == "conflict"
