# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What backups leave on the data volume for those that follow them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from dbaas_agent.config import Config
from dbaas_agent.fsutil import ensure_directory, sync_directory

NEWEST = 8
_SCRATCH = ".new"


def directory(config: Config) -> str:
    """Where it lies."""
    return os.path.join(config.mount_point, "backups")


def prepare(config: Config) -> None:
    """Have the directory, without what a killed backup left in it."""
    ensure_directory(directory(config), 0o700)
    shutil.rmtree(os.path.join(directory(config), _SCRATCH), ignore_errors=True)


@contextmanager
def scratch(config: Config) -> Iterator[str]:
    """An empty directory on the same file system, for the time of one backup."""
    path = os.path.join(directory(config), _SCRATCH)
    os.mkdir(path, 0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path)


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
