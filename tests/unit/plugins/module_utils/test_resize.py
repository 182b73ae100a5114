# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a server from another flavor."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight import Flavor, Quota
from ansible_collections.dbaas.openstack.plugins.module_utils._resize import resize_problems

from tests.unit.plugins.module_utils.test_instance_plan import SERVER

NOW = dataclasses.replace(SERVER, ram=2048, vcpus=1, disk=10, image_id="i-1")
ROOM = {"cores": Quota(4, 3), "ram": Quota(8192, 6144)}


def test_no_disk_gets_smaller_but_that_of_a_server_which_boots_from_a_volume() -> None:
    flavor = Flavor("f", "m1.flat", 4096, 9, 1)
    (problem,) = resize_problems(NOW, flavor, min_ram=1024, quotas=ROOM)
    assert (problem.option, problem.reason) == ("flavor", "invalid")
    assert resize_problems(dataclasses.replace(NOW, image_id=None), flavor, min_ram=1024, quotas=ROOM) == []


@pytest.mark.parametrize(
    ("flavor", "min_ram", "wrong"),
    [
        (Flavor("f", "m1.large", 4096, 10, 2), 1024, []),
        (Flavor("f", "m1.tiny", 512, 10, 1), 1024, [("flavor", "invalid")]),
        (Flavor("f", "m1.wide", 4096, 10, 3), 1024, [("flavor", "quota")]),
        (Flavor("f", "m1.huge", 4097, 10, 3), 1024, [("flavor", "quota"), ("flavor", "quota")]),
        (Flavor("f", SERVER.flavor, 2048, 10, 1), 1024, []),
    ],
)
def test_the_difference_has_to_fit(flavor: Flavor, min_ram: int, wrong: list[tuple[str, str]]) -> None:
    found = resize_problems(NOW, flavor, min_ram=min_ram, quotas=ROOM)
    assert [(problem.option, problem.reason) for problem in found] == wrong
