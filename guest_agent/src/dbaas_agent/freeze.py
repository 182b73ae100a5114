# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to the data volume stand still, for so many seconds at most: PID 1 sees to the end, whatever becomes of the agent or of who asked."""

from __future__ import annotations

from typing import Any

from dbaas_agent import systemd
from dbaas_agent.errors import AgentError

LONGEST = 60
_GUARD = "dbaas-thaw"
_FREEZE = "dbaas-freeze"


def begin(path: str, seconds: int, check: bool) -> dict[str, Any]:
    """Freeze the file system that is mounted there."""
    if not 1 <= seconds <= LONGEST:
        raise AgentError("invalid", f"args.seconds: {seconds} is not from 1 to {LONGEST}")
    if not check:
        properties = {"RuntimeMaxSec": str(seconds), "ExecStopPost": f"-/usr/sbin/fsfreeze --unfreeze {path}"}
        systemd.end_transient(_GUARD)
        systemd.start_transient(_GUARD, ["sleep", "infinity"], properties, 30)
        try:
            systemd.run_outside(_FREEZE, ["fsfreeze", "--freeze", path], "root", "root", 30)
        except AgentError:
            systemd.end_transient(_GUARD)
            raise
    return {"changed": True, "diff": {"before": {"frozen": False}, "after": {"frozen": True}}}


def end(check: bool) -> dict[str, Any]:
    """Thaw it, if it is frozen."""
    frozen = systemd.show(f"{_GUARD}.service").active in ("active", "deactivating")
    if frozen and not check:
        systemd.end_transient(_GUARD)
    return {"changed": frozen, "diff": {"before": {"frozen": frozen}, "after": {"frozen": False}}}
