# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the controller that only their owner can read. Private to the collection."""

from __future__ import annotations

import contextlib
import filecmp
import os
import tempfile
import typing as t


def directory_is_there(path: str) -> bool:
    """Whether a file can be made at the path: in a directory that exists, and where no directory is."""
    return not os.path.isdir(path) and os.path.isdir(os.path.dirname(path) or ".")


def write_private(path: str, pieces: t.Iterable[bytes]) -> bool:
    """Replace a file, unless it is the same, by one that only its owner can read; whether that was done. A crash leaves the old one or the new one."""
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".dbaas-")
    try:
        with open(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path) and filecmp.cmp(path, temporary, shallow=False):
            return False
        os.replace(temporary, path)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
