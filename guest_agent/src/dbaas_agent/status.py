# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status word as a pure function of what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dbaas_agent.clock import LIMIT, wrong
from dbaas_agent.membership import Membership
from dbaas_agent.replication import PRIMARY, Receipts
from dbaas_agent.space import MIB, Hold
from dbaas_agent.systemd import Unit

NEW = "NEW"
BUILD = "BUILD"
ACTIVE = "ACTIVE"
SHUTDOWN = "SHUTDOWN"
FAILED = "FAILED"
BLOCKED = "BLOCKED"
RESTART_REQUIRED = "RESTART_REQUIRED"
SPACE = "space"
"""The cause of BLOCKED when the data volume has no room for writes."""
CLOSED = "closed"
"""The cause of BLOCKED when no client is let in."""
ROLE = "role"
"""The cause of BLOCKED when it is not certain that this member is its set's primary."""
ORPHAN = "orphan"
"""The cause of BLOCKED when a member is not its set's primary, and follows nobody."""
RECEIPTS = "receipts"
"""The cause of BLOCKED when fewer replicas give receipts than the primary waits for: no write ends."""
LAPSED = "lapsed"
"""The cause that goes with a primary that works, and waits for the receipts of fewer replicas than it is to."""


@dataclass(frozen=True)
class Verdict:
    """A status word and, where something is wrong, what. cause: a word for programs where one status has several causes."""

    status: str
    fault: str = ""
    cause: str = ""


@dataclass(frozen=True)
class VolumeSeen:
    """What a look at the data volume found.

    prepared: a mount unit was written; fault: why the marker is not ours; state: the marker's state; under_way: the
    agent is bringing the volume to its mount point just now; released: it was unmounted by order.
    """

    prepared: bool
    mounted: bool
    fault: str = ""
    state: str = ""
    under_way: bool = False
    released: bool = False


def of_volume(seen: VolumeSeen) -> Verdict | None:
    """The verdict when the volume alone decides; None when the service must be asked."""
    if seen.under_way and (seen.fault or not seen.mounted):
        return Verdict(BUILD)
    if not seen.mounted and seen.released:
        return Verdict(SHUTDOWN)
    if not seen.mounted:
        return Verdict(FAILED, "the data volume is not mounted") if seen.prepared else Verdict(NEW)
    if seen.fault:
        return Verdict(FAILED, seen.fault)
    return Verdict(BUILD) if seen.state == "empty" else None


def of_service(unit: Unit, silence: str) -> Verdict:
    """The verdict on a datastore that gave no answer (``silence`` says how)."""
    if unit.load != "loaded":
        return Verdict(FAILED, f"the service is {unit.load or 'unknown'}")
    if unit.active in ("inactive", "deactivating") and unit.result == "success":
        return Verdict(SHUTDOWN)
    if unit.active in ("inactive", "deactivating", "failed") or unit.sub == "auto-restart":
        return Verdict(FAILED, f"the service is {unit.active} ({unit.result})")
    return Verdict(BLOCKED, silence)


def of_server(hold: Hold | None, trouble: str, closed: bool, pending: Sequence[str] = ()) -> Verdict:
    """The verdict on a datastore that answers (see guard.Guard). closed: it lets no client in. pending: parameters that only a restart changes."""
    if closed:
        fault = "no client is let in while an upgrade is under way; playbook instance_upgrade finishes one that was interrupted"
        return Verdict(BLOCKED, fault, CLOSED)
    if hold is None and pending:
        return Verdict(RESTART_REQUIRED, f"a restart is needed for {', '.join(pending)}")
    if hold is None:
        return Verdict(ACTIVE)
    # The figures of then, not those of now: another fault would be a heartbeat at once.
    full = f"the data volume was {hold.used_percent} % full with {hold.free // MIB} MiB free"
    lead = trouble or "writes are stopped"
    return Verdict(BLOCKED, f"{lead}: {full}; give it a larger volume (playbook instance_resize)", SPACE)


def with_role(verdict: Verdict, trouble: str, *, uncertain: bool, orphan: bool) -> Verdict:
    """The verdict with what keeps a member of a replication set from its role."""
    if uncertain and verdict.status == ACTIVE:
        fault = "the set's record cannot be read, so it is not certain that this is the primary: no client is let in"
        verdict = Verdict(BLOCKED, fault, ROLE)
    elif orphan and verdict.status == ACTIVE:
        fault = "it takes no writes and follows nobody: playbook replica_rejoin has each member be what the set's record says"
        verdict = Verdict(BLOCKED, fault, ORPHAN)
    return replace(verdict, fault="; ".join(filter(None, [verdict.fault, trouble])))


def with_receipts(verdict: Verdict, member: Membership | None, receipts: Receipts | None) -> Verdict:
    """The verdict with what a primary lacks of the receipts that it is to have."""
    if member is None or member.role != PRIMARY or not member.wanted or verdict.status != ACTIVE:
        return verdict
    waits, replicas = (receipts.waits, receipts.replicas) if receipts else (False, 0)
    if waits and replicas < member.receipts:
        fault = (
            f"writes wait for the receipts of {member.receipts} replicas, and {replicas} give them: playbook instance_start starts those that are stopped,"
            " replica_rejoin has the primary wait for those that are there"
        )
        return Verdict(BLOCKED, fault, RECEIPTS)
    if not waits or member.receipts < member.wanted:
        fault = (
            f"writes wait for the receipts of {member.receipts if waits else 0} replicas, and are to wait for {member.wanted}: playbook replica_rejoin"
            " has the primary wait for those that are there"
        )
        return replace(verdict, fault="; ".join(filter(None, [verdict.fault, fault])), cause=LAPSED)
    return verdict


def with_taken(verdict: Verdict, taken: Sequence[str]) -> Verdict:
    """The verdict with the files of settings that were taken back."""
    if not taken:
        return verdict
    files = ", ".join(path.rpartition("/")[2] for path in taken)
    fault = (
        f"the datastore did not start with its settings in {files}, and works with those of before; "
        "correct the configuration group (playbook configuration_set)"
    )
    return replace(verdict, fault="; ".join(filter(None, [verdict.fault, fault])))


def with_clock(verdict: Verdict, offset: int | None) -> Verdict:
    """The verdict with the clock's fault, which changes no status word: everybody judges by the store's clock."""
    if not wrong(offset):
        return verdict
    # Without the figure, which would be another fault, and a heartbeat at once, whenever it changes.
    fault = f"the guest's clock is off by more than {LIMIT} s, see clock_offset"
    return replace(verdict, fault="; ".join(filter(None, [verdict.fault, fault])))
