# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose volume it is."""

from __future__ import annotations

from typing import Any

import pytest
from dbaas_agent import marker
from dbaas_agent.config import Config


def test_a_new_marker_is_ours_and_comes_back(config: Config) -> None:
    assert marker.read(config) is None
    made = marker.new(config, "v-1")
    marker.write(config, made)
    assert marker.read(config) == made
    assert (made["state"], made["volume_id"], marker.fault(config, made)) == ("empty", "v-1", "")


@pytest.mark.parametrize("wrong", [{"uid": "u-2"}, {"datastore": "otherdb"}, {"state": "half"}, {"uid": None}])
def test_a_marker_of_another_is_a_fault(config: Config, wrong: dict[str, Any]) -> None:
    assert marker.fault(config, {**marker.new(config, "v-1"), **wrong})


def test_no_marker_is_a_fault(config: Config) -> None:
    assert marker.fault(config, None)
