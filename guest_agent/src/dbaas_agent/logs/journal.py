# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A log that the journal keeps: what a unit writes to its output, and what systemd says of it."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing, suppress

from dbaas_agent.errors import AgentError
from dbaas_agent.logs.source import Piece
from dbaas_agent.subproc import lines_of

_CURSOR = re.compile(r"[A-Za-z0-9=;]{1,256}")
_SECONDS = 1200


class Journal:
    """The unit's entries, each as a line that begins with its time in UTC."""

    def __init__(self, unit: str) -> None:
        self._unit = unit

    def pieces(self, after: str, size: int) -> Iterator[Piece]:
        yield from self._pieces([f"--after-cursor={_cursor(after)}"] if after else [], size)

    def tail(self, lines: int, size: int) -> Piece:
        kept: deque[bytes] = deque()
        cursor, length = "", 0
        for line, _dummy, cursor in self._entries([f"--lines={lines}"]):  # noqa: B007
            kept.append(line)
            length += len(line)
            while length > size and len(kept) > 1:
                length -= len(kept.popleft())
        return Piece(b"".join(kept), "", cursor)

    def lost(self, after: str) -> bool:
        """Whether the entry is gone, since the journal is another one or was vacuumed: what came after it may be gone, too."""
        if not after:
            return False
        with closing(self._entries([f"--cursor={_cursor(after)}"])) as entries:
            return next((cursor for _line, _moment, cursor in entries), "") != after

    def _pieces(self, options: list[str], size: int) -> Iterator[Piece]:
        data, name, cursor = bytearray(), "", ""
        for line, moment, after in self._entries(options):
            if data and len(data) + len(line) > size:
                yield Piece(bytes(data), name, cursor)
                data.clear()
            name = name if data else moment
            data += line
            cursor = after
        if data:
            yield Piece(bytes(data), name, cursor)

    def _entries(self, options: list[str]) -> Generator[tuple[bytes, str, str], None, None]:
        """Lines with their time, as digits, and their cursor."""
        command = ["journalctl", f"--unit={self._unit}", "--output=json", "--output-fields=MESSAGE", "--all", "--quiet"]
        with closing(lines_of([*command, *options], _SECONDS)) as entries:
            for entry in entries:
                with suppress(ValueError):  # the last one of a journalctl that was ended
                    told = json.loads(entry)
                    yield _line(told), f"{int(told['__REALTIME_TIMESTAMP']):017d}", told["__CURSOR"]


def _cursor(text: str) -> str:
    if not _CURSOR.fullmatch(text):
        raise AgentError("invalid", f"after: {text!r} is no cursor of this log")
    return text


def _line(told: dict[str, object]) -> bytes:
    """An entry; what is no text comes as a list of bytes."""
    message = told.get("MESSAGE") or ""
    text = bytes(message) if isinstance(message, list) else str(message).encode()
    seconds, micro = divmod(int(str(told["__REALTIME_TIMESTAMP"])), 1_000_000)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{moment}.{micro // 1000:03d}Z ".encode() + text.replace(b"\n", b"\n  ") + b"\n"
