# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the object store: keeps the last PUT of each path in a directory. The real Swift is tested on devcloud.

`store_stand_in.py ADDRESS DIRECTORY` listens on a free port, writes `port` and `pid` into the directory, and for a PUT of
/NAME the files NAME.body and NAME.type. A file `ahead` in the directory holds the seconds by which its clock is ahead.
"""

from __future__ import annotations

import http.server
import os
import pathlib
import sys
import time


class Store(http.server.BaseHTTPRequestHandler):
    """Answers 201 to every PUT of a plain name, 404 to everything else."""

    directory: pathlib.Path

    def date_time_string(self, timestamp: float | None = None) -> str:
        ahead = self.directory / "ahead"
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(now + (int(ahead.read_text()) if ahead.exists() else 0))

    def do_PUT(self) -> None:
        name = self.path.lstrip("/")
        if not name.isalnum():
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for suffix, content in (("body", body), ("type", self.headers["Content-Type"].encode())):
            partial = self.directory / f".{name}.{suffix}"
            partial.write_bytes(content)
            partial.rename(self.directory / f"{name}.{suffix}")
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()


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
