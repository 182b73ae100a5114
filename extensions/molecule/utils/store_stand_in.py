# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the object store: keeps the last PUT of each path in a directory. The real Swift is tested on devcloud.

`store_stand_in.py ADDRESS DIRECTORY` listens on a free port, writes `port` and `pid` into the directory, and for a PUT of
/NAME the files NAME.body and NAME.type, which a GET of it answers with. A file `ahead` in the directory holds the seconds by
which its clock is ahead, a file `refuse` in a folder of it the status that everything below is answered with.
"""

from __future__ import annotations

import hashlib
import http.server
import os
import pathlib
import re
import sys
import time

NAME = re.compile(r"/([A-Za-z0-9_-]+/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class Store(http.server.BaseHTTPRequestHandler):
    """Answers 404 to a path that is no plain name, or that nothing was put to; 422 to a body that is not what its ETag says."""

    directory: pathlib.Path

    def date_time_string(self, timestamp: float | None = None) -> str:
        ahead = self.directory / "ahead"
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(now + (int(ahead.read_text()) if ahead.exists() else 0))

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = self._path()
        if path is None:
            return
        wanted = self.headers.get("ETag")
        if wanted not in (None, hashlib.md5(body, usedforsecurity=False).hexdigest()):
            self.send_error(422)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix, content in (("body", body), ("type", self.headers["Content-Type"].encode())):
            partial = path.with_name(f".{path.stem}.{suffix}")
            partial.write_bytes(content)
            partial.rename(path.with_suffix(f".{suffix}"))
        self._answer(201, b"")

    def do_GET(self) -> None:
        path = self._path()
        if path is not None:
            self._answer(200, path.read_bytes()) if path.exists() else self.send_error(404)

    def _path(self) -> pathlib.Path | None:
        """Where the body of what the request names lies; None when it has been answered."""
        name = self.path.partition("?")[0]
        refuse = self.directory / name.split("/")[1] / "refuse"
        if refuse.exists():
            self.send_error(int(refuse.read_text()))
            return None
        if not NAME.fullmatch(name):
            self.send_error(404)
            return None
        return self.directory / f"{name.lstrip('/')}.body"

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(address: str, directory: pathlib.Path) -> None:
    """Serve until a signal comes."""
    directory.mkdir(parents=True, exist_ok=True)
    Store.directory = directory
    server = http.server.ThreadingHTTPServer((address, 0), Store)
    (directory / "pid").write_text(str(os.getpid()))
    (directory / ".port").write_text(str(server.server_port))
    (directory / ".port").rename(directory / "port")
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
