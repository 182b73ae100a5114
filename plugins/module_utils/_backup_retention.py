# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups of an instance a retention policy keeps. Pure; private to the collection."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _backup
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import Known, Summary
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

_PERIODS: dict[str, t.Callable[[datetime.datetime], tuple[int, ...]]] = {
    "hourly": lambda time: (time.year, time.month, time.day, time.hour),
    "daily": lambda time: (time.year, time.month, time.day),
    "weekly": lambda time: time.isocalendar()[:2],
    "monthly": lambda time: (time.year, time.month),
}
"""The period of a time, by the policy's word; later ones are greater."""

_LOOK_SECONDS = 86400


@dataclasses.dataclass(frozen=True)
class Policy:
    """Of so many hours, days, weeks (from Monday on) and months, by UTC, in which there are backups, the newest of each is kept.

    minimum: so many of the newest are kept, whenever they were taken.
    """

    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    minimum: int = 1


def kept(known: t.Sequence[Known], policy: Policy) -> dict[str, list[str]]:
    """Why each backup of an instance is kept, by id: words of the policy, or that another one follows it. known: all that there are of the instance.

    What is under way is kept, and so is everything that a kept one needs; a backup that cannot be restored any more counts for nothing.
    """
    why: dict[str, list[str]] = {one.id: ["under way"] for one in known if one.status == _backup.BUILDING}
    good = sorted((one for one in known if _is_good(known, one)), key=lambda one: (one.created, one.id), reverse=True)
    for one in good[: policy.minimum]:
        why.setdefault(one.id, []).append("minimum")
    for word, period in _PERIODS.items():
        newest: dict[tuple[int, ...], Known] = {}
        for one in good:
            newest.setdefault(period(datetime.datetime.fromisoformat(one.created)), one)
        for one in [newest[when] for when in sorted(newest, reverse=True)[: getattr(policy, word)]]:
            why.setdefault(one.id, []).append(word)
    by_id = {one.id: one for one in known}
    for identity in list(why):
        for followed in _line(by_id, by_id[identity]):
            why.setdefault(followed, ["followed"])
    return why


def _is_good(known: t.Sequence[Known], one: Known) -> bool:
    try:
        return one.status == _backup.COMPLETED and bool(_backup.chain(known, one))
    except DbaasError:
        return False


def removable(known: t.Sequence[Known], policy: Policy, now: int) -> list[Known]:
    """What goes, each before the one that it follows. known: all that there are of the instance. now: in seconds since 1970.

    What has failed stays for a day for people to look at, unless a good one has been taken since.
    """
    current = [dataclasses.replace(one, status=_backup.status(one, sent=False, now=now)) for one in known]
    why = kept(current, policy)
    newest = max((one.created for one in current if _is_good(current, one)), default="")
    recent = _backup.utc(now - _LOOK_SECONDS)
    gone = [
        one
        for one, seen in zip(known, current, strict=True)
        if one.id not in why and not (seen.status == _backup.FAILED and one.created > max(newest, recent))
    ]
    by_id = {one.id: one for one in known}
    return sorted(gone, key=lambda one: (len(_line(by_id, one)), one.created), reverse=True)


def _line(by_id: t.Mapping[str, Known], one: Summary) -> list[str]:
    """The ids of those that it follows, as far as they are there."""
    found: list[str] = []
    parent = by_id.get(one.parent)
    while parent is not None:
        found.append(parent.id)
        parent = by_id.get(parent.parent)
    return found


def outside(rows: t.Iterable[t.Mapping[str, t.Any]], folders: t.Container[str], before: str) -> list[str]:
    """Of a listing, the names that lie in none of the folders, each with a slash at its end, and were written before that time (ISO 8601)."""
    return [
        row["name"]
        for row in rows
        if row["name"].rpartition("/")[0] + "/" not in folders and row["last_modified"] < before
    ]
