# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job's own process: it does the work, tells how far it is, and writes how it ended."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from dbaas_agent import jsonlog
from dbaas_agent.drivers.base import Driver
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.journal import Journal
from dbaas_agent.jobs.launch import taken_over
from dbaas_agent.jobs.record import DONE, FAILED, RUNNING, Progress, Request, State
from dbaas_agent.redact import clean
from dbaas_agent.validate import texts

_TELL_SECONDS = 1.0


class Stopped(BaseException):
    """The job was told to end."""


class Reporter:
    """Lines go to the log of the journal and of the system; progress to the journal, at most once in a while."""

    def __init__(self, journal: Journal, identity: str, secrets: set[str]) -> None:
        self.latest = Progress()
        self._journal = journal
        self._identity = identity
        self._secrets = secrets
        self._told: Progress | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def progress(
        self, phase: str, item: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        self.latest = Progress(phase, item, done, total, unit)

    def log(self, event: str, level: str = "info", **fields: Any) -> None:
        line = jsonlog.line(event, level, op=self._identity, **clean(fields, self._secrets))
        sys.stderr.write(line)
        self._try(lambda: self._journal.append(line))

    def start(self) -> None:
        self._tell()
        self._thread.start()

    def close(self) -> None:
        """Tell nothing more: from now on the journal is another's."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(_TELL_SECONDS):
            if self.latest != self._told:
                self._tell()

    def _tell(self) -> None:
        latest = self.latest
        if self._try(lambda: self._journal.write(State(RUNNING, latest))):
            self._told = latest

    def _try(self, write: Callable[[], None]) -> bool:
        """A full volume shall not end a job that may need no more of it."""
        try:
            write()
        except OSError as fault:
            jsonlog.log("journal_unwritten", "warning", op=self._identity, fault=str(fault))
            return False
        return True


def main(driver: Driver, journal: Journal) -> int:
    """Run the job of the journal. Exit code 0: it wrote its end, or was told to end, which the agent judges."""
    record = journal.read()
    if record is None or record.state.over:
        jsonlog.log("no_job", "error", journal=journal.path)
        return 1
    secrets = taken_over()
    report = Reporter(journal, record.request.id, set(texts(secrets)))
    report.start()
    signal.signal(signal.SIGTERM, _stop)
    try:
        state = _perform(driver, record.request, secrets, report)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        report.close()
    except Stopped:
        report.close()
        report.log("stopped", "warning")
        return 0
    journal.write(state)
    report.log("ended", state=state.state, error=state.error)
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def _perform(driver: Driver, request: Request, secrets: dict[str, Any], report: Reporter) -> State:
    report.log("started", kind=request.kind, args=request.args)
    try:
        result = driver.jobs()[request.kind](driver, request.args, secrets).run(report)
    except AgentError as fault:
        error = fault.answer()
    except Exception as fault:
        report.log("crash", "error", fault=type(fault).__name__, at=jsonlog.place(fault))
        error = AgentError("agent", f"{type(fault).__name__}: {fault}").answer()
    else:
        return State(DONE, report.latest, int(time.time()), result=clean(result, set(texts(secrets))))
    return State(FAILED, report.latest, int(time.time()), error=clean(error, set(texts(secrets))))
