# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What backups leave on the data volume for those that follow them, and what they need there for a while."""

from __future__ import annotations

import grp
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from dbaas_agent.config import Config
from dbaas_agent.fsutil import ensure_directory, sync_directory

NEWEST = 8


def directory(config: Config) -> str:
    """Where it lies."""
    return os.path.join(config.mount_point, "backups")


def prepare(config: Config) -> None:
    """Have the directory, into which the datastore may go but where it sees nothing, and for one backup an empty one into which it may write."""
    ensure_directory(directory(config), 0o711)
    sweep(config)
    ensure_directory(_scratch(config), 0o770)
    os.chown(_scratch(config), 0, grp.getgrnam(config.datastore_group).gr_gid)


def sweep(config: Config) -> None:
    """Remove what a killed backup has left."""
    shutil.rmtree(_scratch(config), ignore_errors=True)


@contextmanager
def scratch(config: Config) -> Iterator[str]:
    """The directory that was prepared for this backup, until the end."""
    try:
        yield _scratch(config)
    finally:
        sweep(config)


def _scratch(config: Config) -> str:
    return os.path.join(directory(config), ".new")


def path_of(config: Config, name: str) -> str:
    """Where something of this name lies, if it is kept; a slash in the name counts as a dash."""
    return os.path.join(directory(config), name.replace("/", "-"))


def keep(config: Config, name: str, path: str) -> None:
    """Keep the file under the name, and only the NEWEST ones beside it."""
    os.rename(path, path_of(config, name))
    with os.scandir(directory(config)) as entries:
        files = sorted((entry for entry in entries if entry.is_file()), key=lambda entry: -entry.stat().st_mtime_ns)
    for old in files[NEWEST:]:
        os.unlink(old.path)
    sync_directory(directory(config))
