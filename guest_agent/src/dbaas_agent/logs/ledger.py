# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was published of each log, kept on the data volume; and the word for how a log stands. The words are Trove's."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from dbaas_agent.config import Config
from dbaas_agent.fsutil import read_object, write_atomic
from dbaas_agent.logs.source import Amount

DISABLED = "DISABLED"
"""It is not written, and there is nothing of it."""
ENABLED = "ENABLED"
"""It is written, and there is nothing of it yet."""
READY = "READY"
"""There is something, and nothing of it was published."""
PARTIAL = "PARTIAL"
"""There is more than was published."""
PUBLISHED = "PUBLISHED"
"""Everything was published."""
ROTATED = "ROTATED"
"""Something is gone that was not published."""
UNAVAILABLE = "UNAVAILABLE"
"""It cannot be read."""


@dataclass(frozen=True)
class Published:
    """Up to the cursor. time: epoch second of the last one. round: how often what was published was gone, and all that is there was published."""

    cursor: str
    bytes: int
    lines: int
    time: int
    round: int = 0


def word(enabled: bool, found: Amount, pending: Amount, published: Published | None, lost: bool) -> str:
    """How a log stands that can be read."""
    if lost:
        return ROTATED
    if published is None and not found.bytes:
        return ENABLED if enabled else DISABLED
    if published is None:
        return READY
    return PARTIAL if pending.bytes else PUBLISHED


class Ledger:
    """What was published, by log. A file that somebody damaged counts as none: things are published twice then, and none is left out."""

    def __init__(self, config: Config) -> None:
        self._path = os.path.join(config.mount_point, ".dbaas-logs.json")

    def read(self) -> dict[str, Published]:
        try:
            given: dict[str, Any] = read_object(self._path) or {}
            return {name: Published(**told) for name, told in given.items()}
        except (TypeError, ValueError):
            return {}

    def write(self, name: str, published: Published | None) -> None:
        """None: nothing of it."""
        known = {**self.read(), name: published}
        kept = {name: asdict(one) for name, one in known.items() if one is not None}
        write_atomic(self._path, json.dumps(kept).encode())
