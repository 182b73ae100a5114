# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of a guest: the datastore's, which are files when they are switched on, and what the journal has of it and of the agent."""

from __future__ import annotations

import os
import pwd
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from typing import Any

from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver
from dbaas_agent.errors import AgentError
from dbaas_agent.jsonlog import log
from dbaas_agent.logs import ledger
from dbaas_agent.logs.file import File
from dbaas_agent.logs.journal import Journal
from dbaas_agent.logs.source import Amount, Piece, Source, amount

AGENT_UNIT = "dbaas-agent"
_READ_BYTES = 1_000_000
_PATIENCE = 20
"""Seconds."""


class Logs:
    """One reads at a time, and nothing is rotated meanwhile."""

    def __init__(self, config: Config, driver: Driver) -> None:
        self._config = config
        self._driver = driver
        self._directory = os.path.join(config.mount_point, "logs")
        self._files = {name: File(self._directory, name) for name in driver.logs}
        journals = {"error": Journal(config.service), "agent": Journal(AGENT_UNIT)}
        self._sources: dict[str, Source] = {**journals, **self._files}
        self._ledger = ledger.Ledger(config)
        self._reading = threading.Lock()

    def prepare(self) -> None:
        """Have the directory in which the datastore writes them."""
        owner = pwd.getpwnam(self._config.datastore_user)
        with suppress(FileExistsError):
            os.mkdir(self._directory)
        os.chmod(self._directory, 0o750)  # noqa: S103
        os.chown(self._directory, owner.pw_uid, owner.pw_gid)

    def listing(self, only: str | None) -> list[dict[str, Any]]:
        """Each log, or only the one of that name: name, switchable, enabled (None: the datastore does not say), status, amounts, pending and published ones."""
        try:
            on: frozenset[str] | None = self._driver.logs_on()
        except AgentError:
            on = None
        with self._turn():
            published = self._ledger.read()
            return [self._row(name, on, published.get(name)) for name in sorted(self._sources) if only in (None, name)]

    def _row(self, name: str, on: frozenset[str] | None, published: ledger.Published | None) -> dict[str, Any]:
        switchable = name in self._files
        enabled = not switchable or (None if on is None else name in on)
        row: dict[str, Any] = {"name": name, "switchable": switchable, "enabled": enabled, "fault": ""}
        found = pending = Amount()
        try:
            source, after = self._sources[name], published.cursor if published else ""
            found = amount(source.pieces("", _READ_BYTES))
            pending = amount(source.pieces(after, _READ_BYTES)) if published else found
            status = ledger.word(bool(enabled), found, pending, published, source.lost(after))
        except (AgentError, OSError) as fault:
            status, row["fault"] = ledger.UNAVAILABLE, str(fault)
        return {
            **row,
            "status": status,
            **asdict(found),
            "pending": asdict(pending),
            "published": None if published is None else _shown(published),
        }

    def read(self, name: str, lines: int, after: str | None, size: int) -> tuple[Piece, bool]:
        """The last lines, or the first ones after a cursor; and whether there are more after them."""
        source = self._source(name)
        with self._turn():
            if not after:
                return source.tail(lines, size), False
            pieces = source.pieces(after, size)
            piece = next(pieces, Piece(b"", "", after))
            return piece, next(pieces, None) is not None

    def pending(self, name: str) -> Amount:
        """What publish would send."""
        source = self._source(name)
        with self._turn():
            return amount(source.pieces(self._after(name)[0], _READ_BYTES))

    def publish(self, name: str, send: Callable[[Piece], None]) -> Amount:
        """Send what was not sent yet, piece by piece; one whose sending was interrupted is sent again under its name."""
        source, total = self._source(name), Amount()
        with self._turn():
            after, number = self._after(name)
            for piece in source.pieces(after, _READ_BYTES):
                send(replace(piece, name=f"{number:04d}-{piece.name}"))
                total += piece
                before = self._ledger.read().get(name)
                sizes = (before.bytes, before.lines) if before else (0, 0)
                known = ledger.Published(
                    piece.cursor, sizes[0] + len(piece.data), sizes[1] + piece.lines, int(time.time()), number
                )
                self._ledger.write(name, known)
        return total

    def forget(self, name: str, check: bool) -> bool:
        """Take nothing of the log for published; whether something was."""
        self._source(name)
        with self._turn():
            known = name in self._ledger.read()
            if known and not check:
                self._ledger.write(name, None)
            return known

    def look(self) -> None:
        """Rotate what has grown too large. Bounded like a look, and later when somebody reads."""
        if not self._reading.acquire(blocking=False):
            return
        try:
            for name in self._rotated(self._files):
                log("log_rotated", name=name)
            away = [name for name, file in self._files.items() if file.is_away()]
            if away:
                self._begin_again(away)
        except OSError as fault:
            log("log_not_rotated", "warning", fault=str(fault))
        finally:
            self._reading.release()

    def _rotated(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self._files[name].rotate(self._config.log_bytes)]

    def _begin_again(self, names: list[str]) -> None:
        with suppress(AgentError):
            for name in self._driver.logs_on().intersection(names):
                self._driver.reopen_log(name)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """AgentError(conflict) when somebody else reads for long."""
        if not self._reading.acquire(timeout=_PATIENCE):
            raise AgentError("conflict", "a log is being published; run it again when that is done")
        try:
            yield
        finally:
            self._reading.release()

    def _after(self, name: str) -> tuple[str, int]:
        """Where what is not published begins, everything when what was there is gone, or is none of the log's; and the round of its publication."""
        published = self._ledger.read().get(name)
        if published is None:
            return "", 0
        try:
            gone = self._sources[name].lost(published.cursor)
        except AgentError:
            gone = True
        return ("", published.round + 1) if gone else (published.cursor, published.round)

    def _source(self, name: str) -> Source:
        if name not in self._sources:
            raise AgentError("not_found", f"name: there is no log {name!r}, but {', '.join(sorted(self._sources))}")
        return self._sources[name]


def _shown(published: ledger.Published) -> dict[str, Any]:
    return {"bytes": published.bytes, "lines": published.lines, "time": published.time}
