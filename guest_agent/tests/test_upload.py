# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from dbaas_agent.upload import Uploader

LARGE = b"x" * (64 << 20)


@pytest.fixture
def refusing() -> Iterator[str]:
    """The URL of a store that refuses as soon as it has seen the beginning, and reads no more."""

    def serve() -> None:
        link, _address = listener.accept()
        with link:
            link.recv(1024)
            link.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/name"
        thread.join()


def test_a_store_that_refuses_before_it_has_read_all_is_heard(refusing: str) -> None:
    answer = Uploader("").put(refusing, LARGE, {})
    assert (answer.ok, answer.word) == (False, "http_413")
