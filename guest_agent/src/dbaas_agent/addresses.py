# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the server have the addresses of its replication set that belong to its part: each part is a unit of its own, asked of PID 1."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable, Mapping, Sequence

from dbaas_agent import systemd
from dbaas_agent.errors import AgentError
from dbaas_agent.jsonlog import log
from dbaas_agent.sandbox import SANDBOX

WRITER, READER = "writer", "reader"
LOOK_SECONDS = 10.0
_SECONDS = 20.0
_GONE = ("inactive", "failed")
# systemd would put its own variables in.
_TAKE_AWAY = "/bin/sh -c 'for one; do ip address flush to \"$$one\"; done' sh"
_PROPERTIES = {
    "Type": "exec",
    "Restart": "always",
    "RestartSec": "2",
    "StartLimitIntervalSec": "0",
    "NotifyAccess": "main",
    "TimeoutStopSec": "10",
    "SyslogIdentifier": "dbaas-address",
    "OOMScoreAdjust": "-500",
    "TasksMax": "8",
    **SANDBOX,
    "CapabilityBoundingSet": "CAP_NET_ADMIN CAP_NET_RAW",
    "RestrictAddressFamilies": "AF_UNIX AF_NETLINK AF_PACKET",
}


def canonical(name: str, told: Iterable[str]) -> list[str]:
    """Addresses in the form in which they are compared. AgentError(invalid) when one is none; name: of the argument."""
    try:
        return sorted({str(ipaddress.ip_address(one)) for one in told})
    except ValueError as fault:
        raise AgentError("invalid", f"{name}: {fault}") from fault


class Addresses:
    """command: what holds addresses that stand behind it. trouble: why they are not as they should be."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._held: dict[str, Sequence[str]] = {}
        self._next_look = 0.0
        self.trouble = ""

    def look(self, wanted: Mapping[str, Sequence[str]]) -> bool:
        """Have those, and no others, at once when others are wanted than before; whether there is something new to tell."""
        if wanted == self._held and (not any(wanted.values()) or time.monotonic() < self._next_look):
            return False
        self._next_look = time.monotonic() + LOOK_SECONDS
        before = self.trouble
        try:
            faults = [
                self._have(f"dbaas-address-{part}", addresses)
                for part, addresses in wanted.items()
                if addresses or self._held.get(part) != addresses
            ]
            fault, self._held = "; ".join(filter(None, faults)), dict(wanted)
        except (AgentError, OSError) as error:
            fault, self._held = str(error), {}
        self.trouble = f"the addresses of the set are not as they should be: {fault}" if fault else ""
        return self.trouble != before

    def _have(self, unit: str, addresses: Sequence[str]) -> str:
        """What the unit says that is in the way."""
        shown = " ".join(addresses)
        there = systemd.show(unit)
        if (there.active in _GONE) if not addresses else (there.active == "active" and there.description == shown):
            return there.status
        systemd.end_transient(unit)
        if addresses:
            more = {"Description": shown, "ExecStopPost": f"{_TAKE_AWAY} {shown}"}
            systemd.start_transient(unit, [*self._command, *addresses], {**_PROPERTIES, **more}, _SECONDS)
        log("addresses", unit=unit, addresses=list(addresses))
        return ""
