# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cgroup of its own for a container: two in one cgroup would share /system.slice, and one's units disturb the other's.

usage: devcloud_cgroup.py run|remove NAME [COMMAND [WORD...]]

`run` becomes the command, in a cgroup (or, under systemd, in a scope) of this name; `remove` takes away what the ended
command left of it.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from devcloud_common import DevcloudError, script


def places(mountinfo: str, membership: str) -> list[Path]:
    """Where a process stands in the hierarchies in which systemd keeps its units: version 2, name=systemd of version 1.

    Args:
        mountinfo: /proc/PID/mountinfo, see proc(5).
        membership: /proc/PID/cgroup, see cgroups(7): lines of ID:CONTROLLERS:PATH; version 2 names no controllers.
    """
    mounts = {}
    for line in mountinfo.splitlines():
        before, _dummy, after = line.partition(" - ")
        kind, _source, options = after.split(" ", 2)
        if kind == "cgroup2":
            mounts[""] = before.split()
        elif kind == "cgroup" and "name=systemd" in options.split(","):
            mounts["name=systemd"] = before.split()
    found = []
    for line in membership.splitlines():
        _number, controllers, path = line.split(":", 2)
        if controllers in mounts:
            root, mount_point = mounts[controllers][3:5]
            found.append(Path(mount_point, path.removeprefix(root).lstrip("/")))
    return found


def _own(name: str) -> list[Path]:
    mountinfo, membership = (Path("/proc/self", file).read_text(encoding="utf-8") for file in ("mountinfo", "cgroup"))
    return [place / name for place in places(mountinfo, membership)]


def enter(name: str) -> None:
    """Move this process into cgroups of this name below those that it stands in."""
    for cgroup in _own(name):
        cgroup.mkdir(exist_ok=True)
        (cgroup / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")


def remove(name: str) -> None:
    """Take away the cgroups of this name; what still holds a process stays."""
    for cgroup in _own(name):
        for directory, _names, _files in os.walk(cgroup, topdown=False):
            with suppress(OSError):
                Path(directory).rmdir()


def main() -> None:
    """Run from the command line."""
    action, name, *command = sys.argv[1:]
    try:
        if action == "remove":
            remove(name)
            return
        if Path("/run/systemd/system").is_dir():
            scope = (
                "systemd-run",
                "--quiet",
                "--scope",
                "--collect",
                "--property=Delegate=yes",
                f"--unit={name}",
                "--",
            )
            command = [*scope, *command]
        else:
            enter(name)
        os.execvp(command[0], command)
    except OSError as error:
        raise DevcloudError(f"no cgroup of its own for {name}: {error}") from error


if __name__ == "__main__":
    script(main)
