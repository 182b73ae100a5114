# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a job, and what follows from it: pure rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from dbaas_agent.errors import AgentError
from dbaas_agent.systemd import Unit

PENDING = "PENDING"
RUNNING = "RUNNING"
DONE = "DONE"
FAILED = "FAILED"
CANCELLED = "CANCELLED"
FINAL = frozenset({DONE, FAILED, CANCELLED})
_ALIVE = frozenset({"activating", "active", "deactivating", "reloading"})
_VANISHED = "vanished"
_ENDS = {
    "core-dump": "its process crashed",
    "exit-code": "its process failed before it could tell why",
    "oom-kill": "it was killed because memory ran out",
    "signal": "its process was killed",
    "timeout": "it did not end within {seconds} seconds",
    _VANISHED: "it ended without a result: it was stopped from outside, or the guest was restarted",
}


@dataclass(frozen=True)
class Request:
    """What was asked for, without its secrets; ``excludes``: the verbs refused while it runs; ``created`` is an epoch."""

    id: str
    kind: str
    args: dict[str, Any]
    seconds: int
    excludes: list[str]
    created: int


@dataclass(frozen=True)
class Progress:
    """How far a job is; done and total count what ``unit`` names, where that is known."""

    phase: str = ""
    item: str = ""
    done: int | None = None
    total: int | None = None
    unit: str = ""

    @property
    def percent(self) -> int | None:
        return min(100, 100 * (self.done or 0) // self.total) if self.total else None

    def shown(self) -> dict[str, Any]:
        return {**self.__dict__, "percent": self.percent}


@dataclass(frozen=True)
class State:
    """Where a job stands; ``error`` has the form of a refusal (reason, msg, details)."""

    state: str = PENDING
    progress: Progress = field(default_factory=Progress)
    ended: int | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        return self.state in FINAL


@dataclass(frozen=True)
class Record:
    """One job as its journal tells; ``cancelled``: job_cancel asked it to end."""

    request: Request
    state: State
    cancelled: bool = False

    def brief(self) -> dict[str, Any]:
        """What the status document says of it."""
        return {"id": self.request.id, "kind": self.request.kind, "percent": self.state.progress.percent}

    def shown(self) -> dict[str, Any]:
        """The job without its result."""
        return {
            "id": self.request.id,
            "kind": self.request.kind,
            "args": self.request.args,
            "state": self.state.state,
            "created": self.request.created,
            "ended": self.state.ended,
            "progress": self.state.progress.shown(),
            "error": self.state.error,
        }


def unit_of(identity: str) -> str:
    """The unit of a job."""
    return f"dbaas-job-{identity}.service"


def judge(record: Record, unit: Unit, now: int) -> State:
    """The state of a job, given its unit as it was seen *before* its journal was read.

    A job writes its own end. One whose unit is over without an end was cancelled if that was asked for, else it failed.
    """
    state = record.state
    if state.over or unit.active in _ALIVE:
        return state
    if record.cancelled:
        return replace(state, state=CANCELLED, ended=now)
    ended = unit.result if unit.load == "loaded" and unit.result in _ENDS else _VANISHED
    fault = AgentError(
        "timeout" if ended == "timeout" else "agent",
        f"job {record.request.id}: {_ENDS[ended].format(seconds=record.request.seconds)}",
        ended=ended,
    )
    return replace(state, state=FAILED, ended=now, error=fault.answer())


def surplus(records: Iterable[Record], keep: int) -> list[str]:
    """The ids of the jobs that are over beyond the newest so many."""
    over = [record.request for record in records if record.state.over]
    return [request.id for request in sorted(over, key=lambda request: (-request.created, request.id))[keep:]]
