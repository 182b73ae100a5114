# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as module instance_info returns them, good ones and hostile ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NOW = 1_795_000_000.0
DAY = 86400
ORDERS: dict[str, Any] = {
    "name": "orders",
    "uid": "6f1c0d2e3b4a59687766554433221101",
    "status": "ACTIVE",
    "fault": "",
    "task": "",
    "role": "primary",
    "datastore": "mariadb",
    "datastore_version": "10.11",
    "flavor": "m1.small",
    "host": "203.0.113.9",
    "replication_set": "",
    "replication_mode": "",
    "follows": "",
    "volume": {"size": 20, "used_percent": 12},
    "heartbeat": {"age": 7.6, "lag": 0, "replicates": None, "ticket_expires": int(NOW) + 365 * DAY},
}


def instance(**change: Any) -> dict[str, Any]:
    """One like ORDERS; of volume and heartbeat only what changes has to be named."""
    merged = {name: {**ORDERS[name], **value} if isinstance(value, dict) else value for name, value in change.items()}
    return {**ORDERS, **merged}


def replicated() -> list[dict[str, Any]]:
    """A set with two replicas, one of which does not follow, and one of whom another one follows."""
    member = {"replication_set": "7a3f0d2e3b4a59687766554433221101", "replication_mode": "semi_sync"}
    follows: dict[str, Any] = {**member, "role": "replica"}
    return [
        instance(name="orders-3", **follows, heartbeat={"lag": 300, "replicates": False}),
        instance(name="orders-2", uid="2", **follows, heartbeat={"lag": 2, "replicates": True}),
        instance(name="orders-4", **follows, follows="2", heartbeat={"lag": 3, "replicates": True}),
        instance(**member),
    ]


def fleet(*instances: dict[str, Any], store_reachable: bool = True) -> dict[str, Any]:
    """The result of the module."""
    return {"instances": list(instances), "store_reachable": store_reachable}


_PIECES = [
    "<",
    ">",
    "&",
    '"',
    "'",
    "</style>",
    "<script>alert(1)</script>",
    "<!--",
    "-->",
    "]]>",
    "{{ 7 * 7 }}",
    "\x1b[31m",
    "\u202e",
]
_TEXT = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(st.characters(), max_size=20)), max_size=6).map("".join)
_NUMBER = st.one_of(st.none(), st.integers(0, 10**40))
HOSTILE = st.builds(
    instance,
    **dict.fromkeys(("name", "uid", "fault", "task", "role", "datastore", "datastore_version", "flavor"), _TEXT),
    **dict.fromkeys(("replication_set", "replication_mode", "follows"), st.one_of(st.just(""), st.just("one"), _TEXT)),
    status=st.one_of(st.sampled_from(["ERROR", "ACTIVE"]), _TEXT),
    volume=st.one_of(st.none(), st.fixed_dictionaries({"used_percent": _NUMBER})),
    heartbeat=st.one_of(
        st.none(),
        st.fixed_dictionaries(
            {
                "age": st.floats(0, 1e12),
                "lag": _NUMBER,
                "replicates": st.sampled_from([None, True, False]),
                "ticket_expires": _NUMBER.map(lambda n: n or 0),
            }
        ),
    ),
)
"""Whatever guests, and people who name things, could write."""
