# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A log that the journal keeps: what a unit writes to its output, and what systemd says of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing

from dbaas_agent.errors import AgentError
from dbaas_agent.logs.source import Piece
from dbaas_agent.subproc import lines_of

_CURSOR = re.compile(r"[A-Za-z0-9=;]{1,256}")
_SECONDS = 300


class Journal:
    """The unit's entries, each as a line that begins with its time in UTC."""

    def __init__(self, unit: str) -> None:
        self._unit = unit

    def pieces(self, after: str, size: int) -> Iterator[Piece]:
        if after and not _CURSOR.fullmatch(after):
            raise AgentError("invalid", f"after: {after!r} is no cursor of this log")
        yield from self._pieces([f"--after-cursor={after}"] if after else [], size)

    def tail(self, lines: int, size: int) -> Piece:
        pieces = list(self._pieces([f"--lines={lines}"], size))
        return pieces[-1] if pieces else Piece(b"", "", "")

    def lost(self, after: str) -> bool:
        """The journal does not tell."""
        del after
        return False

    def _pieces(self, options: list[str], size: int) -> Iterator[Piece]:
        command = ["journalctl", f"--unit={self._unit}", "--output=json", "--output-fields=MESSAGE", "--all", "--quiet"]
        data, name, cursor = bytearray(), "", ""
        with closing(lines_of([*command, *options], _SECONDS)) as entries:
            for entry in entries:
                told = json.loads(entry)
                line = _line(told)
                if data and len(data) + len(line) > size:
                    yield Piece(bytes(data), name, cursor)
                    data.clear()
                name = name if data else f"{int(told['__REALTIME_TIMESTAMP']):017d}"
                data += line
                cursor = told["__CURSOR"]
        if data:
            yield Piece(bytes(data), name, cursor)


def _line(told: dict[str, object]) -> bytes:
    """An entry; what is no text comes as a list of bytes."""
    message = told.get("MESSAGE") or ""
    text = bytes(message) if isinstance(message, list) else str(message).encode()
    seconds, micro = divmod(int(str(told["__REALTIME_TIMESTAMP"])), 1_000_000)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{moment}.{micro // 1000:03d}Z ".encode() + text.replace(b"\n", b"\n  ") + b"\n"
