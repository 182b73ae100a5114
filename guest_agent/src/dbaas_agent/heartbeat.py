# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heartbeats: the status document PUT to the ticket's URL, in a thread of its own so that no store can stop the loop."""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dbaas_agent.clock import Clock
from dbaas_agent.fsutil import identity, read_object
from dbaas_agent.jsonlog import log
from dbaas_agent.replication import replicates
from dbaas_agent.upload import Uploader

MEDIA_TYPE = "application/vnd.dbaas.heartbeat+json"
_BACKOFF_FIRST = 5.0
_BACKOFF_LIMIT = 120.0
_SPREAD = random.SystemRandom()


@dataclass(frozen=True)
class Ticket:
    """The right to write one object until an epoch second; the URL is a secret."""

    url: str
    expires: int


def content_type(document: dict[str, Any]) -> str:
    """What a container listing shows of the status; ``cause``, ``replicates``, ``used`` and ``expires`` only where there is one.

    ``expires``: when the first of its tickets ends.
    """
    ends = [end for end in (document["ticket_expires"], document["record_expires"]) if end is not None]
    volume = document["volume"]
    parts = {
        "status": document["status"],
        "cause": document["cause"] or None,
        "role": document["role"],
        "lag": document["lag"],
        "replicates": {True: "yes", False: "no", None: None}[replicates(document["replication"])],
        "used": volume and volume["used_percent"],
        "expires": min(ends, default=None),
    }
    return ";".join([MEDIA_TYPE, *(f"{name}={value}" for name, value in parts.items() if value is not None)])


def backoff(failures: int, chance: float) -> float:
    """Seconds until the next try after so many failures in a row; chance (0 to 1) spreads the guests."""
    ceiling: float = min(_BACKOFF_LIMIT, _BACKOFF_FIRST * 2 ** min(failures - 1, 16))
    return ceiling * (0.5 + chance / 2)


def parse_ticket(given: dict[str, Any]) -> Ticket:
    """ValueError when the object is no ticket; the message holds nothing of the URL."""
    url, expires = given.get("url"), given.get("expires")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError("url: an http or https URL is wanted")
    if isinstance(expires, bool) or not isinstance(expires, int):
        raise ValueError("expires: an epoch second is wanted")
    return Ticket(url, expires)


class TicketFile:
    """The ticket on disk, read again when the file changes; None while there is no valid one."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: object = None
        self._ticket: Ticket | None = None
        self._lock = threading.Lock()

    def current(self) -> Ticket | None:
        with self._lock:
            version = identity(self._path)
            if version != self._seen:
                self._seen, self._ticket = version, self._read()
            return self._ticket

    def _read(self) -> Ticket | None:
        try:
            given = read_object(self._path)
            return parse_ticket(given) if given is not None else None
        except (OSError, ValueError) as fault:
            log("ticket_invalid", "error", file=self._path, fault=type(fault).__name__)
            return None


class Sender:
    """Sends the newest document offered; failures back off and are logged once for each change."""

    def __init__(self, tickets: TicketFile, ca_file: str, clock: Clock) -> None:
        self._tickets = tickets
        self._uploader = Uploader(ca_file)
        self._clock = clock
        self._document: dict[str, Any] | None = None
        self._changed = threading.Condition()
        self._outcome = "none"
        self._failures = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Send nothing more; a transfer under way is not waited for longer than a second."""
        self._closing.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(1)

    def offer(self, document: dict[str, Any]) -> None:
        with self._changed:
            self._document = document
            self._changed.notify()

    def _run(self) -> None:
        while not self._closing.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._document is not None or self._closing.is_set())
                document, self._document = self._document, None
            if document is None:
                return
            ticket = self._tickets.current()
            if ticket is None:
                self._note("no_ticket")
                continue
            outcome = self._put(ticket, document)
            self._note(outcome)
            if outcome == "sent":
                self._failures = 0
                continue
            self._failures += 1
            self._pause(ticket, backoff(self._failures, _SPREAD.random()))
            with self._changed:
                self._document = self._document or document

    def _pause(self, failed: Ticket, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._tickets.current() == failed:
            if self._closing.wait(min(1.0, max(0.0, deadline - time.monotonic()))):
                return

    def _note(self, outcome: str) -> None:
        if outcome != self._outcome:
            self._outcome = outcome
            log("heartbeat", "info" if outcome in ("sent", "no_ticket") else "warning", outcome=outcome)

    def _put(self, ticket: Ticket, document: dict[str, Any]) -> str:
        headers = {"Content-Type": content_type(document)}
        answer = self._uploader.put(ticket.url, json.dumps(document).encode(), headers)
        self._clock.heard(answer.date, answer.sent, answer.heard)
        return answer.word
