# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove an owner's cloud, whatever state it is in.

usage: devcloud_delete.py --state-dir DIR --owner OWNER --cache-dir DIR [--purge-cache]
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
from pathlib import Path

import devcloud_container
import devcloud_network
import devcloud_rootfs
from devcloud_common import Cloud, DevcloudError, find, is_mounted, lock, parser, report, script


def _unmount(path: Path) -> None:
    while is_mounted(path):
        done = subprocess.run(["umount", "--recursive", str(path)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise DevcloudError(f"can't unmount {path}: {done.stderr.strip()}")


def _remove(cloud: Cloud, trash: Path) -> None:
    """End, unmount, and take the directory away in one step: a killed removal leaves no half of a cloud behind."""
    with lock(cloud.directory / "lock"):
        devcloud_container.end(cloud)
        _unmount(cloud.root)
        if shutil.which("iptables"):
            devcloud_network.down(cloud)
        trash.mkdir(mode=0o700, exist_ok=True)
        cloud.directory.rename(trash / f"{cloud.number}.{secrets.token_hex(4)}")


def main() -> None:
    """Run from the command line."""
    options = parser(__doc__)
    options.add_argument("--cache-dir", type=Path, required=True)
    options.add_argument("--purge-cache", action="store_true")
    arguments = options.parse_args()
    cache, trash = arguments.cache_dir / "devcloud", arguments.state_dir / "trash"
    cloud = find(arguments.state_dir, arguments.owner)
    if cloud:
        _remove(cloud, trash)
    changed = cloud is not None or trash.is_dir()
    shutil.rmtree(trash, ignore_errors=True)
    purged: list[str] = []
    if arguments.purge_cache and cache.is_dir():
        with lock(cache / "lock"):
            purged = devcloud_rootfs.sweep(cache, keep=None)
    report(changed=changed or bool(purged), cloud=cloud.facts() if cloud else None, purged=purged)


if __name__ == "__main__":
    script(main)
