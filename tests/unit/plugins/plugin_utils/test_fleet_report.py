# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of the fleet: its rows, their order and marks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.filter.fleet_report import FilterModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _status
from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_report import ORDER, fleet_report
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes.fleet import DAY, HOSTILE, NOW, ORDERS, fleet, instance, replicated


def row(**change: Any) -> dict[str, Any]:
    (made,) = fleet_report(fleet(instance(**change)), NOW)["instances"]
    return made


def test_the_shape() -> None:
    assert fleet_report(fleet(ORDERS, store_reachable=False), NOW) == {
        "version": 1,
        "generated": "2026-11-18T11:06:40Z",
        "store_reachable": False,
        "counts": {"ACTIVE": 1},
        "instances": [
            {
                "name": "orders",
                "uid": "6f1c0d2e3b4a59687766554433221101",
                "status": "ACTIVE",
                "task": "",
                "role": "primary",
                "fault": "",
                "datastore": "mariadb",
                "datastore_version": "10.11",
                "flavor": "m1.small",
                "address": "203.0.113.9",
                "volume_size": 20,
                "volume_used_percent": 12,
                "heartbeat_age": 7.6,
                "replication_set": "",
                "replication_mode": "",
                "follows": "",
                "lag": 0,
                "replicates": None,
                "ticket_expires": "2027-11-18T11:06:40Z",
                "ticket_seconds_left": 365 * DAY,
                "marks": [],
            }
        ],
        "replication_sets": [],
    }


def test_what_is_not_known_is_null() -> None:
    bare = row(volume=None, heartbeat=None)
    told = ("volume_size", "volume_used_percent", "heartbeat_age", "lag", "ticket_expires", "ticket_seconds_left")
    assert [bare[name] for name in told] == [None] * 6
    assert row(heartbeat={"ticket_expires": 0})["ticket_expires"] is None


def test_problems_come_first_then_what_is_marked_then_names() -> None:
    soon = {"ticket_expires": int(NOW) + DAY}
    wanted = [
        ("b", "ERROR", {}),
        ("c", "ERROR", {}),
        ("a", "FAILED", {}),
        ("a", "SOMETHING_NEW", {}),
        ("a", "UNKNOWN", {}),
        ("a", "BUILD", {}),
        ("a", "SHUTDOWN", {}),
        ("z", "ACTIVE", soon),
        ("a", "ACTIVE", {}),
    ]
    instances = [instance(name=name, status=status, heartbeat=beat) for name, status, beat in reversed(wanted)]
    report = fleet_report(fleet(*instances), NOW)
    assert [(found["name"], found["status"]) for found in report["instances"]] == [
        (name, status) for name, status, _beat in wanted
    ]
    assert list(report["counts"].items())[:3] == [("ERROR", 2), ("FAILED", 1), ("SOMETHING_NEW", 1)]


def test_replication_sets_are_trees() -> None:
    replica: dict[str, Any] = {"role": "replica", "status": "ACTIVE"}
    assert fleet_report(fleet(*replicated(), instance(name="alone")), NOW)["replication_sets"] == [
        {
            "id": "7a3f0d2e3b4a59687766554433221101",
            "mode": "semi_sync",
            "primary": {"name": "orders", "role": "primary", "status": "ACTIVE", "lag": 0, "replicates": None},
            "replicas": [
                {
                    "name": "orders-2",
                    **replica,
                    "lag": 2,
                    "replicates": True,
                    "replicas": [{"name": "orders-4", **replica, "lag": 3, "replicates": True, "replicas": []}],
                },
                {"name": "orders-3", **replica, "lag": 300, "replicates": False, "replicas": []},
            ],
        }
    ]


def test_sets_without_a_primary_come_last() -> None:
    orphan = instance(name="a", role="replica", replication_set="one")
    (first, second) = fleet_report(fleet(orphan, *replicated()), NOW)["replication_sets"]
    assert (first["primary"]["name"], second["primary"]) == ("orders", None)
    assert second["replicas"][0]["lag"] == 0
    assert [one["name"] for one in second["replicas"]] == ["a"]


def test_how_one_that_is_silent_followed_is_not_told() -> None:
    silent = instance(role="replica", replication_set="one", heartbeat={"age": 91, "lag": 0, "replicates": True})
    (replica,) = fleet_report(fleet(silent), NOW)["replication_sets"][0]["replicas"]
    assert (replica["lag"], replica["replicates"]) == (None, None)


@given(st.lists(HOSTILE, max_size=5))
def test_every_member_is_in_one_tree_once(instances: list[dict[str, Any]]) -> None:
    report = fleet_report(fleet(*instances), NOW)
    members: list[dict[str, Any]] = []
    waiting = [row for one in report["replication_sets"] for row in [one["primary"], *one["replicas"]] if row]
    while waiting:
        members.append(waiting.pop())
        waiting += members[-1].get("replicas", [])
    assert sorted(row["name"] for row in members) == sorted(
        row["name"] for row in report["instances"] if row["replication_set"]
    )
    ids = [one["id"] for one in report["replication_sets"]]
    assert len(ids) == len(set(ids))


def test_every_status_of_an_instance_has_its_place() -> None:
    assert {*_status._NOVA.values(), *_status._AGENT.values(), *_status._TASK.values()} <= set(ORDER)


@pytest.mark.parametrize(
    ("change", "marks"),
    [
        ({"heartbeat": {"age": 90.0}}, []),
        ({"heartbeat": {"age": 90.1}}, ["heartbeat_stale"]),
        ({"volume": {"used_percent": 89}}, []),
        ({"volume": {"used_percent": 90}}, ["volume_nearly_full"]),
        ({"heartbeat": {"ticket_expires": int(NOW) + 30 * DAY}}, []),
        ({"heartbeat": {"ticket_expires": int(NOW) + 30 * DAY - 1}}, ["ticket_expiring"]),
        ({"heartbeat": {"ticket_expires": int(NOW)}}, ["ticket_expired"]),
    ],
)
def test_marks(change: dict[str, Any], marks: list[str]) -> None:
    assert row(**change)["marks"] == marks


@given(st.lists(HOSTILE, max_size=3))
def test_words_can_be_printed_and_numbers_make_sense_whatever_guests_write(instances: list[dict[str, Any]]) -> None:
    report = fleet_report(fleet(*instances), NOW)
    assert json.loads(json.dumps(report, ensure_ascii=False).encode()) == report
    for found in report["instances"]:
        assert all(word.isprintable() and len(word) <= 255 for word in found.values() if isinstance(word, str))
        assert found["volume_used_percent"] is None or 0 <= found["volume_used_percent"] <= 100
    assert sum(report["counts"].values()) == len(instances)


def test_the_filter_takes_the_time_itself() -> None:
    told = FilterModule().filters()["fleet_report"]
    assert told(fleet(), NOW)["generated"] < told(fleet())["generated"]
