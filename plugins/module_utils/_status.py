# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of an instance as Trove's users know it: one pure function. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import Anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import STALE_AFTER, Heartbeat

_NOVA = {
    "BUILD": "BUILD",
    "REBUILD": "BUILD",
    "REBOOT": "REBOOT",
    "HARD_REBOOT": "REBOOT",
    "RESIZE": "RESIZE",
    "VERIFY_RESIZE": "RESIZE",
    "REVERT_RESIZE": "RESIZE",
    "MIGRATING": "RESIZE",
    "ERROR": "ERROR",
    "UNKNOWN": "UNKNOWN",
    "PASSWORD": "ACTIVE",
}
"""Nova's status to ours; every status that is not listed means that the server does not run: SHUTDOWN."""

_AGENT = {
    "NEW": "BUILD",
    "BUILD": "BUILD",
    "ACTIVE": "ACTIVE",
    "SHUTDOWN": "SHUTDOWN",
    "BLOCKED": "BLOCKED",
    "FAILED": "FAILED",
    "RESTART_REQUIRED": "RESTART_REQUIRED",
}

_TASK = {
    "create": "BUILD",
    "delete": "SHUTDOWN",
    "reboot": "REBOOT",
    "rebuild": "BUILD",
    "start": "REBOOT",
    "resize": "RESIZE",
    "migrate": "RESIZE",
}
"""The task on the anchor while the agent is not yet heard again; a task that is not listed does not change the status."""
_CLOSING = {"upgrade": "UPGRADE"}
"""Tasks during which no client is let in, whatever the agent says of the datastore."""
_BLOCKED = {
    "space": "writes are stopped because the data volume is {full}; a larger volume heals it (playbook instance_resize with volume_size)",
    "closed": "no client is let in: an upgrade, or a deletion after a last backup, was interrupted; the same playbook finishes it, and"
    " playbook instance_upgrade lets clients in again",
    "role": "it has not read in its set's record yet that it is the primary: until then no client is let in",
    "orphan": "it is a replica that follows nobody, and takes no writes: playbook replica_rejoin has it be what its set's record says",
    "receipts": "writes wait for receipts of more replicas than give them: playbook instance_start starts those that are stopped, replica_rejoin has the"
    " primary wait for those that are there",
}
"""The agent's causes of BLOCKED, and what can be done then."""
_LASTING = ("space", "closed", "orphan")
"""Those with which a datastore does what it may, and which no waiting ends."""


WORKING = ("ACTIVE", "RESTART_REQUIRED", "UNKNOWN")
"""Statuses of a datastore that works; UNKNOWN: without a store nothing is ever heard."""
BROKEN = ("ERROR", "FAILED")
"""Statuses with which it ends badly; with any other it goes on waiting."""


def works(status: str, cause: str) -> bool:
    """Whether the datastore does what it may: operations end well with that, and the status tells the rest."""
    return status in WORKING or (status == "BLOCKED" and cause in _LASTING)


class Status(t.NamedTuple):
    """status: Trove's word. fault: a sentence where something is wrong, else empty."""

    status: str
    fault: str = ""


def instance_status(
    nova_status: str | None,
    anchor: Anchor,
    heartbeat: Heartbeat | None,
    *,
    now: float,
    store_reachable: bool = True,
) -> Status:
    """Status from Nova's status (None: no server), the anchor's task and fault, and the heartbeat with its age.

    now: epoch seconds; a heartbeat from before the start of the current task says nothing about the server after it.
    Order: a running delete; a missing server; Nova's word unless the server is ACTIVE; then the agent's word.
    A fault that the last operation recorded makes an instance that is not healthy an ERROR.
    """
    if anchor.task == "delete" and not anchor.fault:
        return Status("SHUTDOWN")
    if nova_status is None:
        if anchor.task == "create" and not anchor.fault:
            return Status("BUILD")
        return Status("ERROR", anchor.fault or "the server is missing")
    nova = "ACTIVE" if nova_status == "ACTIVE" else _NOVA.get(nova_status, "SHUTDOWN")
    if nova == "ERROR":
        return Status("ERROR", anchor.fault or "Nova reports the server in ERROR")
    if nova != "ACTIVE":
        return Status(nova, anchor.fault)
    if not store_reachable:
        return Status("UNKNOWN", "the object store cannot be reached")
    return _status_of_running_server(anchor, heartbeat, now)


def _status_of_running_server(anchor: Anchor, heartbeat: Heartbeat | None, now: float) -> Status:
    if anchor.task in _CLOSING:
        return Status(_CLOSING[anchor.task], anchor.fault)
    from_before = heartbeat is not None and anchor.task in _TASK and heartbeat.age > now - anchor.since
    if heartbeat is not None and not heartbeat.stale and not from_before:
        status = _AGENT.get(heartbeat.status, "UNKNOWN")
        if status == "ACTIVE":
            return Status("ACTIVE")
        if status == "BLOCKED" and heartbeat.cause in _BLOCKED:
            full = "nearly full" if heartbeat.used is None else f"{heartbeat.used} % full"
            why = _BLOCKED[heartbeat.cause].format(full=full)
            return Status(status, "; ".join(filter(None, [why, anchor.fault])))
        if not anchor.fault:
            return Status(status, "" if status in ("BUILD", "SHUTDOWN") else f"the agent reports {heartbeat.status}")
        return Status("ERROR" if status == "BUILD" else status, anchor.fault)
    if anchor.fault:
        return Status("ERROR", anchor.fault)
    if anchor.task in _TASK:
        return Status(_TASK[anchor.task])
    if heartbeat is None:
        return Status("ERROR", "the agent has never been heard")
    return Status("ERROR", f"no heartbeat for {int(heartbeat.age)} s, more than {STALE_AFTER} s")
