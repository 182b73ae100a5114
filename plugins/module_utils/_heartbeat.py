# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a heartbeat stands in the listing of its container. Pure; private to the collection.

The content type of the object carries the summary, so that one listing tells the state of a fleet:
application/vnd.dbaas.heartbeat+json;status=ACTIVE;role=primary;lag=0;used=12;expires=1795000000
Beside a status that has several causes stands cause=WORD. Who follows another one tells replicates=yes or no.
Swift stores the parameters as sent and takes blanks after ";" away; others may keep them.
"""

from __future__ import annotations

import dataclasses
import datetime
import email.utils

MEDIA_TYPE = "application/vnd.dbaas.heartbeat+json"
STALE_AFTER = 90
"""Seconds: three beats of 30 seconds."""


@dataclasses.dataclass(frozen=True)
class Heartbeat:
    """status, role: words of the agent. lag: seconds behind the source. used: percent of the data volume.
    expires: epoch seconds of the ticket's end, 0 if not told. age: seconds since it was written, by the store's clock.
    cause: a word where the status has several causes; agents before the guard of the space tell none.
    replicates: whether it hears the one that it follows, and applies what it hears; None: it follows nobody, or does not tell.
    """

    status: str
    role: str = ""
    lag: int | None = None
    used: int | None = None
    expires: int = 0
    age: float = 0.0
    cause: str = ""
    replicates: bool | None = None

    @property
    def stale(self) -> bool:
        return self.age > STALE_AFTER


def parse(content_type: str, age: float) -> Heartbeat | None:
    """The heartbeat that a content type tells; None if it is not one."""
    media_type, *parameters = (part.strip() for part in content_type.split(";"))
    if media_type != MEDIA_TYPE:
        return None
    told = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
    return Heartbeat(
        status=told.get("status", ""),
        role=told.get("role", ""),
        lag=_number(told.get("lag")),
        used=_number(told.get("used")),
        expires=_number(told.get("expires")) or 0,
        age=age,
        cause=told.get("cause", ""),
        replicates={"yes": True, "no": False}.get(told.get("replicates", "")),
    )


def age_of_row(last_modified: str, date_header: str) -> float:
    """Seconds between a listing row's last_modified (ISO 8601, UTC) and the listing's own Date header; never negative."""
    written = datetime.datetime.fromisoformat(last_modified.rstrip("Z")).replace(tzinfo=datetime.UTC)
    return max(0.0, (email.utils.parsedate_to_datetime(date_header) - written).total_seconds())


def age_of_object(last_modified_header: str, date_header: str) -> float:
    """The same from the headers of a HEAD."""
    written = email.utils.parsedate_to_datetime(last_modified_header)
    return max(0.0, (email.utils.parsedate_to_datetime(date_header) - written).total_seconds())


def _number(text: str | None) -> int | None:
    try:
        number = -1 if text is None else int(text)
    except ValueError:
        return None
    return number if number >= 0 else None
