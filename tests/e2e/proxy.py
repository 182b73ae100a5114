# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP proxy between the SDK and the cloud, that tells of each request which may change something, before and after it.

Clients find it by the variable http_proxy. It forwards everything unchanged.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TIMEOUT = 120
MUTATING = ("POST", "PUT", "PATCH", "DELETE")
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade"}
_IDENTITY = re.compile(r"/v3/auth/tokens$")
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CLAIM = re.compile(r"dbaas-lock\.[^/]*")


@dataclasses.dataclass(frozen=True)
class Boundary:
    """A request that may change something, without what differs from run to run."""

    method: str
    place: str

    def __str__(self) -> str:
        return f"{self.method} {self.place}"


class Cut(Exception):  # noqa: N818
    """The client has been killed: its request or its answer goes nowhere."""


Hook = Callable[[Boundary, str], None]
"""Called with a boundary and `before` or `after`; it may raise Cut."""
Dead = Callable[[str], bool]
"""Whether what stands at a URL does not answer."""


def boundary(method: str, url: str, body: bytes = b"") -> Boundary | None:
    """The boundary that a request is; None if it changes nothing, as reading and logging in. What an action is stands in its body."""
    parts = urllib.parse.urlsplit(url)
    if method not in MUTATING or _IDENTITY.search(parts.path):
        return None
    place = _CLAIM.sub("LOCK", _ID.sub("ID", parts.path))
    if place.endswith("/action"):
        place = f"{place} {next(iter(json.loads(body)))}"
    return Boundary(method, place)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        at = boundary(self.command, self.path, body)
        hook: Hook = self.server.hook  # type: ignore[attr-defined]
        try:
            if self.server.dead(self.path):  # type: ignore[attr-defined]
                raise Cut
            if at is not None:
                hook(at, "before")
            status, headers, answer = self._ask(body)
            if at is not None:
                hook(at, "after")
        except Cut:
            self.close_connection = True
            return
        with contextlib.suppress(ConnectionError):  # the client may be gone
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if "content-length" not in {name.lower() for name, _value in headers}:  # it came in chunks
                self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        parts = urllib.parse.urlsplit(self.path)
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        place = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
        connection.request(self.command, place, body=body, headers=headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
        return response.status, kept, answer

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hook: Hook
    dead: Dead


@contextlib.contextmanager
def proxy(hook: Hook = lambda _at, _phase: None, dead: Dead = lambda _url: False) -> Iterator[str]:
    """Run a proxy on this machine; its URL."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.hook, server.dead = hook, dead
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
