# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the cloud lacks for an instance."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import NetworkWish, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import (
    Facts,
    Flavor,
    GivenPort,
    KeptVolume,
    Network,
    Subnet,
    freed,
    problems,
)

SUBNETS = (Subnet("s4", "four", "10.0.0.0/24", "10.0.0.1"), Subnet("s6", "six", "fd00::/64", "fd00::1"))
SPEC = Spec(
    "orders", datastore="mariadb", flavor="m1.small", networks=(NetworkWish("private"),), min_ram=512, is_public=True
)
FACTS = Facts(
    flavor=Flavor("f", "m1.small", 1024, 4),
    flavors=("m1.small", "m1.large"),
    image={"id": "i", "datastore": "mariadb", "version": "10.11", "min_disk": 3, "min_ram": 0},
    networks=(Network("n", "private", SUBNETS),),
    known_networks=("private", "provider"),
    zones=("nova",),
    volume_types=("rbd",),
    volume_zones=("nova",),
    floating_network=Network("x", "provider"),
)


def found(spec: Spec = SPEC, facts: Facts = FACTS) -> list[tuple[str, str]]:
    return [(problem.option, problem.reason) for problem in problems(spec, facts)]


def wish(**change: object) -> Spec:
    return dataclasses.replace(SPEC, networks=(NetworkWish("private", **change),))


def test_nothing_is_wrong() -> None:
    spec = dataclasses.replace(
        wish(subnet="four", fixed_ips=("10.0.0.9",)),
        availability_zone="nova",
        volume_availability_zone="nova",
        volume_type="rbd",
        boot_volume_size=3,
        boot_volume_type="rbd",
        management_network="provider",
    )
    assert found(spec, dataclasses.replace(FACTS, management_network=Network("m", "provider", SUBNETS))) == []


@pytest.mark.parametrize(
    ("spec", "facts", "expected"),
    [
        (SPEC, {"image": None, "image_problem": "no such version"}, ("datastore_version", "not_found")),
        (SPEC, {"flavor": None}, ("flavor", "not_found")),
        (SPEC, {"flavor": Flavor("f", "tiny", 511, 4)}, ("flavor", "invalid")),
        (SPEC, {"flavor": Flavor("f", "flat", 1024, 2)}, ("flavor", "invalid")),
        (SPEC, {"image": {"min_disk": 0, "min_ram": 2048}}, ("flavor", "invalid")),
        (dataclasses.replace(SPEC, boot_volume_size=2), {}, ("boot_volume_size", "invalid")),
        (SPEC, {"networks": (None,)}, ("networks", "not_found")),
        (SPEC, {"networks": (Network("n", "private"),)}, ("networks", "invalid")),
        (wish(subnet="nine"), {}, ("networks", "not_found")),
        (wish(fixed_ips=("10.9.0.4",)), {}, ("networks", "invalid")),
        (wish(subnet="six", fixed_ips=("10.0.0.4",)), {}, ("networks", "invalid")),
        (wish(fixed_ips=("10.0.0.1",)), {}, ("networks", "conflict")),
        (wish(fixed_ips=("10.0.0.8",)), {"taken": frozenset({"10.0.0.8"})}, ("networks", "conflict")),
        (dataclasses.replace(SPEC, management_network="mgmt"), {}, ("management_network", "not_found")),
        (dataclasses.replace(SPEC, availability_zone="az9"), {}, ("availability_zone", "not_found")),
        (dataclasses.replace(SPEC, volume_availability_zone="az9"), {}, ("volume_availability_zone", "not_found")),
        (dataclasses.replace(SPEC, volume_type="gold"), {}, ("volume_type", "not_found")),
        (SPEC, {"floating_network": None}, ("floating_network", "not_found")),
    ],
)
def test_what_is_wrong_is_named(spec: Spec, facts: dict, expected: tuple[str, str]) -> None:
    assert found(spec, dataclasses.replace(FACTS, **facts)) == [expected]


def test_everything_wrong_is_listed_at_once() -> None:
    spec = dataclasses.replace(SPEC, flavor="x", availability_zone="y", volume_type="z")
    facts = dataclasses.replace(FACTS, flavor=None, networks=(None,))
    assert len(found(spec, facts)) == 4


def test_a_port_of_the_users_has_to_be_there_and_free() -> None:
    spec = dataclasses.replace(SPEC, networks=(NetworkWish(port="mine"),))

    def with_port(port: GivenPort | None) -> list[tuple[str, str]]:
        return found(spec, dataclasses.replace(FACTS, ports=(port,)))

    assert with_port(GivenPort("p", "n")) == []
    assert with_port(None) == [("networks", "not_found")]
    assert with_port(GivenPort("p", "n", "srv-2")) == [("networks", "conflict")]
    assert freed([GivenPort("p", "n", "srv-1"), None, GivenPort("q", "n", "srv-2")], ["srv-1"]) == (
        GivenPort("p", "n"),
        None,
        GivenPort("q", "n", "srv-2"),
    )


def test_a_server_group_has_to_be_there() -> None:
    spec = dataclasses.replace(SPEC, server_group="ours")
    assert found(spec, FACTS) == [("server_group", "not_found")]
    assert found(spec, dataclasses.replace(FACTS, server_group_id="g")) == []


MEMBER = frozenset({"reader", "member"})
FOREIGN = Network("n", "provider", SUBNETS, own=False, shared=True)
EXTERNAL = Network("x", "internet", own=False)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({"reader"}, [("cloud", "cloud")]),
        (MEMBER, []),
        ({"admin", "reader"}, []),
        ({"reader", "billing"}, []),  # the operator's own
        (set(), []),  # not told
    ],
)
def test_who_may_only_look_can_make_nothing(roles: set[str], expected: list[tuple[str, str]]) -> None:
    assert found(facts=dataclasses.replace(FACTS, roles=frozenset(roles))) == expected


@pytest.mark.parametrize(
    ("roles", "network", "expected"),
    [
        (MEMBER, FOREIGN, [("networks", "cloud")]),
        (MEMBER, dataclasses.replace(FOREIGN, own=True), []),
        ({"member", "network-planner"}, FOREIGN, []),
        ({"admin"}, FOREIGN, []),
    ],
)
def test_addresses_are_chosen_by_the_owner_of_a_network(
    roles: set[str], network: Network, expected: list[tuple[str, str]]
) -> None:
    facts = dataclasses.replace(FACTS, networks=(network,), roles=frozenset(roles))
    assert found(wish(fixed_ips=("10.0.0.9",)), facts) == expected
    assert found(wish(subnet="four"), facts) == []
    given = dataclasses.replace(facts, ports=(GivenPort("p", "n"),))
    assert found(dataclasses.replace(SPEC, networks=(NetworkWish(port="mine"),)), given) == []


@pytest.mark.parametrize(("roles", "number"), [(MEMBER, 1), ({"member", "billing"}, 1), ({"admin"}, 0)])
def test_an_external_network_that_is_not_shared_takes_no_ports(roles: set[str], number: int) -> None:
    facts = dataclasses.replace(
        FACTS, networks=(EXTERNAL,), management_network=EXTERNAL, roles=frozenset(roles), gateways=frozenset({"x"})
    )
    spec = dataclasses.replace(SPEC, management_network="internet")
    assert found(spec, facts) == [("networks", "cloud"), ("management_network", "cloud")] * number


def test_an_administrator_sees_the_subnets_of_every_network() -> None:
    network = dataclasses.replace(EXTERNAL, subnets=SUBNETS)
    facts = dataclasses.replace(FACTS, networks=(network,), roles=frozenset({"admin"}))
    assert found(wish(subnet="nine"), facts) == [("networks", "not_found")]


@pytest.mark.parametrize(
    ("gateways", "expected"),
    [
        ({"x"}, []),
        ({"y", "x"}, []),
        (None, []),
        ({"y"}, [("floating_network", "invalid")]),
        ((), [("floating_network", "invalid")]),
    ],
)
def test_a_floating_address_needs_a_router(gateways: set[str] | None, expected: list[tuple[str, str]]) -> None:
    facts = dataclasses.replace(FACTS, gateways=None if gateways is None else frozenset(gateways))
    assert found(SPEC, facts) == expected
    assert found(dataclasses.replace(SPEC, is_public=False), facts) == []


KEPT = KeptVolume("vol-1", 2, "available", "u1", "mariadb", "10.11")


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({}, 0),
        ({"uid": ""}, 1),
        ({"owner": "billing"}, 1),
        ({"owner": "orders", "status": "in-use"}, 0),
        ({"status": "in-use"}, 1),
        ({"datastore": "postgresql"}, 1),
        ({"version": "11.8"}, 1),
        ({"size": 3}, 1),
        ({"status": "error", "version": "11.8", "size": 3}, 3),
    ],
)
def test_a_volume_can_be_adopted(change: dict[str, Any], number: int) -> None:
    spec = dataclasses.replace(SPEC, volume_id="vol-1", volume_size=2, datastore_version="10.11")
    facts = dataclasses.replace(FACTS, kept_volume=dataclasses.replace(KEPT, **change))
    assert found(spec, facts) == [("volume_id", "conflict")] * number


def test_a_volume_that_is_not_there_cannot_be_adopted() -> None:
    assert found(dataclasses.replace(SPEC, volume_id="vol-9"), FACTS) == [("volume_id", "not_found")]
