# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a store can do, and what does not work without it. Pure; private to the collection.

Swift and Ceph RGW differ, so that a trial counts most, then what the store tells of itself; what neither shows is not known.
"""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse
from http import HTTPStatus

from ansible_collections.dbaas.openstack.plugins.module_utils import _heartbeat

DIGEST = "sha256"
METHOD = "PUT"
"""What a guest does with its ticket."""


@dataclasses.dataclass(frozen=True)
class Features:
    """reachable: whether this user can use the store at all; fault says why not. The rest: None for not known.
    tempurl: URLs for one object, with the container's key and DIGEST. tempurl_prefix: the same for all objects below a prefix.
    listed_content_type: listings tell the content types of objects whole."""

    reachable: bool
    fault: str | None = None
    tempurl: bool | None = None
    tempurl_prefix: bool | None = None
    listed_content_type: bool | None = None


_NEEDS = {
    "reachable": "no heartbeats, so the status of instances is UNKNOWN; no backups",
    "tempurl": f"guests get no tickets, as TempURLs with {DIGEST.upper()} and a container's key are not honoured: no heartbeats,"
    " so the status of instances is UNKNOWN; no backups",
    "tempurl_prefix": "no backups, as TempURLs for a prefix are not honoured",
    "listed_content_type": "no status from one listing, as it does not tell the content types of heartbeats",
}
"""By feature, what does not work without it."""


def missing(features: Features) -> list[str]:
    """A sentence for each feature that is known to be missing."""
    told = dataclasses.asdict(features)
    because = f" ({features.fault})" if features.fault else ""
    return [f"object store: {lost}{because}" for feature, lost in _NEEDS.items() if told[feature] is False]


def info_url(endpoint: str) -> str:
    """Where a store tells of itself: beside its version, without the account."""
    parts = urllib.parse.urlsplit(endpoint)
    root = parts.path.partition("/v1")[0].rstrip("/")
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, f"{root}/info", "", ""))


def told_tempurl(info: t.Any) -> bool | None:
    """Whether a store that answers with this on /info honours the TempURLs of guests."""
    if not isinstance(info, dict) or "swift" not in info:
        return None
    told = info.get("tempurl")
    if not isinstance(told, dict) or METHOD not in told.get("methods", [METHOD]):
        return False
    digests = told.get("allowed_digests")
    return None if digests is None else DIGEST in digests


def honoured(status: int) -> bool | None:
    """What the answer to a HEAD with a TempURL says of it; its object need not be there."""
    if status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
        return True
    return False if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) else None


def tells_content_type(listed: str, own: str) -> bool | None:
    """Whether a listing tells the content type of a heartbeat whole. own: as the object itself has it."""
    return _has_status(listed) if _has_status(own) else None


def _has_status(content_type: str) -> bool:
    heartbeat = _heartbeat.parse(content_type, 0)
    return heartbeat is not None and heartbeat.status != ""
