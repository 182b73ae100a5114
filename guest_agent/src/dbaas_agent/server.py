# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local socket: one thread a client, a bound on their number, their lines and their patience."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dbaas_agent.errors import AgentError
from dbaas_agent.jsonlog import log
from dbaas_agent.schema import MAX_LINE, PROTOCOLS

CLIENTS = 16
LINE_SECONDS = 30.0
ANSWER_SECONDS = 10.0


class Server:
    """Accepts clients in a thread of its own."""

    def __init__(self, path: str, answer: Callable[[bytes], dict[str, Any]], user: int = 0) -> None:
        self._path = path
        self._answer = answer
        self._user = user
        self._room = threading.BoundedSemaphore(CLIENTS)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(self) -> None:
        """Listen; a socket file left by an earlier agent is replaced."""
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        self._socket.bind(self._path)
        os.chmod(self._path, 0o600)
        self._socket.listen(CLIENTS)
        threading.Thread(target=self._accept, name="socket", daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _dummy = self._socket.accept()
            except OSError:
                if self._socket.fileno() < 0:
                    return
                time.sleep(0.1)
                continue
            if self._room.acquire(blocking=False):
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
            else:
                with client, suppress(OSError):
                    client.settimeout(1)
                    self._send(client, _fault(AgentError("agent", f"there are {CLIENTS} clients already")))

    def _serve(self, client: socket.socket) -> None:
        try:
            with client:
                self._converse(client)
        except OSError as fault:
            log("client_lost", fault=type(fault).__name__)
        finally:
            self._room.release()

    def _converse(self, client: socket.socket) -> None:
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", credentials)[1] != self._user:
            log("client_refused", "warning", user=struct.unpack("3i", credentials)[1])
            return
        rest = b""
        while True:
            try:
                line, rest = _read_line(client, rest)
            except AgentError as fault:
                client.settimeout(ANSWER_SECONDS)
                self._send(client, _fault(fault))
                return
            if not line:
                return
            answer = self._answer(line)
            client.settimeout(ANSWER_SECONDS)
            self._send(client, answer)

    def _send(self, client: socket.socket, answer: dict[str, Any]) -> None:
        try:
            client.sendall(json.dumps(answer).encode() + b"\n")
        except OSError as fault:
            log("answer_lost", "warning", op=answer["id"], fault=type(fault).__name__)
            raise


def _read_line(client: socket.socket, rest: bytes) -> tuple[bytes, bytes]:
    """The next line and what follows it; an empty line at the end. AgentError when it is too long or too slow."""
    deadline = time.monotonic() + LINE_SECONDS
    buffer = bytearray(rest)
    while b"\n" not in buffer:
        if len(buffer) > MAX_LINE:
            raise AgentError("invalid", f"the line is longer than {MAX_LINE} bytes")
        left = deadline - time.monotonic()
        client.settimeout(max(left, 0.001))
        try:
            chunk = client.recv(65536)
        except socket.timeout as fault:
            raise AgentError("timeout", f"no whole line within {LINE_SECONDS:.0f} seconds") from fault
        if not chunk:
            return b"", b""
        buffer.extend(chunk)
    line, _dummy, tail = bytes(buffer).partition(b"\n")
    return line, tail


def _fault(fault: AgentError) -> dict[str, Any]:
    return {"id": None, "protocol": PROTOCOLS[-1], "ok": False, "error": fault.answer()}
