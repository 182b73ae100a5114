# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the cloud lacks for an instance."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import NetworkWish, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Facts, Flavor, Network, Subnet, problems

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
