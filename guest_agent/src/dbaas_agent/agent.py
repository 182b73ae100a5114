# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the agent together, and the status document that everything reports."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from dbaas_agent import VERSION, schema, status, systemd
from dbaas_agent.addresses import Addresses
from dbaas_agent.clock import Clock
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import identity
from dbaas_agent.gate import Gate
from dbaas_agent.guard import Guard
from dbaas_agent.heartbeat import TicketFile
from dbaas_agent.jobs.manager import Jobs
from dbaas_agent.logs.logs import Logs
from dbaas_agent.overrides import Overrides
from dbaas_agent.replication import Facts
from dbaas_agent.tls import Store
from dbaas_agent.volume import Volume, usage


class Agent:
    """Shared by the loop and the verbs; ``files`` are those that it was started from, ``job_command`` runs a job, ``hold_command`` holds addresses."""

    def __init__(
        self,
        config: Config,
        driver: Driver,
        tickets: TicketFile,
        files: Sequence[str] = (),
        job_command: Sequence[str] = (),
        *,
        hold_command: Sequence[str] = (),
    ) -> None:
        self.config = config
        self.driver = driver
        self.tickets = tickets
        self.clock = Clock()
        self.tls = Store(config)
        self._lock = threading.Lock()
        self.volume = Volume(config, self._lock)
        self.gate = Gate(config, driver)
        self._addresses = Addresses(hold_command)
        self._guard = Guard(config, driver, self.gate.may_write)
        self.overrides = Overrides(config, driver)
        self.jobs = Jobs(config, driver, self.volume, self._lock, job_command)
        self.logs = Logs(config, driver)
        self._sequence = 0
        self._answered = False
        self._replication: Facts | None = None
        self._role = ""
        self._files = {path: identity(path) for path in files}

    def observe(self) -> dict[str, Any]:
        """Look at the datastore now; bounded well below the watchdog."""
        with self._lock:
            verdict, version = self._judge()
            self._sequence += 1
            offset = self.clock.offset()
            return self._document(status.with_clock(verdict, offset), version, offset)

    def guard(self) -> bool:
        """Watch the space on the data volume, the size of logs, and settings on trial; whether there is something new to tell. Bounded like a look."""
        with self._lock:
            self.logs.look()
            news = self._guard.look()
            news = self.gate.look(self.held()) or news
            news = self._addresses.look(self.gate.addresses()) or news
            return news or (not self._answered and self.overrides.look())

    def held(self) -> bool:
        """Whether writes are stopped for want of room."""
        return self._guard.hold is not None

    def open(self) -> None:
        """Let clients in at once where its part in a set allows it; AgentError when that does not work."""
        with self._lock:
            self.gate.look(self.held())
            if self.gate.trouble:
                raise AgentError("agent", self.gate.trouble)
            self._addresses.look(self.gate.addresses())

    def hold_addresses(self) -> None:
        """Have those of its set that are to be here, and no others, at once."""
        with self._lock:
            self._addresses.look(self.gate.addresses())

    def ping(self) -> str:
        """The server's version; UnansweredError without an answer."""
        with self._lock:
            return self.driver.ping()

    def certificate_end(self) -> float | None:
        """The server certificate's expiry (epoch) while the volume is this instance's; 0 while the server may not have read it."""
        with self._lock:
            shown = self.volume.seen()
            if not shown.mounted or shown.fault:
                return None
            try:
                return 0.0 if self.tls.unread else self.tls.not_after()
            except (AgentError, OSError, ValueError):
                return None

    def _judge(self) -> tuple[status.Verdict, str | None]:
        try:
            self._answered, self._replication = False, None
            verdict = status.of_volume(self.volume.seen())
            if verdict is not None:
                return verdict, None
            try:
                version = self.driver.ping()
                self._answered = True
                self._replication = self.driver.replication_facts()
                self._role = self._replication.role
                self.overrides.prove()
                closed, pending = self.driver.closed(), self.overrides.pending()
                seen = status.of_server(self._guard.hold, self._guard.trouble, closed, pending)
                trouble = "; ".join(filter(None, [self.gate.trouble, self._addresses.trouble]))
                orphan = self.gate.orphan(self._replication)
                seen = status.with_role(seen, trouble, uncertain=self.gate.uncertain(), orphan=orphan)
                seen = status.with_receipts(seen, self.gate.member, self._replication.receipts)
                return status.with_taken(seen, self.overrides.taken), version
            except AgentError as silence:
                return status.of_service(systemd.show(self.config.service), silence.msg), None
        except (AgentError, OSError) as fault:
            return status.Verdict(status.FAILED, f"the datastore cannot be checked: {fault}"), None

    def _document(self, verdict: status.Verdict, version: str | None, clock_offset: int | None) -> dict[str, Any]:
        ticket = self.tickets.current()
        return {
            "uid": self.config.uid,
            "datastore": self.config.datastore,
            "version": self.config.version,
            "server_version": version,
            "status": verdict.status,
            "fault": verdict.fault,
            "cause": verdict.cause,
            "role": self.gate.member.role if self.gate.member else self._role,
            "lag": self._replication and self._replication.lag,
            "membership": self.gate.member and self.gate.member.shown(),
            "replication": self._replication and self._replication.shown(),
            "volume": usage(self.config.mount_point),
            "agent_version": VERSION,
            "outdated": any(identity(path) != seen for path, seen in self._files.items()),
            "protocols": schema.PROTOCOLS,
            "ticket_expires": ticket and ticket.expires,
            "record_expires": (self.gate.member and self.gate.member.record_expires) or None,
            "sequence": self._sequence,
            "time": int(time.time()),
            "clock_offset": clock_offset,
            "tls": self._tls(),
            "job": self._job(),
        }

    def _job(self) -> dict[str, Any] | None:
        try:
            running = self.jobs.running()
        except (AgentError, OSError):
            return None
        return running.brief() if running else None

    def _tls(self) -> dict[str, Any] | None:
        try:
            return self.tls.shown()
        except (AgentError, OSError, ValueError):
            return None
