# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet as a table for a terminal. Pure; private to the collection."""

from __future__ import annotations

import typing as t

_COLUMNS: dict[str, t.Callable[[t.Mapping[str, t.Any]], t.Any]] = {
    "NAME": lambda row: row["name"],
    "STATUS": lambda row: row["status"],
    "ROLE": lambda row: row["role"],
    "DATASTORE": lambda row: f"{row['datastore']} {row['datastore_version']}".strip(),
    "FLAVOR": lambda row: row["flavor"],
    "ADDRESS": lambda row: row["host"],
    "VOLUME": lambda row: _volume(row["volume"]),
    "HEARTBEAT": lambda row: f"{row['heartbeat']['age']:.0f} s ago" if row["heartbeat"] else None,
    "FAULT": lambda row: row["fault"],
}


def fleet_table(instances: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """One line each for the header and for every instance, as instance_info returns them; "-" where there is nothing."""
    header = list(_COLUMNS)
    rows = [[str(column(instance) or "-") for column in _COLUMNS.values()] for instance in instances]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]


def _volume(volume: t.Mapping[str, t.Any] | None) -> str | None:
    if volume is None:
        return None
    used = volume["used_percent"]
    return f"{volume['size']} GiB" + (f", {used}% used" if used is not None else "")
