# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet as a table."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.filter.fleet_table import FilterModule
from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_report import fleet_report
from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_words import NO_PRIMARY, STORE_UNREACHABLE
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes.fleet import DAY, HOSTILE, NOW, ORDERS, fleet, instance, replicated

HEADER = ["NAME", "STATUS", "ROLE", "DATASTORE", "FLAVOR", "ADDRESS", "VOLUME", "HEARTBEAT", "TICKET"]


def table(*instances: dict[str, Any], store_reachable: bool = True) -> list[str]:
    report = fleet_report(fleet(*instances, store_reachable=store_reachable), NOW)
    lines: list[str] = FilterModule().filters()["fleet_table"](report)
    return lines


def cells(**change: Any) -> dict[str, str]:
    """The first row by column; cells may hold blanks, so they are cut where the header's words stand."""
    header, row, *_others = table(instance(**change))
    starts = [header.index(word) for word in HEADER]
    ends = [*starts[1:], None]
    return {word: row[start:end].strip() for word, start, end in zip(HEADER, starts, ends, strict=True)}


def test_columns() -> None:
    assert table(ORDERS)[0].split() == HEADER
    assert cells() == {
        "NAME": "orders",
        "STATUS": "ACTIVE",
        "ROLE": "primary",
        "DATASTORE": "mariadb 10.11",
        "FLAVOR": "m1.small",
        "ADDRESS": "203.0.113.9",
        "VOLUME": "20 GiB, 12 %",
        "HEARTBEAT": "7 s",
        "TICKET": "365 d",
    }


def test_what_is_not_known() -> None:
    bare = cells(role="", flavor="", datastore="", datastore_version="", host="", volume=None, heartbeat=None)
    assert [bare[word] for word in HEADER[2:]] == ["-"] * 7
    assert cells(volume={"used_percent": None})["VOLUME"] == "20 GiB"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (90, "90 s"),
        (119, "119 s !"),
        (120, "2 min !"),
        (7199, "119 min !"),
        (7200, "2 h !"),
        (2 * DAY, "2 d !"),
    ],
)
def test_the_age_of_a_heartbeat(seconds: int, shown: str) -> None:
    assert cells(heartbeat={"age": seconds})["HEARTBEAT"] == shown


@pytest.mark.parametrize(("left", "shown"), [(40 * DAY, "40 d"), (12 * DAY, "12 d !"), (0, "ended !"), (-5, "ended !")])
def test_the_end_of_a_ticket(left: int, shown: str) -> None:
    assert cells(heartbeat={"ticket_expires": int(NOW) + left})["TICKET"] == shown


def test_what_the_marks_mean_stands_below_when_there_are_any() -> None:
    plain, marked = table(ORDERS), table(instance(volume={"used_percent": 95}))
    assert (len(plain), len(marked)) == (3, 4)
    assert marked[-1].startswith("! ")


def test_faults_stand_below_their_instance_within_the_width() -> None:
    lines = table(instance(name="broken", status="ERROR", fault="word " * 50), ORDERS)
    below = lines[2:-2]
    assert lines[1].startswith("broken ")
    assert lines[-2].startswith("orders ")
    assert len(below) == 3
    assert all(line.startswith("  word") for line in below)


def test_replication_sets_are_drawn_as_trees() -> None:
    orphan = instance(name="stray", role="replica", replication_set="one", heartbeat=None)
    lines = table(*replicated(), orphan)[6:-1]
    width = lines[0].index("STATUS")
    assert [line[:width].rstrip() for line in lines] == [
        "REPLICATION SET",
        "orders",
        "├─ orders-2",
        "│  └─ orders-4",
        "└─ orders-3",
        NO_PRIMARY,
        "└─ stray",
    ]
    assert [line.split("  ")[-1] for line in lines[1:5]] == [
        "primary",
        "replica, 2 s behind, replicates",
        "replica, 3 s behind, replicates",
        "replica, 5 min behind, does not replicate",
    ]
    assert "semi_sync" in lines[1]
    assert "semi_sync" not in lines[2]


def test_a_usual_fleet_fits_into_120_columns() -> None:
    worst = instance(
        name="orders-replica-1",
        status="RESTART_REQUIRED",
        host="203.0.113.199",
        volume={"used_percent": 95},
        heartbeat={"age": 100 * 60},
    )
    assert max(map(len, table(ORDERS, worst, *replicated()))) <= 120


def test_the_summary_counts() -> None:
    assert table(ORDERS, instance(status="ERROR"), ORDERS)[-1] == "3 instances: 1 ERROR, 2 ACTIVE"
    assert table(ORDERS)[-1] == "1 instance: 1 ACTIVE"
    assert table()[1:] == ["0 instances"]


def test_an_unreachable_store_is_told() -> None:
    assert table(ORDERS, store_reachable=False)[-1] == STORE_UNREACHABLE


@given(st.lists(HOSTILE, max_size=3))
def test_a_terminal_is_never_told_to_do_anything(instances: list[dict[str, Any]]) -> None:
    assert all(line.isprintable() for line in table(*instances))
