# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from dbaas_agent.drivers.base import UnansweredError
from dbaas_agent.drivers.kept_connection import KeptConnection


class Connection:
    def __init__(self) -> None:
        self.lost = self.closed = False
        self.busy = 0

    def close(self) -> None:
        self.closed = True


class Server:
    """It lets in who comes while it is there."""

    def __init__(self) -> None:
        self.there = True
        self.connections: list[Connection] = []

    def connect(self) -> Connection:
        if not self.there:
            raise UnansweredError("the server does not run")
        self.connections.append(Connection())
        return self.connections[-1]


def rows(connection: Connection, statement: str) -> list[dict[str, Any]]:
    if connection.lost:
        raise UnansweredError("the connection was lost")
    connection.busy += 1
    assert connection.busy == 1
    time.sleep(0.01)
    connection.busy -= 1
    return [{"said": statement}]


def test_it_is_kept() -> None:
    server = Server()
    kept = KeptConnection(server.connect, rows)
    assert [kept.ask(word)[0]["said"] for word in ("one", "two")] == ["one", "two"]
    assert len(server.connections) == 1


def test_it_is_made_again_when_it_was_lost() -> None:
    server = Server()
    kept = KeptConnection(server.connect, rows)
    kept.ask("one")
    server.connections[0].lost = True
    assert kept.ask("two") == [{"said": "two"}]
    assert [connection.closed for connection in server.connections] == [True, False]


def test_a_server_that_is_gone_is_asked_anew_each_time() -> None:
    server = Server()
    kept = KeptConnection(server.connect, rows)
    kept.ask("one")
    server.connections[0].lost, server.there = True, False
    for _attempt in range(2):
        with pytest.raises(UnansweredError):
            kept.ask("two")
    server.there = True
    assert kept.ask("three") == [{"said": "three"}]


def test_threads_take_turns() -> None:
    server = Server()
    kept = KeptConnection(server.connect, rows)
    said: list[str] = []
    threads = [
        threading.Thread(target=lambda word=word: said.append(kept.ask(word)[0]["said"])) for word in ("a", "b", "c")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["a", "b", "c"]
    assert len(server.connections) == 1
