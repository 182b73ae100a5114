# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The anchor of an instance: what its own security group's description and tags say. Pure; private to the collection.

The description holds compact JSON behind a prefix, at most 255 characters (the limit of Neutron):
uid, the current task with its start (epoch seconds), and the last fault, cut to fit.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
import uuid

TAG = "dbaas"
PROTECTED_TAG = "dbaas-protected"
DESCRIPTION_LIMIT = 255
_PREFIX = "dbaas "


def new_uid() -> str:
    """A random identity: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def owned_description(uid: str) -> str:
    """The description of a port, floating address or further security group that belongs to the instance."""
    return f"dbaas_uid={uid}"


def server_tag(uid: str) -> str:
    """The tag by which Nova finds the server of one instance, and the name of a server group that was made for it."""
    return f"dbaas-{uid}"


def tagged(tag: str) -> str:
    """The uid of the instance whose tag or server group's name it is; empty for any other."""
    found = re.fullmatch(r"dbaas-([0-9a-f]{32})", tag)
    return found[1] if found else ""


@dataclasses.dataclass(frozen=True)
class Anchor:
    """What the description says. since: epoch seconds at which the task began, 0 without a task."""

    uid: str
    task: str = ""
    since: int = 0
    fault: str = ""

    def encode(self) -> str:
        """The description; a fault that is too long loses its end. ValueError if even the task is too long."""
        fields: dict[str, t.Any] = {"uid": self.uid}
        if self.task:
            fields.update(task=self.task, since=self.since)
        fault = self.fault
        while True:
            text = _PREFIX + json.dumps({**fields, "fault": fault} if fault else fields, separators=(",", ":"))
            if len(text) <= DESCRIPTION_LIMIT:
                return text
            if not fault:
                raise ValueError(f"the task {self.task!r} does not fit")
            # JSON writes a character as twelve at most: never cut more than is too much
            fault = fault[: len(fault) - max(1, (len(text) - DESCRIPTION_LIMIT) // 12)]


def decode(description: str | None) -> Anchor | None:
    """The anchor that a description stands for; None for any other description."""
    if not description or not description.startswith(_PREFIX):
        return None
    try:
        fields = json.loads(description[len(_PREFIX) :])
        uid = fields["uid"]
        anchor = Anchor(uid, fields.get("task", ""), int(fields.get("since", 0)), fields.get("fault", ""))
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    well_formed = isinstance(uid, str) and isinstance(anchor.task, str) and isinstance(anchor.fault, str)
    return anchor if well_formed and uid else None
