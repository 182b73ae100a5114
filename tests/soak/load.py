# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients of a replication set: one that writes at whoever takes it, and one that asks every member all the time whether it would."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from tests.e2e.datastores import ALL, Login
from tests.soak.replication_judge import Acknowledged, Look, gap

PACE_SECONDS = 0.01
"""From one row to the next, unless it is told otherwise: the machine has more to do."""
LOOK_SECONDS = 0.2
"""How often each member is asked whether it takes writes."""
PATIENCE = 1.0
LOOK_PATIENCE = 1.0
TABLES = (
    "CREATE TABLE written (id BIGINT PRIMARY KEY)",
    "CREATE TABLE looked (member VARCHAR(60) PRIMARY KEY, times BIGINT NOT NULL)",
)


class Load:
    """Both, at the members of a set of this datastore, whose clients have these logins. It is a context: they work in it.

    pace: seconds from one row to the next.
    """

    def __init__(self, datastore: str, logins: Mapping[str, Login], pace: float = PACE_SECONDS) -> None:
        self._datastore = ALL[datastore]
        self._logins = logins
        self._pace = pace
        self._stopping = threading.Event()
        self._number = 0
        self._takes = dict.fromkeys(logins, False)
        self._again = {member: threading.Event() for member in logins}
        self.rows: list[Acknowledged] = []
        self.looks: list[Look] = []

    def __enter__(self) -> Load:
        watches = [threading.Thread(target=self._watch, args=(member,)) for member in self._logins]
        self._threads = [threading.Thread(target=self._write_on), *watches]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def run(self, member: str, statement: str, values: tuple[Any, ...] = ()) -> list[int]:
        """Numbers that it asks for; values: for its places. As a client without haste."""
        login = dataclasses.replace(self._logins[member], patience=60)
        with contextlib.closing(self._datastore.connect(login)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return [int(row[0]) for row in cursor.fetchall()] if cursor.description else []

    def begin(self, member: str) -> None:
        """Have the tables, at the primary."""
        for statement in TABLES:
            self.run(member, statement)
        self.run(member, "INSERT INTO looked VALUES ('none', 0)")

    def ids(self, member: str, after: int = 0) -> set[int]:
        """What is there of the rows."""
        return set(self.run(member, "SELECT id FROM written WHERE id > %s", values=(after,)))

    @contextlib.contextmanager
    def open_transaction(self, member: str) -> Iterator[None]:
        """A client that has written something, and does not say that it is done."""
        connection = self._datastore.connect(self._logins[member])
        try:
            cursor = connection.cursor()
            cursor.execute("BEGIN")
            cursor.execute("INSERT INTO written VALUES (%s)", (-time.time_ns(),))
            yield
        finally:
            self._close(connection)

    @contextlib.contextmanager
    def reader(self, member: str) -> Iterator[None]:
        """A client that reads, before and afterwards. ConnectionError: it was cut off meanwhile."""
        with contextlib.closing(self._datastore.connect(self._logins[member])) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT 1")
            cursor.fetchall()
            yield
            try:
                cursor.execute("SELECT 1")
            except self._datastore.faults as fault:
                raise ConnectionError(f"a reader of {member} was cut off: {fault}") from fault

    def until_written(self, member: str, patience: float = 60) -> float:
        """When this member had acknowledged a row after now. TimeoutError: it did not."""
        began = time.monotonic()
        while not any(row.member == member and row.at > began for row in reversed(self.rows[-50:])):
            if time.monotonic() - began > patience:
                raise TimeoutError(f"{member} has taken no row for {patience:.0f} s")
            time.sleep(0.02)
        return time.monotonic()

    def gap(self, since: float) -> float:
        """The longest time without a row that ended after that moment."""
        return gap(self.rows, since)

    def _write_on(self) -> None:
        for member in itertools.cycle(self._logins):
            if self._stopping.is_set():
                return
            with contextlib.suppress(*self._datastore.faults):
                self._write(member)
            self._stopping.wait(self._pace)

    def _write(self, member: str) -> None:
        """Row after row until one is not taken. None has a number that was offered before, since that may have been taken without a word."""
        login = dataclasses.replace(self._logins[member], patience=PATIENCE)
        with contextlib.closing(self._datastore.connect(login)) as connection:
            cursor = connection.cursor()
            while not self._stopping.is_set():
                self._number += 1
                cursor.execute("INSERT INTO written VALUES (%s)", (self._number,))
                self.rows.append(Acknowledged(time.monotonic(), member, self._number))
                self._stopping.wait(self._pace)

    def _watch(self, member: str) -> None:
        """Ask it every LOOK_SECONDS, and at once when another one was found to take writes after it was."""
        connection: Any = None
        while not self._stopping.is_set():
            self._again[member].clear()
            began = time.monotonic()
            connection, writable = self._looked(member, connection)
            ended = time.monotonic()
            self.looks.append(Look(member, began, ended, writable))
            self._takes[member] = writable
            for other in self._takes if writable else ():
                if other != member and self._takes[other]:
                    self._again[other].set()
            self._again[member].wait(max(0.0, LOOK_SECONDS - (ended - began)))
        self._close(connection)

    def _looked(self, member: str, connection: Any) -> tuple[Any, bool]:
        """The connection, None when there is none any more, and whether the member took a write."""
        try:
            connection = connection or self._datastore.connect(
                dataclasses.replace(self._logins[member], patience=LOOK_PATIENCE)
            )
            connection.cursor().execute("UPDATE looked SET times = times + 1")
        except self._datastore.faults:
            return self._kept(connection), False
        return connection, True

    def _kept(self, connection: Any) -> Any:
        """The connection where it is one still."""
        if connection is not None:
            try:
                connection.cursor().execute("SELECT 1")
            except self._datastore.faults:
                self._close(connection)
                return None
        return connection

    def _close(self, connection: Any) -> None:
        if connection is not None:
            with contextlib.suppress(*self._datastore.faults):
                connection.close()
