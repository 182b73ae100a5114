# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords of users on the controller: given, kept in files, or made. Private to the collection.

A new password for a user who has one stands in FILE.new until the server has taken it; then that file takes the place of FILE.
Whoever finds a FILE.new finishes what an earlier run began.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import string
import tempfile
import typing as t
from pathlib import Path

LENGTH = 32
PENDING = ".new"
ONLY_NEW = "on_create"
"""For a password that stands nowhere: whoever has one keeps it."""
_OWN = frozenset({"password_file", "password_recipients", "rotate_password", "certificate_file", "key_file"})
"""Options of a user that are no business of the agent's."""


def for_agent(user: t.Mapping[str, t.Any], *, create: bool) -> dict[str, t.Any]:
    """A user as module user takes it. create: make a password file that is missing; else its password is made up. ValueError: a file holds none."""
    wanted = {name: value for name, value in user.items() if name not in _OWN and value is not None}
    if user.get("state") == "absent" or user.get("password"):
        return wanted
    if user.get("password_file"):
        wanted["password"] = _stored(_file(user), create)
    elif user.get("password_recipients"):
        wanted["password"] = generated()
        if not user.get("rotate_password"):
            wanted["update_password"] = ONLY_NEW
    return wanted


def generated() -> str:
    """A new password of letters and digits, of 190 bits."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _index in range(LENGTH))


def _file(user: t.Mapping[str, t.Any]) -> Path:
    file = Path(user["password_file"]).expanduser()
    pending = file.with_name(file.name + PENDING)
    return pending if pending.exists() or (user.get("rotate_password") and file.exists()) else file


def _stored(file: Path, create: bool) -> str:
    """The password in a file, whole and of mode 0600 when it appears; another run that comes at once reads the same."""
    if not file.exists() and create:
        write_new(file, f"{generated()}\n")
    if not file.exists():
        return generated()
    password = file.read_text(encoding="utf-8").split("\n", 1)[0].strip()
    if not password:
        raise ValueError(
            f"password_file: {file} is empty; put a password into its first line, or remove it to have one made"
        )
    return password


def write_new(file: Path, text: str) -> None:
    """A file of mode 0600 that is whole when it appears; one that is there by then stays."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}.", encoding="utf-8") as partial:
        partial.write(text)
        partial.flush()
        os.fsync(partial.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(partial.name, file)
