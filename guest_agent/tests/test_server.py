# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket with real clients, good and bad."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import server
from dbaas_agent.server import Server


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "run" / "agent.sock")


def _echo(line: bytes) -> dict[str, Any]:
    return {"id": "x", "length": len(line), "text": line[:20].decode()}


@pytest.fixture
def running(path: str) -> Iterator[Server]:
    made = Server(path, _echo, user=os.getuid())
    made.start()
    yield made
    made.close()


def connect(path: str) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(10)
    client.connect(path)
    return client


def read(client: socket.socket) -> Any:
    with client.makefile("rb") as stream:
        line = stream.readline()
    return json.loads(line) if line else None


def ask(client: socket.socket, text: bytes) -> Any:
    client.sendall(text)
    return read(client)


@pytest.mark.usefixtures("running")
def test_only_the_owner_may_come_near(path: str) -> None:
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(os.path.dirname(path)).st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("running")
def test_lines_are_answered_one_by_one_however_they_arrive(path: str) -> None:
    with connect(path) as client, client.makefile("rb") as stream:
        client.sendall(b"one\ntwo\nthr")
        client.sendall(b"ee\n")
        assert [json.loads(stream.readline())["text"] for _dummy in range(3)] == ["one", "two", "three"]


@pytest.mark.usefixtures("running")
def test_a_line_that_is_too_long_is_refused(path: str) -> None:
    with connect(path) as client:
        with suppress(OSError):  # the server may hang up while we still send
            client.sendall(b"x" * (server.MAX_LINE * 4))
        assert read(client)["error"]["reason"] == "invalid"
    with connect(path) as client:
        assert ask(client, b"x" * (server.MAX_LINE - 1) + b"\n")["length"] == server.MAX_LINE - 1


@pytest.mark.usefixtures("running")
def test_a_slow_client_is_sent_away_and_blocks_nobody(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LINE_SECONDS", 0.3)
    with connect(path) as slow, connect(path) as quick:
        slow.sendall(b"half a li")
        assert ask(quick, b"q\n")["text"] == "q"
        assert read(slow)["error"]["reason"] == "timeout"
        assert read(slow) is None


def test_a_client_that_does_not_read_is_given_up(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.2)
    made = Server(path, lambda _: {"id": "x", "much": "x" * 10_000_000}, user=os.getuid())
    made.start()
    with connect(path) as deaf:
        deaf.sendall(b"a\n")
        deadline = time.monotonic() + 10
        for served in (server.CLIENTS - 1, server.CLIENTS):
            while made._room._value != served:  # type: ignore[attr-defined]
                assert time.monotonic() < deadline
                time.sleep(0.001)
    made.close()


@pytest.mark.usefixtures("running")
def test_one_client_too_many_is_told_and_there_is_room_again(path: str) -> None:
    crowd = [connect(path) for _dummy in range(server.CLIENTS)]
    try:
        assert [ask(client, b"in\n")["text"] for client in crowd] == ["in"] * server.CLIENTS
        with connect(path) as late:
            assert read(late)["error"]["reason"] == "agent"
    finally:
        for client in crowd:
            client.close()
    deadline = time.monotonic() + 10
    while True:
        with connect(path) as client:
            answer = ask(client, b"again\n")
        if answer.get("text") == "again":
            break
        assert time.monotonic() < deadline


def test_another_user_is_turned_away(path: str) -> None:
    made = Server(path, _echo, user=os.getuid() + 1)
    made.start()
    with connect(path) as client:
        assert client.recv(100) == b""
    made.close()


def test_a_socket_left_behind_is_replaced(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(path)
    made = Server(path, _echo, user=os.getuid())
    made.start()
    with connect(path) as client:
        assert ask(client, b"new\n")["text"] == "new"
    made.close()


def test_a_long_call_stops_no_other(path: str) -> None:
    gate = threading.Event()

    def answer(line: bytes) -> dict[str, Any]:
        if line == b"long":
            gate.wait(10)
        return _echo(line)

    made = Server(path, answer, user=os.getuid())
    made.start()
    with connect(path) as long, connect(path) as short:
        long.sendall(b"long\n")
        assert ask(short, b"short\n")["text"] == "short"
        gate.set()
        assert read(long)["text"] == "long"
    made.close()
