# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops the datastore's writes before the data volume is full, and lets them go on when there is room again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace

from dbaas_agent import space
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver, UnansweredError
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_object, remove, write_atomic
from dbaas_agent.jsonlog import log
from dbaas_agent.space import Hold, Space
from dbaas_agent.volume import usage

_ROOM_SECONDS = 30.0


class Guard:
    """``hold`` while writes are to be stopped; ``trouble`` says why the datastore does not follow.

    The hold is also a file in ``state_dir``, written before anything is done: neither a restart of the agent nor one of
    the datastore ends it.
    """

    def __init__(self, config: Config, driver: Driver, may_write: Callable[[], bool]) -> None:
        """may_write: whether writes may go on when there is room, as far as its part in a replication set decides."""
        self._config = config
        self._driver = driver
        self._may_write = may_write
        self._path = os.path.join(config.state_dir, "writes.json")
        self._before: Space | None = None
        self._room_after = 0.0
        self.hold = self._kept()
        self.trouble = ""

    def look(self) -> bool:
        """Look at the space and act; whether there is something new to tell. One thread at a time."""
        seen = usage(self._config.mount_point)
        if seen is None:
            self._before = None
            return False
        now = Space(seen["size_bytes"], seen["free_bytes"], seen["used_percent"], time.monotonic())
        told = (self.hold, self.trouble)
        self._make_room(now)
        self.trouble = self._act(now)
        self._before = space.base(now, self._before)
        if self.trouble and self.trouble != told[1]:
            log("guard", "error", trouble=self.trouble)
        return told != (self.hold, self.trouble)

    def _make_room(self, now: Space) -> None:
        """Once in a while: what is asked for may be all that there is."""
        if not space.is_tight(now) or now.at < self._room_after:
            return
        self._room_after = now.at + _ROOM_SECONDS
        try:
            if self._driver.make_room():
                log("room_made", free_bytes=now.free, used_percent=now.used_percent)
        except AgentError as fault:
            log("no_room_made", "warning", fault=fault.msg)

    def _act(self, now: Space) -> str:
        """What went wrong."""
        act, aim = None, ""
        if self.hold is not None and space.may_go_on(now, self.hold):
            act, aim = self._let_go, "allowed again"
        elif self.hold is not None or space.must_stop(now, self._before):
            act, aim = self._stop, "stopped"
        try:
            if act is not None:
                act(now)
        except (AgentError, OSError) as fault:
            return f"writes cannot be {aim}: {fault}"
        return ""

    def _stop(self, now: Space) -> None:
        try:
            stopped = self._driver.writes_stopped()
        except UnansweredError:
            return  # It writes nothing for anybody.
        hold = self.hold or Hold(now.free, now.used_percent, ours=False)
        hold = replace(hold, ours=hold.ours or not stopped)
        if hold != self.hold:
            self._keep(hold)
        if not stopped:
            self._driver.stop_writes(space.must_hurry(now, self._before, hold))
            log("writes_stopped", "warning", free_bytes=now.free, used_percent=now.used_percent)

    def _let_go(self, now: Space) -> None:
        if self.hold is not None and self.hold.ours and self._may_write():
            self._driver.allow_writes()
        remove(self._path)
        self.hold = None
        log("writes_allowed", free_bytes=now.free, used_percent=now.used_percent)

    def _keep(self, hold: Hold) -> None:
        """Held even if it cannot be written: a full root file system must not cost the data."""
        self.hold = hold
        try:
            write_atomic(self._path, json.dumps(hold.shown()).encode())
        except OSError as fault:
            log("hold_not_kept", "error", file=self._path, fault=type(fault).__name__)

    def _kept(self) -> Hold | None:
        try:
            given = read_object(self._path)
            return None if given is None else space.parse_hold(given)
        except (OSError, ValueError) as fault:
            log("hold_invalid", "error", file=self._path, fault=type(fault).__name__)
            return None
