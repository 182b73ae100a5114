# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the reports for people say in words. Pure; private to the collection."""

from __future__ import annotations

import typing as t

STORE_UNREACHABLE = "The object store cannot be reached: nobody knows how the instances are."

NO_PRIMARY = "(the primary is not known)"

_UNITS = ((2 * 86400, 86400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min"))


def duration(seconds: float) -> str:
    """Seconds in the unit that leaves few digits, rounded down."""
    for beginning, size, unit in _UNITS:
        if seconds >= beginning:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def standing(member: t.Mapping[str, t.Any]) -> str:
    """What a member of a replication set is, and how it follows."""
    lag, replicates = member["lag"], member["replicates"]
    behind = "" if lag is None or member["role"] == "primary" else f"{duration(lag)} behind"
    follows = {True: "replicates", False: "does not replicate", None: ""}[replicates]
    return ", ".join(filter(None, [member["role"], behind, follows]))


def total(report: t.Mapping[str, t.Any]) -> str:
    """How many instances there are."""
    number = len(report["instances"])
    return f"{number} instance{'' if number == 1 else 's'}"


def summary(report: t.Mapping[str, t.Any]) -> str:
    """How many there are of which status."""
    counts = ", ".join(f"{number} {status}" for status, number in report["counts"].items())
    return f"{total(report)}: {counts}" if counts else total(report)
