# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet as a table."""

from __future__ import annotations

from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_table import fleet_table

ROW = {
    "name": "orders",
    "status": "ACTIVE",
    "role": "primary",
    "datastore": "mariadb",
    "datastore_version": "10.11",
    "flavor": "m1.small",
    "host": "203.0.113.9",
    "volume": {"size": 2, "used_percent": 12},
    "heartbeat": {"age": 7.6},
    "fault": "",
}


def test_a_line_each_with_aligned_columns() -> None:
    lines = fleet_table(
        [ROW, {**ROW, "name": "x", "volume": None, "heartbeat": None, "fault": "the server is missing"}]
    )
    assert lines[0].split() == [
        "NAME",
        "STATUS",
        "ROLE",
        "DATASTORE",
        "FLAVOR",
        "ADDRESS",
        "VOLUME",
        "HEARTBEAT",
        "FAULT",
    ]
    assert [line.index("ACTIVE") for line in lines[1:]] == [lines[0].index("STATUS")] * 2
    assert "2 GiB, 12% used" in lines[1]
    assert "8 s ago" in lines[1]
    assert lines[2].endswith("the server is missing")


def test_an_empty_fleet_has_a_header_only() -> None:
    assert len(fleet_table([])) == 1


def test_a_volume_without_a_heartbeat_shows_its_size() -> None:
    assert "2 GiB " in fleet_table([{**ROW, "volume": {"size": 2, "used_percent": None}}])[1]
