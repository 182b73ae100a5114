# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new data directory: made beside its place and renamed when complete, so that a stop in between leaves nothing that looks finished."""

from __future__ import annotations

import glob
import json
import os
import pwd
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbaas_agent import systemd
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_object, sync_directory, write_atomic

_ORIGIN = "dbaas-origin.json"
_CREATE_SECONDS = 900


def is_own(config: Config) -> bool:
    """Whether the one in its place was made here for this instance."""
    return _origin(config).get("uid") == config.uid


def history(config: Config) -> str:
    """What no other data directory has, not even one that was restored from the same backup; empty for one that an older agent made."""
    return str(_origin(config).get("history", ""))


def _origin(config: Config) -> dict[str, Any]:
    return read_object(os.path.join(config.data_dir, _ORIGIN)) or {}


def require_none(config: Config) -> None:
    """AgentError(conflict) when there is one."""
    if os.path.lexists(config.data_dir):
        raise AgentError("conflict", f"{config.data_dir} exists: it is not replaced")


def is_restored(config: Config) -> bool:
    """Whether the one in its place was made of a backup."""
    return bool(_origin(config).get("restored"))


def begin(config: Config, position: str) -> None:
    """Keep where the server was, and when, as it started with the data for the first time."""
    origin = {
        **_origin(config),
        "began": {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "position": position},
    }
    write_atomic(os.path.join(config.data_dir, _ORIGIN), json.dumps(origin).encode(), 0o644)


def began(config: Config) -> dict[str, str] | None:
    """That; None for one that an older agent made."""
    return _origin(config).get("began")


@contextmanager
def being_made(config: Config, restored: bool = False) -> Iterator[str]:
    """An empty directory of the datastore's user, which is the data directory when this is left without an error."""
    partial = f"{config.data_dir}.new"
    for left in glob.glob(f"{glob.escape(partial)}*"):
        shutil.rmtree(left)
    os.mkdir(partial, 0o700)
    give_away(config, partial)
    yield partial
    _finish(config, partial, restored)


def _finish(config: Config, directory: str, restored: bool) -> None:
    _write_origin(config, directory, restored)
    os.sync()
    os.rename(directory, config.data_dir)
    sync_directory(os.path.dirname(config.data_dir))


def _write_origin(config: Config, directory: str, restored: bool) -> None:
    origin = {"uid": config.uid, "history": secrets.token_hex(8), "restored": restored}
    write_atomic(os.path.join(directory, _ORIGIN), json.dumps(origin).encode(), 0o644)


@contextmanager
def being_rewound(config: Config) -> Iterator[None]:
    """The datastore's own tool, as its user, has the one in its place be as another server's; it is this instance's all the same when this is left."""
    owner = pwd.getpwnam(config.datastore_user)
    for entry in os.scandir(config.data_dir):
        if entry.is_file(follow_symlinks=False):
            os.chown(entry.path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    yield
    _write_origin(config, config.data_dir, restored=True)


def discard(config: Config) -> None:
    """Have none any more, of a server that is stopped: not half of one either, whenever this ends."""
    gone = f"{config.data_dir}.gone"
    if os.path.lexists(config.data_dir):
        shutil.rmtree(gone, ignore_errors=True)
        os.rename(config.data_dir, gone)
        sync_directory(os.path.dirname(config.data_dir))
    shutil.rmtree(gone, ignore_errors=True)


def set_aside(config: Config) -> None:
    """The one in its place is a copy of another's: it is none until it is taken over."""
    if os.path.lexists(config.data_dir) and not os.path.lexists(_aside(config)):
        os.rename(config.data_dir, _aside(config))


def require_aside(config: Config) -> None:
    """AgentError(not_actionable) when none was set aside."""
    if not os.path.isdir(_aside(config)):
        raise AgentError("not_actionable", f"there is no {_aside(config)}: the volume is no copy of another one")


@contextmanager
def being_taken_over(config: Config) -> Iterator[str]:
    """The one that was set aside, which is the datastore's user's, and the data directory when this is left without an error."""
    give_away(config, _aside(config))
    yield _aside(config)
    _finish(config, _aside(config), restored=True)


def _aside(config: Config) -> str:
    return f"{config.data_dir}.copied"


def initialise(driver: Any, directory: str) -> None:
    """Have the datastore's own tool make an empty directory one without data."""
    config = driver.config
    unit = f"dbaas-create-{config.datastore}"
    systemd.end_transient(unit)
    systemd.run_outside(
        unit, driver.create_command(directory), config.datastore_user, config.datastore_group, _CREATE_SECONDS
    )
    if not driver.is_data_directory(directory):
        raise AgentError("agent", f"the datastore's own tool made no data directory in {directory}")


def give_away(config: Config, path: str) -> None:
    """It and everything below it is the datastore's user's."""
    owner = pwd.getpwnam(config.datastore_user)
    os.chown(path, owner.pw_uid, owner.pw_gid)
    for directory, directories, files in os.walk(path):
        for name in (*directories, *files):
            os.chown(os.path.join(directory, name), owner.pw_uid, owner.pw_gid, follow_symlinks=False)
