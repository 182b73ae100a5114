# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet as a report: one row an instance, problems first. Its shape is what the JSON report shows. Pure; private to the collection."""

from __future__ import annotations

import collections
import datetime
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import STALE_AFTER

VERSION = 1
"""Of the report's shape; another one when something is removed or changes its meaning."""
ORDER = (
    "ERROR",
    "FAILED",
    "BLOCKED",
    "UNKNOWN",
    "RESTART_REQUIRED",
    "BUILD",
    "REBOOT",
    "RESIZE",
    "UPGRADE",
    "SHUTDOWN",
    "ACTIVE",
)
EXPIRING_WITHIN = 30 * 86400
NEARLY_FULL = 90
"""Percent of the data volume."""

_FAULT_LENGTH = 255
_WORD_LENGTH = 64
_LAST_SECOND = int(datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC).timestamp())

Row = dict[str, t.Any]


def fleet_report(fleet: t.Mapping[str, t.Any], now: float) -> dict[str, t.Any]:
    """The report of what module instance_info returned. now: epoch seconds.

    Some of its words and numbers were written by guests: words are cut, characters that cannot be printed are replaced,
    and numbers that make no sense count as not told.
    """
    rows = sorted((_row(instance, now) for instance in fleet["instances"]), key=_precedence)
    return {
        "version": VERSION,
        "generated": _iso(int(now)),
        "store_reachable": fleet["store_reachable"],
        "counts": dict(collections.Counter(row["status"] for row in rows)),
        "instances": rows,
        "replication_sets": _replication_sets(rows),
    }


def _row(instance: t.Mapping[str, t.Any], now: float) -> Row:
    heartbeat, volume = instance["heartbeat"] or {}, instance["volume"] or {}
    expires = _sensible(heartbeat.get("ticket_expires"), _LAST_SECOND) or None
    age, used = heartbeat.get("age"), _sensible(volume.get("used_percent"), 100)
    return {
        **{name: _printable(instance[name], _WORD_LENGTH) for name in ("name", "uid", "status", "task", "role")},
        "fault": _printable(instance["fault"], _FAULT_LENGTH),
        **{name: _printable(instance[name], _WORD_LENGTH) for name in ("datastore", "datastore_version", "flavor")},
        "address": instance["host"],
        "volume_size": volume.get("size"),
        "volume_used_percent": used,
        "heartbeat_age": age,
        "replication_set": _printable(instance["replication_set"], _WORD_LENGTH),
        "replication_mode": _printable(instance["replication_mode"], _WORD_LENGTH),
        "follows": _printable(instance["follows"], _WORD_LENGTH),
        "lag": _sensible(heartbeat.get("lag"), _LAST_SECOND),
        "replicates": heartbeat.get("replicates"),
        "ticket_expires": None if expires is None else _iso(expires),
        "ticket_seconds_left": None if expires is None else expires - int(now),
        "marks": [mark for mark, set_ in _marks(age, used, expires, now).items() if set_],
    }


def _marks(age: float | None, used: int | None, expires: int | None, now: float) -> dict[str, bool]:
    return {
        "heartbeat_stale": age is not None and age > STALE_AFTER,
        "volume_nearly_full": used is not None and used >= NEARLY_FULL,
        "ticket_expiring": expires is not None and now < expires < now + EXPIRING_WITHIN,
        "ticket_expired": expires is not None and expires <= now,
    }


def _replication_sets(rows: list[Row]) -> list[dict[str, t.Any]]:
    """By the name of the primary. Where the record is not known, several may hold themselves for it: one is shown as that, the others beneath it."""
    sets = collections.defaultdict(list)
    for row in rows:
        if row["replication_set"]:
            sets[row["replication_set"]].append(row)
    found = [_replication_set(identity, members) for identity, members in sets.items()]
    return sorted(found, key=lambda one: (one["primary"] is None, (one["primary"] or {}).get("name", ""), one["id"]))


def _replication_set(identity: str, members: list[Row]) -> dict[str, t.Any]:
    ranked = sorted(members, key=lambda row: (row["role"] != "primary", row["name"]))
    led = ranked[0]["role"] == "primary"
    return {
        "id": identity,
        "mode": members[0]["replication_mode"],
        "primary": _member(ranked[0]) if led else None,
        "replicas": _branches(ranked[1:] if led else ranked),
    }


def _branches(replicas: list[Row]) -> list[Row]:
    """Those that follow the primary, each with those that follow it. Everybody is there once, whatever is told."""
    uids, left = {row["uid"] for row in replicas}, list(replicas)

    def following(uid: str) -> list[Row]:
        mine = [row for row in left if (row["follows"] if row["follows"] in uids else "") == uid]
        left[:] = [row for row in left if row not in mine]
        return [{**_member(row), "replicas": following(row["uid"])} for row in mine]

    found = following("")
    return found + [{**_member(row), "replicas": []} for row in left]


def _member(row: Row) -> Row:
    """How one that is not heard any more followed tells nothing."""
    follows: Row = {} if "heartbeat_stale" in row["marks"] else row
    return {name: row[name] for name in ("name", "role", "status")} | {
        name: follows.get(name) for name in ("lag", "replicates")
    }


def _precedence(row: Row) -> tuple[int, str, bool, str]:
    """A status that this report does not know stands with those that nobody can vouch for."""
    status = row["status"]
    return ORDER.index(status if status in ORDER else "UNKNOWN"), status, not row["marks"], row["name"]


def _printable(text: str, length: int) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:length])


def _sensible(number: int | None, limit: int) -> int | None:
    return number if number is not None and 0 <= number <= limit else None


def _iso(second: int) -> str:
    return datetime.datetime.fromtimestamp(second, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
