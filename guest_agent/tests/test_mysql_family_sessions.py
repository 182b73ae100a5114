# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dbaas_agent.drivers.base import UnansweredError
from dbaas_agent.drivers.mysql_family import sessions

_TLS = 1 << 11
"""CLIENT_SSL, among the capabilities of the protocol."""


@contextmanager
def server(path: Path) -> Iterator[list[bytes]]:
    """One that offers everything, TLS among it, and hangs up once it was told who comes; what that told."""
    version, challenge = b"9.7.0\0", b"x" * 8
    greeting = b"\x0a" + version + struct.pack("<I", 1) + challenge + b"\0"
    greeting += struct.pack("<HBHHB", 0xFFFF, 45, 2, 0x00FF, 21) + bytes(10) + b"y" * 12 + b"\0auth_socket\0"
    told: list[bytes] = []

    def serve() -> None:
        with door.accept()[0] as client:
            client.sendall(struct.pack("<I", len(greeting)) + greeting)
            told.append(client.recv(4096))

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield told
        thread.join(10)


def test_nothing_is_encrypted_on_a_socket_of_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "server.sock"
    with server(path) as told, pytest.raises(UnansweredError):
        sessions.connect(str(path), 5, "SELECT 1")
    (answer,) = told
    assert not struct.unpack("<I", answer[4:8])[0] & _TLS
    assert b"root" in answer
