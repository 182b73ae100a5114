# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root file system of all clouds: built once into the cache, named by what it is built from.

usage: devcloud_rootfs.py find|ensure --state-dir DIR --owner OWNER --cache-dir DIR [--sources FILE]

A build that is killed leaves nothing that counts: it works under another name, in namespaces that end with it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from devcloud_common import Cloud, DevcloudError, find_or_fail, lock, parser, report, script

SUITE = "bookworm"
RECIPE = Path(__file__).resolve().parent / "rootfs"
BUILD_SECONDS = 3600
# Of its own, and ended with this process however that ends.
NAMESPACES = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def key_of(recipe: Path, suite: str) -> str:
    """Changes with every file of the recipe and its mode."""
    digest = hashlib.sha256(f"{suite} {os.uname().machine}".encode())
    for path in sorted(path for path in recipe.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(recipe)} {bool(path.stat().st_mode & 0o100)} {content}\n".encode())
    return digest.hexdigest()[:16]


def _pinned(cloud: Cloud) -> Path | None:
    """The root file system that the cloud was made on and stays with."""
    link = cloud.directory / "rootfs"
    return link.resolve() if link.is_dir() else None


def _build(target: Path, sources: Path) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    log = target.parent / "build.log"
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [*NAMESPACES, str(RECIPE / "build.sh"), str(draft), SUITE, str(sources)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=BUILD_SECONDS,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise DevcloudError(f"building the root file system failed, all of it is in {log}:\n{tail}")
    draft.rename(target)


def _users_of(entry: Path) -> Path:
    """Where the clouds that use a cache entry are kept, as links to their directories."""
    return entry.with_name(f"{entry.name}.users")


def _use(entry: Path, cloud: Cloud) -> None:
    users = _users_of(entry)
    users.mkdir(exist_ok=True)
    mark = users / hashlib.sha256(str(cloud.directory).encode()).hexdigest()[:16]
    if not mark.is_symlink():
        mark.symlink_to(cloud.directory)
    link = cloud.directory / "rootfs"
    link.unlink(missing_ok=True)
    link.symlink_to(entry)


def _is_used(entry: Path) -> bool:
    users = _users_of(entry)
    return users.is_dir() and any((user / "rootfs").resolve() == entry for user in users.iterdir())


def sweep(cache: Path, keep: Path | None) -> list[str]:
    """Remove what no cloud uses, and what killed builds left. Call with the cache's lock held."""
    removed = []
    for entry in [path for path in cache.iterdir() if path.is_dir() and path.suffix != ".users"]:
        if entry != keep and not _is_used(entry):
            shutil.rmtree(entry)
            shutil.rmtree(_users_of(entry), ignore_errors=True)
            removed.append(entry.name)
    return removed


def _ensure(cloud: Cloud, cache: Path, sources: Path) -> None:
    known = _pinned(cloud)
    if known:
        report(changed=False, path=str(known), current=known.name == key_of(RECIPE, SUITE), built=False)
        return
    started = time.monotonic()
    with lock(cache / "lock"):
        entry = cache / key_of(RECIPE, SUITE)
        missing = not entry.is_dir()
        sweep(cache, keep=entry)
        if missing:
            _build(entry, sources)
        _use(entry, cloud)
    report(changed=True, path=str(entry), current=True, built=missing, seconds=round(time.monotonic() - started, 1))


def main() -> None:
    """Run from the command line."""
    options = parser(__doc__)
    options.add_argument("action", choices=("find", "ensure"))
    options.add_argument("--cache-dir", type=Path, required=True)
    options.add_argument("--sources", type=Path)
    arguments = options.parse_args()
    cloud = find_or_fail(arguments.state_dir, arguments.owner)
    cache = arguments.cache_dir / "devcloud"
    if arguments.action == "find":
        entry = _pinned(cloud) or cache / key_of(RECIPE, SUITE)
        report(changed=False, there=entry.is_dir(), log=str(cache / "build.log"))
    else:
        _ensure(cloud, cache, arguments.sources)


if __name__ == "__main__":
    script(main)
