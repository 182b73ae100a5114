# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are either old or new, never half."""

from __future__ import annotations

import json
import os
from typing import Any


def write_atomic(path: str, data: bytes, mode: int = 0o600, owner: tuple[int, int] = (0, 0)) -> None:
    """Replace the file: write beside it, owner and mode, fsync, rename, fsync of the directory. One writer a path."""
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f".{name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        os.fchown(stream.fileno(), *owner)
        os.fchmod(stream.fileno(), mode)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    sync_directory(directory)


def ensure_directory(path: str, mode: int) -> None:
    """A directory with exactly this mode, whatever the umask."""
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)


def sync_directory(path: str) -> None:
    """Make renames in the directory last."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def identity(path: str) -> tuple[int, int, int] | None:
    """Differs when the file was replaced or written; None when there is no such file or nothing can be said of it."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_ino, seen.st_size


def read_text(path: str) -> str | None:
    """The file's text, or None when there is no such file."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def read_object(path: str) -> dict[str, Any] | None:
    """The JSON object in the file, or None when there is no such file; ValueError when it is something else."""
    text = read_text(path)
    if text is None:
        return None
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"{path}: a JSON object is wanted")
    return value


def remove(path: str) -> None:
    """Remove the file if it is there, durably."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    sync_directory(os.path.dirname(path))
