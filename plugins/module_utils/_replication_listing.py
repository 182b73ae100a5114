# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the record of a replication set stands in the listing of its folder. Pure; private to the collection.

The content type carries the summary, so that one listing tells the sets of a fleet:
application/vnd.dbaas.set+json;primary=6f1c0d2e3b4a59687766554433221101;mode=async
Where replicas follow replicas, follows=UID-UID.UID-UID says who follows whom.
"""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ReplicationSet

MEDIA_TYPE = "application/vnd.dbaas.set+json"


class Listed(t.NamedTuple):
    """primary: its uid. mode: see ReplicationSet. follows: for the uid of who follows a replica that one's."""

    primary: str
    mode: str
    follows: t.Mapping[str, str] = {}

    def role(self, uid: str) -> str:
        """Of an instance whose volume names the set."""
        return "primary" if uid == self.primary else "replica"


def content_type(kept: ReplicationSet) -> str:
    """Of the record."""
    links = [f"{uid}-{source}" for uid, source in kept.cascade().items() if source != kept.primary]
    follows = f";follows={'.'.join(links)}" if links else ""
    return f"{MEDIA_TYPE};primary={kept.primary};mode={kept.mode}{follows}"


def parse(told: str) -> Listed | None:
    """What a content type tells; None if it is not one of a set."""
    media_type, *parameters = (part.strip() for part in told.split(";"))
    words = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
    if media_type != MEDIA_TYPE or not words.get("primary"):
        return None
    links = (link.partition("-") for link in words.get("follows", "").split(".") if link)
    return Listed(words["primary"], words.get("mode", ""), {uid: source for uid, _dash, source in links})
