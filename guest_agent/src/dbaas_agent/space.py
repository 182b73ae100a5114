# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When writes stop because the data volume fills, and when they go on: pure rules. Sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MIB = 1048576
LOOK_SECONDS = 1.0
"""Between two looks at the space; the rules hold for writers of any constant rate that are looked at this often."""
_RESERVE_PERCENT = 5
_RESERVE_LEAST = 64 * MIB
_RESERVE_MOST = 2048 * MIB
_HURRY_LOOKS = 4
_TIGHT_RESERVES = 3


@dataclass(frozen=True)
class Space:
    """size: of the file system. free: what an ordinary user may still take. at: seconds of a monotonic clock."""

    size: int
    free: int
    used_percent: int
    at: float


@dataclass(frozen=True)
class Hold:
    """Writes are stopped. free, used_percent: when that was decided; ours: the guard stopped them, nobody before it."""

    free: int
    used_percent: int
    ours: bool

    def shown(self) -> dict[str, Any]:
        return {"free": self.free, "used_percent": self.used_percent, "ours": self.ours}


def parse_hold(given: dict[str, Any]) -> Hold:
    """The hold that ``shown`` showed; ValueError when it is none."""
    try:
        return Hold(int(given["free"]), int(given["used_percent"]), bool(given["ours"]))
    except (KeyError, TypeError) as fault:
        raise ValueError(f"no hold: {fault}") from fault


def reserve(size: int) -> int:
    """What no writer may take: enough for the server's own work and for its start."""
    return min(max(size * _RESERVE_PERCENT // 100, _RESERVE_LEAST), _RESERVE_MOST)


def taken(now: Space, before: Space | None) -> int:
    """What was taken since the look before, which is at least about LOOK_SECONDS old."""
    return max(0, before.free - now.free) if before else 0


def base(now: Space, before: Space | None) -> Space:
    """The look that the next one is compared with: not one of just now, which would say nothing of the pace."""
    return now if before is None or now.at - before.at >= LOOK_SECONDS else before


def is_tight(now: Space) -> bool:
    """So little is left that what can be done without should go, before writes have to stop."""
    return now.free <= _TIGHT_RESERVES * reserve(now.size)


def must_stop(now: Space, before: Space | None) -> bool:
    """Within the reserve, or so fast that the look after the next one would come too late."""
    return now.free <= max(reserve(now.size), 2 * taken(now, before))


def must_hurry(now: Space, before: Space | None, hold: Hold) -> bool:
    """Whether there is no time to wait for those who write at present."""
    return now.free <= max(hold.free * 3 // 4, _HURRY_LOOKS * taken(now, before))


def may_go_on(now: Space, hold: Hold) -> bool:
    """Clearly more is free than when writes were stopped: what merely ebbs does not let them go on."""
    kept = reserve(now.size)
    return now.free > max(kept, hold.free) + kept // 4
