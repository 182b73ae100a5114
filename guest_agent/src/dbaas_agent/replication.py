# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server tells of its part in replication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

ACCOUNT = "dbaas_replica_[0-9a-f]{8}"
"""The accounts by which replicas come: they are the system's."""
PRIMARY, REPLICA = "primary", "replica"
GTID_SET, GTID_STATE, WAL = "gtid_set", "gtid_state", "wal"
"""How histories of writes are written: MySQL's sets, MariaDB's states, PostgreSQL's timelines with where each begins and ends."""


def account(uid: str) -> str:
    """The name of the account by which an instance follows another one; PostgreSQL knows it by that name as a standby."""
    return f"dbaas_replica_{uid[:8]}"


@dataclass(frozen=True)
class Source:
    """Whom it follows. receiving, applying: whether it does that now; fault: why not. delay: seconds by which it stays behind on purpose."""

    host: str
    port: int
    receiving: bool
    applying: bool
    fault: str = ""
    delay: int = 0

    def shown(self) -> dict[str, Any]:
        """For a diff."""
        return {"host": self.host, "port": self.port, "delay": self.delay}


@dataclass(frozen=True)
class Upstream:
    """Whom to follow, and how. password: of the account there; None: it is known already. ca_file: the authority of its certificate; empty: without TLS.

    delay: seconds. position: for data that were just restored, what the record of their backup says.
    """

    host: str
    port: int
    user: str
    password: str | None = field(default=None, repr=False)
    ca_file: str = ""
    delay: int = 0
    position: Mapping[str, Any] | None = None

    def is_followed(self, source: Source | None) -> bool:
        """Whether that is so already, as far as it can be seen."""
        told = self.password is not None or self.position is not None
        return not told and source is not None and source.shown() == self.shown()

    def shown(self) -> dict[str, Any]:
        """For a diff."""
        return {"host": self.host, "port": self.port, "delay": self.delay}


@dataclass(frozen=True)
class Receipts:
    """Whether a server waits for receipts of replicas before it tells a client that something is kept. replicas: how many give them now."""

    waits: bool
    replicas: int


@dataclass(frozen=True)
class Facts:
    """kind: how the histories are written. line: the line of them into which this server would write. writable: whether clients can write.

    received: what is on its disk; applied: what is in its tables. lag: seconds by which they are behind the source; None: not known.
    receipts: None for one that cannot wait for any.
    """

    kind: str
    line: str
    writable: bool
    received: str
    applied: str
    lag: int | None = 0
    source: Source | None = None
    receipts: Receipts | None = None

    @property
    def role(self) -> str:
        """Whoever follows somebody is a replica, also while it does not hear of it."""
        return REPLICA if self.source else PRIMARY

    def shown(self) -> dict[str, Any]:
        """For the status document."""
        return asdict(self)


def replicates(shown: Mapping[str, Any] | None) -> bool | None:
    """Whether a server that shows these facts hears the one that it follows, and applies what it hears; None: it follows nobody."""
    source = (shown or {}).get("source")
    return None if source is None else source["receiving"] and source["applying"]
