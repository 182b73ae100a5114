# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of the fleet as a table for a terminal. Pure; private to the collection."""

from __future__ import annotations

import textwrap
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import STALE_AFTER
from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_report import EXPIRING_WITHIN, NEARLY_FULL
from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_words import (
    NO_PRIMARY,
    STORE_UNREACHABLE,
    duration,
    standing,
    summary,
)

Row = t.Mapping[str, t.Any]

_WIDTH = 120
_COLUMNS: dict[str, t.Callable[[Row], str | None]] = {
    "NAME": lambda row: row["name"],
    "STATUS": lambda row: row["status"],
    "ROLE": lambda row: row["role"],
    "DATASTORE": lambda row: f"{row['datastore']} {row['datastore_version']}".strip(),
    "FLAVOR": lambda row: row["flavor"],
    "ADDRESS": lambda row: row["address"],
    "VOLUME": lambda row: _marked(_volume(row), row, "volume_nearly_full"),
    "HEARTBEAT": lambda row: _marked(_duration(row["heartbeat_age"]), row, "heartbeat_stale"),
    "TICKET": lambda row: _marked(_left(row["ticket_seconds_left"]), row, "ticket_expiring", "ticket_expired"),
}
_SET_COLUMNS: dict[str, t.Callable[[Row], str | None]] = {
    "REPLICATION SET": lambda row: row["branch"] + row["name"],
    "STATUS": lambda row: row["status"],
    "MODE": lambda row: row["mode"],
    "STANDING": standing,
}
_NOBODY = {"name": NO_PRIMARY, "role": "", "status": "", "lag": None, "replicates": None}
_LEGEND = (
    f"! volume at least {NEARLY_FULL} % full, heartbeat older than {STALE_AFTER} s, "
    f"or ticket that ends within {EXPIRING_WITHIN // 86400} days"
)


def fleet_table(report: t.Mapping[str, t.Any]) -> list[str]:
    """The header, a line for each instance with its fault below, replication sets as trees, and what they are all together; "-" where there is nothing."""
    rows = report["instances"]
    header, *aligned = _aligned(_COLUMNS, rows)
    lines = [header]
    for row, line in zip(rows, aligned, strict=True):
        lines += [line, *textwrap.wrap(row["fault"], _WIDTH, initial_indent="  ", subsequent_indent="  ")]
    branches = [branch for one in report["replication_sets"] for branch in _branches(one)]
    if branches:
        lines += _aligned(_SET_COLUMNS, branches)
    lines.append(summary(report))
    if any(row["marks"] for row in rows):
        lines.append(_LEGEND)
    if not report["store_reachable"]:
        lines.append(STORE_UNREACHABLE)
    return lines


def _branches(one: Row) -> list[Row]:
    """A replication set from its root to its leaves."""
    return [{**(one["primary"] or _NOBODY), "branch": "", "mode": one["mode"]}, *_leaves(one["replicas"], "")]


def _leaves(replicas: t.Sequence[Row], stem: str) -> list[Row]:
    """stem: what stands before their branches."""
    leaves = []
    for number, replica in enumerate(replicas, 1):
        fork, below = ("└─ ", "   ") if number == len(replicas) else ("├─ ", "│  ")
        leaves += [{**replica, "branch": stem + fork, "mode": ""}, *_leaves(replica["replicas"], stem + below)]
    return leaves


def _aligned(columns: t.Mapping[str, t.Callable[[Row], str | None]], rows: t.Sequence[Row]) -> list[str]:
    """The header and a line for each row."""
    cells = [list(columns), *([column(row) or "-" for column in columns.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [_line(line, widths) for line in cells]


def _line(cells: list[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _marked(text: str | None, row: Row, *marks: str) -> str | None:
    return f"{text} !" if any(mark in row["marks"] for mark in marks) else text


def _volume(row: Row) -> str | None:
    if row["volume_size"] is None:
        return None
    used = row["volume_used_percent"]
    return f"{row['volume_size']} GiB" + (f", {used} %" if used is not None else "")


def _duration(seconds: float | None) -> str | None:
    return None if seconds is None else duration(seconds)


def _left(seconds: int | None) -> str | None:
    return "ended" if seconds is not None and seconds <= 0 else _duration(seconds)
