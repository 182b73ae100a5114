# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A log that the datastore writes to a file on the data volume."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from dbaas_agent.errors import AgentError
from dbaas_agent.logs.source import Piece

_CURSOR = re.compile(r"([0-9]{1,12}):([0-9]{1,18})")


class File:
    """NAME.log, and NAME.log.7 to which it was rotated: the generation of the one that is written is higher by one.

    The datastore owns the directory, so nothing there is followed, and nothing is read but regular files.
    """

    def __init__(self, directory: str, name: str) -> None:
        self._directory = directory
        self._name = name
        self.path = os.path.join(directory, f"{name}.log")

    def pieces(self, after: str, size: int) -> Iterator[Piece]:
        begin, offset = self._position(after)
        for generation, path in self._files():
            if generation < begin:
                continue
            yield from self._pieces(generation, path, offset if generation == begin else 0, size)

    def _pieces(self, generation: int, path: str, offset: int, size: int) -> Iterator[Piece]:
        with _opened(path) as stream:
            ends = os.fstat(stream.fileno()).st_size  # what comes later is for the next time: it may never end
            if offset > ends:
                offset = 0
            while True:
                stream.seek(offset)
                whole = _whole_lines(stream.read(min(size, ends - offset)), size, last=path == self.path)
                if not whole:
                    return
                end = offset + len(whole)
                yield Piece(whole, f"{generation:08d}-{offset:015d}", f"{generation}:{end}")
                offset = end

    def tail(self, lines: int, size: int) -> Piece:
        text, cursor = b"", f"{self._current()}:0"
        for generation, path in reversed(self._files()):
            with _opened(path) as stream:
                end = os.fstat(stream.fileno()).st_size
                stream.seek(max(0, end - (size - len(text))))
                read = stream.read(size - len(text))
            if path == self.path:
                whole = read[: read.rfind(b"\n") + 1]
                cursor = f"{generation}:{end - len(read) + len(whole)}"
                read = whole
            text = read + text
            if text.count(b"\n") > lines or len(text) >= size:
                break
        return Piece(b"".join(text.splitlines(keepends=True)[-lines:]), "", cursor)

    def lost(self, after: str) -> bool:
        if not after:
            return False
        generation, offset = self._position(after)
        files = dict(self._files())
        if generation not in files:
            return bool(files) or generation != self._current() or offset > 0
        return offset > os.lstat(files[generation]).st_size

    def rotate(self, limit: int) -> bool:
        """Put it aside in the place of what was put aside before when it has more bytes than that; whether that was done."""
        try:
            if os.lstat(self.path).st_size <= limit:
                return False
        except FileNotFoundError:
            return False
        before = self._rotated()
        os.rename(self.path, f"{self.path}.{self._current()}")
        for _dummy, path in before:
            with suppress(FileNotFoundError):
                os.unlink(path)
        return True

    def is_away(self) -> bool:
        """Whether it was rotated, and nobody has begun it again."""
        return not os.path.lexists(self.path) and bool(self._rotated())

    def _position(self, after: str) -> tuple[int, int]:
        if not after:
            return 0, 0
        match = _CURSOR.fullmatch(after)
        if match is None:
            raise AgentError("invalid", f"after: {after!r} is no cursor of this log")
        return int(match[1]), int(match[2])

    def _files(self) -> list[tuple[int, str]]:
        current = [(self._current(), self.path)] if os.path.lexists(self.path) else []
        return [*self._rotated(), *current]

    def _current(self) -> int:
        return max((generation for generation, _dummy in self._rotated()), default=0) + 1

    def _rotated(self) -> list[tuple[int, str]]:
        form = re.compile(re.escape(f"{self._name}.log.") + r"([1-9][0-9]{0,11})")
        try:
            names = os.listdir(self._directory)
        except FileNotFoundError:
            return []
        found = (match for name in names if (match := form.fullmatch(name)))
        return sorted((int(match[1]), os.path.join(self._directory, match[0])) for match in found)


def _opened(path: str) -> BinaryIO:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as fault:
        raise AgentError("agent", f"{path} cannot be read: {fault.strerror}") from fault
    stream = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        stream.close()
        raise AgentError("conflict", f"{path} is no regular file")
    return stream


def _whole_lines(read: bytes, size: int, last: bool) -> bytes:
    """last: the file is being written, and its last line may not be complete. A line that is longer than the size comes in parts."""
    end = read.rfind(b"\n") + 1
    if len(read) == size:
        return read[:end] if end else read
    return read[:end] if last else read
