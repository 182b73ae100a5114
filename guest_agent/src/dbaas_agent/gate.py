# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets clients write on the primary of a replication set alone: a member that boots takes no writes until the set's record says that it is primary."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from dbaas_agent import membership
from dbaas_agent.addresses import READER, WRITER
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver, UnansweredError
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import identity
from dbaas_agent.jsonlog import log
from dbaas_agent.membership import Membership
from dbaas_agent.replication import PRIMARY, REPLICA, Facts
from dbaas_agent.upload import Answer

ASK_SECONDS = 2.0
"""How often the record is read while it is not certain that this is the primary,"""
LOOK_SECONDS = 30.0
"""and while it is."""

ATTEND_SECONDS = 10.0
"""How often a replica looks for what the primary has beside its data."""


class Gate:
    """member: what this server is in a set; None: in none. trouble: why the datastore does not follow."""

    def __init__(self, config: Config, driver: Driver) -> None:
        self._config = config
        self._driver = driver
        self._boot = membership.boot()
        self._turn = threading.Lock()
        self._member: Membership | None = None
        self._seen: object = None
        self._next_attention = 0.0
        self.trouble = ""

    @property
    def member(self) -> Membership | None:
        """Read again when the file changes: it comes and goes with the volume."""
        seen = identity(membership.path(self._config))
        if seen != self._seen:
            self._seen, self._member = seen, membership.read(self._config)
        return self._member

    def may_write(self) -> bool:
        """Whether its part in a set lets clients write here."""
        return self.member is None or self.member.may_write(self._boot)

    def addresses(self) -> dict[str, list[str]]:
        """The addresses of its set that are to be here, by part."""
        return self.member.addresses(self._boot) if self.member else {WRITER: [], READER: []}

    def uncertain(self) -> bool:
        """Whether this was the primary of a set, and has not read since it booted that it still is."""
        return self.member is not None and self.member.role == PRIMARY and not self.may_write()

    def orphan(self, facts: Facts) -> bool:
        """Whether this is a replica that follows nobody, as a primary is whose writes were ended and whose successor never came."""
        return self.member is not None and self.member.role == REPLICA and facts.source is None

    def take(self, member: Membership | None) -> None:
        """Be what is said by who has just read the record, or written it."""
        if member is not None and member.role == PRIMARY:
            member = replace(member, confirmed=self._boot)
        with self._turn:
            membership.keep(self._config, member)

    def read_by(self, record: str, expires: int) -> None:
        """Read the record by another ticket from now on."""
        with self._turn:
            if self.member is not None:
                membership.keep(self._config, replace(self.member, record=record, record_expires=expires))

    def look(self, held: bool) -> bool:
        """Have the datastore follow; whether there is something new to tell. held: writes are stopped for another reason. One thread at a time."""
        if self.member is None:
            return False
        before = self.trouble
        try:
            self._act(held)
            self.trouble = ""
        except UnansweredError:
            self.trouble = ""
        except (AgentError, OSError) as fault:
            self.trouble = f"clients cannot be {'let in' if self.may_write() else 'kept out'}: {fault}"
        return self.trouble != before

    def _act(self, held: bool) -> None:
        out = self._driver.kept_out()
        if self.may_write() and out:
            self._driver.let_in(held)
            if not self._driver.kept_out():
                log("clients_let_in")
        elif not self.may_write() and not out:
            self._driver.keep_out()
            log("clients_kept_out", "warning")
        elif not self.may_write() and time.monotonic() >= self._next_attention:
            self._next_attention = time.monotonic() + ATTEND_SECONDS
            self._driver.attend()

    def ask(self, get: Callable[[str], Answer]) -> float:
        """Read the record, and say in how many seconds to do that again."""
        member = self.member
        if member is None or member.role != PRIMARY or not member.record:
            return LOOK_SECONDS
        answer = get(member.record)
        if answer.ok:
            self._heard(member, answer.body)
        return LOOK_SECONDS if self.may_write() else ASK_SECONDS

    def _heard(self, asked: Membership, body: bytes) -> None:
        try:
            told = json.loads(body)
        except ValueError:
            return
        after = asked.after(told if isinstance(told, dict) else {}, self._config.uid, self._boot)
        with self._turn:
            # Meanwhile it may have been told something else, which is newer.
            if after != asked and self.member == asked:
                membership.keep(self._config, after)
                log("role", "info" if after.role == PRIMARY else "warning", role=after.role, reign=after.reign)
