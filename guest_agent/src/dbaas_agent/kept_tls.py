# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates while the data volume that they lie on is replaced by an empty one: clients go on trusting the same authority."""

from __future__ import annotations

import os
import shutil

from dbaas_agent.config import Config
from dbaas_agent.fsutil import sync_directory


def keep(config: Config) -> None:
    """Copy them to the root file system, whole or not at all."""
    place = _place(config)
    partial = f"{place}.new"
    shutil.rmtree(partial, ignore_errors=True)
    _copy(config.tls_dir, partial)
    forget(config)
    os.rename(partial, place)
    sync_directory(config.state_dir)


def bring(config: Config) -> None:
    """Copy those that are kept, if any are, to where they belong."""
    if os.path.isdir(_place(config)):
        _copy(_place(config), config.tls_dir)


def forget(config: Config) -> None:
    """Remove those that are kept."""
    shutil.rmtree(_place(config), ignore_errors=True)


def _place(config: Config) -> str:
    return os.path.join(config.state_dir, "tls")


def _copy(source: str, target: str) -> None:
    """With owners and modes."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    for directory, _directories, files in os.walk(source):
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            seen = os.stat(path)
            os.chown(os.path.join(target, os.path.relpath(path, source)), seen.st_uid, seen.st_gid)
    os.sync()
