# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one loop: look, tell, watch; the watchdog hears of it only after a completed cycle."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from dbaas_agent import clock, tls
from dbaas_agent.jsonlog import log
from dbaas_agent.notify import notify
from dbaas_agent.replication import replicates
from dbaas_agent.space import LOOK_SECONDS

CHECK_SECONDS = 5.0
SPACE_PERCENT = 90
RENEW_RETRY_SECONDS = 3600.0
_SPREAD = random.SystemRandom()
_TOLD_AT_ONCE = ("status", "fault", "role", "ticket_expires")


def beat_due(now: float, next_beat: float, document: dict[str, Any], told: dict[str, Any] | None) -> bool:
    """Whether a heartbeat is to be sent: the time has come, or something has changed that cannot wait."""
    return told is None or now >= next_beat or _pressing(document) != _pressing(told)


def _pressing(document: dict[str, Any]) -> list[Any]:
    return [*(document[key] for key in _TOLD_AT_ONCE), replicates(document["replication"])]


class Loop:
    """Runs in the main thread until ``stop``; ``wake`` starts a cycle with a heartbeat at once."""

    def __init__(
        self,
        observe: Callable[[], dict[str, Any]],
        offer: Callable[[dict[str, Any]], None],
        renew: Callable[[], None],
        certificate_end: Callable[[], float | None],
        *,
        guard: Callable[[], bool],
        interval: int,
    ) -> None:
        self._observe = observe
        self._offer = offer
        self._renew = renew
        self._certificate_end = certificate_end
        self._guard = guard
        self._interval = interval
        self._event = threading.Event()
        self._stopping = False
        self._told: dict[str, Any] | None = None
        self._urgent = False
        self._next_beat = 0.0
        self._next_renewal = 0.0
        self._short_of_space = False
        self._clock_wrong = False

    def wake(self) -> None:
        self._urgent = True
        self._event.set()

    def stop(self) -> None:
        self._stopping = True
        self._event.set()

    def run(self) -> None:
        ready = False
        while not self._stopping:
            self._event.clear()
            document = self.cycle()
            shown = " ".join([document["status"], *document["fault"].split()])
            lines = [f"STATUS={shown}", "WATCHDOG=1"]
            notify(*lines, *([] if ready else ["READY=1"]))
            ready = True
            self._rest()
        notify("STOPPING=1")

    def _rest(self) -> None:
        """Until the next cycle is due, or somebody wakes it; space is looked at meanwhile, and what is new is told at once."""
        ends = time.monotonic() + CHECK_SECONDS
        while (left := ends - time.monotonic()) > 0:
            if self._event.wait(min(left, LOOK_SECONDS)) or self._guard():
                return

    def cycle(self) -> dict[str, Any]:
        urgent, self._urgent = self._urgent, False
        self._guard()
        document = self._observe()
        now = time.monotonic()
        if urgent or beat_due(now, self._next_beat, document, self._told):
            if self._told is None or self._told["status"] != document["status"]:
                log("status", status=document["status"], fault=document["fault"] or None)
            self._next_beat = now + self._interval * _SPREAD.uniform(0.9, 1.1)
            self._told = document
            self._offer(document)
        self._watch_space(document["volume"])
        self._watch_clock(document["clock_offset"])
        self._watch_certificate(now)
        return document

    def _watch_space(self, volume: dict[str, int] | None) -> None:
        short = volume is not None and volume["used_percent"] >= SPACE_PERCENT
        if short != self._short_of_space:
            self._short_of_space = short
            log("space", "warning" if short else "info", volume=volume)

    def _watch_clock(self, offset: int | None) -> None:
        wrong = clock.wrong(offset)
        if wrong != self._clock_wrong:
            self._clock_wrong = wrong
            log("clock", "warning" if wrong else "info", offset=offset)

    def _watch_certificate(self, now: float) -> None:
        end = self._certificate_end()
        if end is None or end - time.time() >= tls.RENEW_SECONDS or now < self._next_renewal:
            return
        self._next_renewal = now + RENEW_RETRY_SECONDS
        threading.Thread(target=self._renew, name="renewal", daemon=True).start()
