# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connections keep a server from stopping its writes, by the rows of SHOW FULL PROCESSLIST. Pure."""

from __future__ import annotations

import re
from typing import Any

_COMMENT = r"/\*(?!M?!)(?:[^*]|\*(?!/))*\*/|--(?=\s|$)[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)"
"""Each text is a comment in one way at most: anything else takes time without end for many comments."""
_READING = re.compile(rf"(?:[\s(]|{_COMMENT})*(?:SELECT|SHOW|EXPLAIN|DESC|DESCRIBE|WITH|VALUES|HELP)\b", re.IGNORECASE)
_BEGINNING = 4096
"""How much of a statement is read; one that has nothing but comments there is taken for one that writes."""
_BUSY = frozenset({"Bulk execute", "Execute", "Long Data", "Query"})
"""Commands of clients; most of the server's own threads, and replicas, have others."""
_OWN = frozenset({("root", "localhost"), ("system user", ""), ("system user", "connecting host")})
"""The guest's own administrator, whom read_only does not hold up anyway, and the threads that apply what the primary wrote, which MySQL 9.7 shows with the
command Query. A client that calls itself so comes from another host."""


def _foreign(row: dict[str, Any]) -> bool:
    """Whether it is none of the guest's own."""
    return (row["User"], row["Host"]) not in _OWN


def writing(rows: list[dict[str, Any]]) -> list[int]:
    """The connections whose statement is not known to be one that only reads."""
    busy = [row for row in rows if _foreign(row) and row["Command"] in _BUSY]
    return [row["Id"] for row in busy if not _READING.match((row["Info"] or "")[:_BEGINNING])]


def idle(rows: list[dict[str, Any]]) -> list[int]:
    """The connections that run nothing: one of them may have locked tables."""
    return [row["Id"] for row in rows if _foreign(row) and row["Command"] == "Sleep"]


def awaiting_receipts(rows: list[dict[str, Any]]) -> list[int]:
    """The connections whose write is in the log and waits until replicas have it, killed ones among them: nothing ends that wait but a receipt."""
    return [row["Id"] for row in rows if (row.get("State") or "").startswith("Waiting for semi-sync ACK")]


def alive(rows: list[dict[str, Any]]) -> list[int]:
    """Those of them whose client is still told what becomes of it."""
    waiting = set(awaiting_receipts(rows))
    return [row["Id"] for row in rows if row["Id"] in waiting and row["Command"] != "Killed"]


def are_held_back(rows: list[dict[str, Any]], order: str) -> bool:
    """Whether the order waits for those who write, and everybody else who would write waits behind it."""
    return any(row["Info"] == order and (row.get("State") or "").startswith("Waiting for") for row in rows)


def clients(rows: list[dict[str, Any]]) -> list[int]:
    """The connections of clients; the server's own threads and replicas are none."""
    return [row["Id"] for row in rows if _foreign(row) and row["Command"] in _BUSY | {"Sleep"}]
