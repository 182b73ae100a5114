# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's side of jobs: it starts them, looks at them, ends them, and says how those ended that could not."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dbaas_agent import systemd, validate
from dbaas_agent.backup import kept
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.journal import Journal, identities, root, sweep
from dbaas_agent.jobs.record import CANCELLED, Record, Request, State, judge, surplus, unit_of
from dbaas_agent.jsonlog import log
from dbaas_agent.volume import Volume

if TYPE_CHECKING:
    from dbaas_agent.jobs.kind import Kind

KEEP = 20
_STOP_SECONDS = 60.0


class Jobs:
    """The jobs of one guest, one at a time.

    ``command`` runs a job, given its id. ``looking`` is held while the volume is read or written, so that nobody sees a
    journal whose unit is not there yet.
    """

    def __init__(
        self, config: Config, driver: Driver, volume: Volume, looking: threading.Lock, command: Sequence[str]
    ) -> None:
        self._config = config
        self._driver = driver
        self._volume = volume
        self._looking = looking
        self._command = command
        self._root = root(config)

    def start(
        self, kind: str, identity: str, args: dict[str, Any], secrets: dict[str, Any], check: bool
    ) -> dict[str, Any]:
        """Start a job unless there is one of this id; the answer of job_start. The caller holds the slot."""
        kinds = self._driver.jobs()
        if kind not in kinds:
            raise AgentError("unsupported", f"kind: {kind!r} is none of {', '.join(kinds)}", kinds=list(kinds))
        chosen = kinds[kind]
        given = validate.arguments(chosen.spec(), {"args": args, "secrets": secrets})
        args, secrets = given["args"], given["secrets"]
        with self._looking:
            self._volume.require()
            known, running = self._look(identity), self._running()
        if known is not None:
            if (known.request.kind, known.request.args) != (kind, args):
                raise AgentError("conflict", f"job {identity!r} is another one: choose another id", **known.brief())
            return _answer(False, known, known)
        if running is not None:
            raise _conflict(running)
        chosen(self._driver, args, secrets).verify()
        request = Request(identity, kind, args, chosen.seconds, sorted(chosen.excludes), int(time.time()))
        if check:
            return _answer(True, None, Record(request, State()))
        with self._looking:
            self._launch(request, secrets, chosen)
            record = self._require(identity)
        log("job_started", job=identity, kind=kind)
        return _answer(True, None, record)

    def _launch(self, request: Request, secrets: dict[str, Any], kind: type[Kind]) -> None:
        from dbaas_agent.jobs.kind import Data
        from dbaas_agent.jobs.launch import launch
        from dbaas_agent.jobs.rights import rights

        sweep(self._root)
        properties = {
            "After": f"{self._config.service}.service",
            "RequiresMountsFor": self._config.mount_point,
            "MemoryMax": kind.memory,
        }
        if kind.data is Data.READS:
            kept.prepare(self._config)
        properties |= rights(self._config, kind.data)
        launch(Journal(self._root, request.id), request, self._command, secrets, properties)
        for old in surplus(self._all(), KEEP):
            Journal(self._root, old).remove()

    def status(self, identity: str) -> dict[str, Any]:
        """A job with its result."""
        with self._looking:
            self._volume.require()
            return _whole(self._require(identity))

    def listing(self) -> list[dict[str, Any]]:
        """All jobs without their results, the newest first."""
        with self._looking:
            self._volume.require()
            records = self._all()
        records.sort(key=lambda record: (record.request.created, record.request.id), reverse=True)
        return [record.shown() for record in records]

    def cancel(self, identity: str, check: bool) -> dict[str, Any]:
        """End a job that runs; the answer of job_cancel."""
        with self._looking:
            self._volume.require()
            before = self._require(identity)
            if not before.state.over and not check:
                Journal(self._root, identity).ask_to_end()
        if before.state.over:
            return _answer(False, before, before)
        if check:
            return _answer(True, before, replace(before, state=replace(before.state, state=CANCELLED)))
        systemd.end_transient(unit_of(identity), _STOP_SECONDS)
        with self._looking:
            after = self._require(identity)
        return _answer(after.state.state == CANCELLED, before, after)

    def running(self) -> Record | None:
        """The job that runs, if one does and the volume is this instance's; the caller holds ``looking``."""
        try:
            self._volume.require()
        except AgentError:
            return None
        return self._running()

    def admit(self, verb: str) -> None:
        """AgentError(conflict) when the job that runs excludes the verb."""
        with self._looking:
            running = self.running()
        if running is not None and verb in running.request.excludes:
            raise _conflict(running)

    def _running(self) -> Record | None:
        return next((record for record in self._all() if not record.state.over), None)

    def _all(self) -> list[Record]:
        looks = (self._look(identity) for identity in identities(self._root))
        return [record for record in looks if record is not None]

    def _require(self, identity: str) -> Record:
        record = self._look(identity)
        if record is None:
            raise AgentError("not_found", f"there is no job {identity!r}")
        return record

    def _look(self, identity: str) -> Record | None:
        """The job as it is; an end that its process could not write is written here."""
        journal = Journal(self._root, identity)
        record = journal.read()
        if record is None or record.state.over:
            return record
        unit = systemd.show(unit_of(identity))
        record = journal.read() or record
        state = judge(record, unit, int(time.time()))
        if state != record.state:
            journal.write(state)
            systemd.forget(unit_of(identity))
            kept.sweep(self._config)
            log("job_ended", job=identity, state=state.state, error=state.error)
        return replace(record, state=state)


def _conflict(running: Record) -> AgentError:
    first = running.request
    text = f"job {first.id} ({first.kind}) is running since {first.created}"
    return AgentError("conflict", text, job=first.id, kind=first.kind, started=first.created)


def _whole(record: Record) -> dict[str, Any]:
    return {**record.shown(), "result": record.state.result}


def _answer(changed: bool, before: Record | None, after: Record) -> dict[str, Any]:
    diff = {"before": before and {"state": before.state.state}, "after": {"state": after.state.state}}
    return {"changed": changed, "diff": diff, "job": _whole(after)}
