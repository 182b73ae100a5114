# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this server is in a replication set, and whether it may take writes: decisions, and the file that keeps it beside the data."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from dbaas_agent.config import Config
from dbaas_agent.fsutil import read_object, remove, write_atomic
from dbaas_agent.jsonlog import log
from dbaas_agent.replication import PRIMARY, REPLICA

_FILE = "membership.json"
_BOOT = "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Membership:
    """set: its id. reign: the number of the primary that this was told of. role: what it is while that one is primary.

    record: a ticket to read the set's record, a secret. confirmed: the boot for which it is certain that it is primary.
    """

    set: str
    reign: int
    role: str
    server_id: int
    record: str = field(repr=False)
    confirmed: str = ""

    def may_write(self, boot: str) -> bool:
        """Until the next boot: one that was away may have missed that another one became primary."""
        return self.role == PRIMARY and self.confirmed == boot

    def after(self, told: Mapping[str, Any], uid: str, boot: str) -> Membership:
        """With what the set's record says. What it said before this reign is old, and tells nothing."""
        reign = told.get("reign")
        if told.get("id") != self.set or isinstance(reign, bool) or not isinstance(reign, int) or reign < self.reign:
            return self
        if told.get("primary") != uid:
            return replace(self, role=REPLICA, confirmed="")
        return replace(self, confirmed=boot) if self.role == PRIMARY and reign == self.reign else self

    def shown(self) -> dict[str, Any]:
        """For a diff, and for the status document."""
        return {name: value for name, value in asdict(self).items() if name not in ("record", "confirmed")}


def boot() -> str:
    """What differs with each boot."""
    with open(_BOOT, encoding="ascii") as file:
        return file.read().strip()


def read(config: Config) -> Membership | None:
    """What is kept; None where it is a member of none. What another instance left there, of whose volume this one is a copy, counts for nothing."""
    try:
        kept = read_object(path(config))
    except (OSError, ValueError) as fault:
        return _unknown(type(fault).__name__)
    if kept is None or kept.pop("uid", None) != config.uid:
        return None
    known = {one.name for one in fields(Membership)}
    try:
        return Membership(**{name: value for name, value in kept.items() if name in known})
    except TypeError as fault:
        return _unknown(type(fault).__name__)


def _unknown(fault: str) -> Membership:
    """A member of a set that nobody knows any more: it takes no writes until it is told anew what it is."""
    log("membership_invalid", "error", fault=fault)
    return Membership("", 0, REPLICA, 0, "")


def keep(config: Config, member: Membership | None) -> None:
    """None: a member of none."""
    if member is None:
        remove(path(config))
    else:
        write_atomic(path(config), json.dumps({"uid": config.uid, **asdict(member)}).encode())


def path(config: Config) -> str:
    """Of the file that keeps it."""
    return os.path.join(config.mount_point, _FILE)
