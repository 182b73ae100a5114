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

from dbaas_agent.addresses import READER, WRITER
from dbaas_agent.config import Config
from dbaas_agent.fsutil import read_object, remove, write_atomic
from dbaas_agent.jsonlog import log
from dbaas_agent.replication import PRIMARY, REPLICA, account

_FILE = "membership.json"
_BOOT = "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Membership:
    """set: its id. reign: the number of the primary that this was told of. role: what it is while that one is primary.

    record: a ticket to read the set's record, a secret; record_expires: the epoch second of its end; 0: it was not told.
    confirmed: the boot for which it is certain that it is primary.
    receipts: of how many replicas the primary waits before it tells a client that something is kept; wanted: of how many it is to wait
    when all are there; receivers: the accounts of those whose receipts count.
    writer_addresses: those that the primary has while it takes writes; reader_addresses: those that this one has, whatever it is.
    endpoint_addresses: all at which clients reach the set, which the server's certificate names.
    """

    set: str
    reign: int
    role: str
    server_id: int
    record: str = field(repr=False)
    confirmed: str = ""
    record_expires: int = 0
    receipts: int = 0
    wanted: int = 0
    receivers: list[str] = field(default_factory=list)
    writer_addresses: list[str] = field(default_factory=list)
    reader_addresses: list[str] = field(default_factory=list)
    endpoint_addresses: list[str] = field(default_factory=list)

    def gives_receipts(self, uid: str) -> bool:
        """Whether it is a replica of whose receipt a client's write may depend."""
        return self.role == REPLICA and account(uid) in self.receivers

    def may_write(self, boot: str) -> bool:
        """Until the next boot: one that was away may have missed that another one became primary."""
        return self.role == PRIMARY and self.confirmed == boot

    def addresses(self, boot: str) -> dict[str, list[str]]:
        """Those of the set that are to be here, by part."""
        return {WRITER: self.writer_addresses if self.may_write(boot) else [], READER: self.reader_addresses}

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
        return {
            name: value for name, value in asdict(self).items() if name not in ("record", "confirmed", "record_expires")
        }


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
