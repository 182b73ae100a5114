# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads to URLs that hold the right to it, and downloads."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 10.0


@dataclass(frozen=True)
class Answer:
    """What came of it. word: for logs and messages, without the URL. date: the store's clock; sent, heard: monotonic seconds. body: what was downloaded."""

    ok: bool
    word: str
    date: str | None = None
    sent: float = 0
    heard: float = 0
    body: bytes = b""


class Uploader:
    """One thread at a time. The libraries are loaded with the first upload."""

    def __init__(self, ca_file: str) -> None:
        self._ca_file = ca_file
        self._tls: Any = None

    def put(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send the body; each step is bounded to TIMEOUT seconds."""
        return self._ask("PUT", url, body, headers)

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Download the whole body, into memory; each step is bounded to TIMEOUT seconds."""
        return self._ask("GET", url, None, headers)

    def _ask(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        from http import client

        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection = self._connection(client, parts.scheme, parts.hostname or "", parts.port)
            try:
                sent = time.monotonic()
                # A store that takes no more says why before it has read all.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, target, body, dict(headers))
                answer = connection.getresponse()
                heard = time.monotonic()
                told = answer.read() if method == "GET" else b""
            finally:
                connection.close()
        except (OSError, ValueError, client.HTTPException) as fault:
            return Answer(False, type(fault).__name__)
        ok = 200 <= answer.status < 300
        return Answer(ok, "sent" if ok else f"http_{answer.status}", answer.getheader("Date"), sent, heard, told)

    def _connection(self, client: Any, scheme: str, host: str, port: int | None) -> Any:
        if scheme == "http":
            return client.HTTPConnection(host, port, timeout=TIMEOUT)
        if self._tls is None:
            import ssl

            self._tls = ssl.create_default_context(cafile=self._ca_file or None)
        return client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self._tls)
