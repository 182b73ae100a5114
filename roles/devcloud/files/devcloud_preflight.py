# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at the machine before anything is touched: what it lacks, and what the role needs to know of it.

usage: devcloud_preflight.py --state-dir DIR --owner OWNER --cache-dir DIR [--clouds-file FILE]
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import devcloud_container
from devcloud_common import Cloud, find, parser, report, script, succeeds

GIB = 1024**3
DEBIAN_NEEDED = 12
MEMORY_NEEDED = 8 * GIB
DISK_NEEDED = 15 * 10**9
PACKAGES = {
    "ip": "iproute2",
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "systemd-nspawn": "systemd-container",
}


def _debian_release(os_release: dict[str, str]) -> int:
    """The version of Debian, 0 for anything else or older than all that could do."""
    version = os_release.get("VERSION_ID", "")
    return int(version) if os_release.get("ID") == "debian" and version.isdigit() else 0


def mirrors(targets: Iterable[str], codename: str) -> tuple[str, str]:
    """The archive and the security archive of Debian in apt's own list of "SITE CODENAME ORIGIN"; empty if missing."""
    sites: dict[str, str] = {}
    for target in targets:
        site, _dummy, rest = target.partition(" ")
        name, _dummy, origin = rest.partition(" ")
        if origin == "Debian":
            sites.setdefault(name, site)
    return sites.get(codename, ""), sites.get(f"{codename}-security", "")


def _sources(archive: str, security: str) -> str:
    """sources.list of the root file system. The OpenStack of this role is the one of bookworm, whatever the machine runs."""
    lines = (f"{archive} bookworm", f"{archive} bookworm-updates", f"{security} bookworm-security")
    return "".join(f"deb {line} main\n" for line in lines)


def _apt_targets() -> list[str]:
    command = ["apt-get", "indextargets", "--format", "$(SITE) $(CODENAME) $(ORIGIN)", "Created-By: Packages"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.splitlines()
    except OSError:
        return []


def nameserver(files: Iterable[Path]) -> str:
    """The first one that guests can reach too: not one on this machine's loopback."""
    for file in files:
        if file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                words = line.split()
                if (
                    len(words) > 1
                    and words[0] == "nameserver"
                    and not words[1].startswith("127.")
                    and ":" not in words[1]
                ):
                    return words[1]
    return ""


def _free_memory() -> int:
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _existing(path: Path) -> Path:
    """The path or the nearest directory above it that is there."""
    return path if path.is_dir() else _existing(path.parent)


def _overlay_works(directory: Path) -> bool:
    with tempfile.TemporaryDirectory(dir=_existing(directory)) as scratch:
        for name in ("lower", "upper", "work", "merged"):
            Path(scratch, name).mkdir()
        layers = f"lowerdir={scratch}/lower,upperdir={scratch}/upper,workdir={scratch}/work"
        if not succeeds("mount", "-t", "overlay", "overlay", "-o", layers, f"{scratch}/merged"):
            return False
        return succeeds("umount", f"{scratch}/merged")


def _system_problems(archives: tuple[str, str], dns: str) -> Iterator[str]:
    """What the system lacks, whether a cloud runs on it or not."""
    os_release = platform.freedesktop_os_release()
    if _debian_release(os_release) < DEBIAN_NEEDED:
        yield f"this is {os_release.get('PRETTY_NAME', 'an unknown system')}: Debian {DEBIAN_NEEDED} or later is needed"
    if not shutil.which("apt-get"):
        yield "apt-get is missing: Debian's package manager is needed"
    if not Path("/dev/net/tun").exists():
        yield "/dev/net/tun is missing: load the kernel module tun, or pass the device in"
    if importlib.util.find_spec("openstack") is None:
        yield "Ansible's Python lacks openstacksdk: install it there with pip"
    for archive, suite in zip(archives, ("archive", "security archive"), strict=True):
        if not archive:
            yield f"apt knows no mirror of Debian's {suite}: configure one and run apt-get update"
    if not dns:
        yield "no name server that guests could reach in /etc/resolv.conf: name one that is not on the loopback"


def _resource_problems(state_dir: Path, cache_dir: Path) -> Iterator[str]:
    """What there is too little of to start a cloud."""
    if not _overlay_works(state_dir):
        yield (
            f"overlay file systems can't be mounted in {_existing(state_dir)}:"
            " use a directory on ext4 or xfs and a kernel with overlay"
        )
    memory = _free_memory()
    if memory < MEMORY_NEEDED:
        yield f"{memory / GIB:.1f} GiB of memory are free: {MEMORY_NEEDED / GIB:.0f} are needed"
    for directory in sorted({_existing(state_dir), _existing(cache_dir)}):
        free = shutil.disk_usage(directory).free
        if free < DISK_NEEDED:
            yield f"{free / 1e9:.1f} GB are free in {directory}: {DISK_NEEDED / 1e9:.0f} are needed"


def _is_running(cloud: Cloud | None) -> bool:
    return cloud is not None and devcloud_container.leader(cloud) is not None


def main() -> None:
    """Run from the command line."""
    options = parser(__doc__)
    options.add_argument("--cache-dir", type=Path, required=True)
    options.add_argument("--clouds-file", default="")
    arguments = options.parse_args()
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    archives = mirrors(_apt_targets(), codename)
    dns = nameserver((Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")))
    if os.geteuid() != 0:
        problems = [f"runs as user id {os.geteuid()}: run it as root"]
    else:
        problems = list(_system_problems(archives, dns))
        if not Path(arguments.clouds_file).absolute().parent.is_dir():
            problems.append(f"devcloud_clouds_file is {arguments.clouds_file}: its directory must exist")
        if not _is_running(find(arguments.state_dir, arguments.owner)):
            problems += _resource_problems(arguments.state_dir, arguments.cache_dir)
    report(
        problems=problems,
        packages=sorted({package for command, package in PACKAGES.items() if not shutil.which(command)}),
        sources=_sources(*archives),
        nameserver=dns,
    )


if __name__ == "__main__":
    script(main)
