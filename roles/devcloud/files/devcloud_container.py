# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container of a cloud: start it, run commands in it, stop it.

usage: devcloud_container.py start|run|stop --state-dir DIR --owner OWNER [--nameserver ADDRESS] [--command WORD...]

`run` copies files/inside into the container, then runs the command there (a name without a slash is one of these files)
with this script's standard input and output.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import devcloud_cgroup
from devcloud_common import (
    Cloud,
    DevcloudError,
    find_or_fail,
    is_mounted,
    lock,
    parser,
    remove_link,
    report,
    run,
    script,
    succeeds,
)

INSIDE = Path(__file__).resolve().parent / "inside"
LIBRARY = "usr/local/lib/devcloud"
ENVIRONMENT = ("TERM=dumb", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8")
BOOT_SECONDS = 60
STOP_SECONDS = 45


def _read(pid: int | str, name: str) -> str:
    """A file of the process table, empty for a process that has just ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _supervisor(cloud: Cloud) -> int | None:
    """The systemd-nspawn of this cloud. Read from the process table each time: nothing can go stale."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            words = _read(entry.name, "cmdline").split("\0")
            if f"--directory={cloud.root}" in words and words[0].endswith("systemd-nspawn"):
                return int(entry.name)
    return None


def _is_first(cloud: Cloud, pid: str) -> bool:
    """Whether this is the first process of a container on this cloud's root file system."""
    status = _read(pid, "status")
    if not (status.startswith("Name:\tsystemd\n") and re.search(r"^NSpid:\t\d+\t.*\b1$", status, re.MULTILINE)):
        return False
    layer = f"upperdir={cloud.directory}/upper,"
    return any(line.split()[4] == "/" and layer in line for line in _read(pid, "mountinfo").splitlines())


def _firsts(cloud: Cloud) -> list[int]:
    """More than one if systemd-nspawn was killed: its container lives on, and must end before the next one starts."""
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit() and _is_first(cloud, entry.name)]


def leader(cloud: Cloud) -> int | None:
    """The container's first process, seen from outside; None if it does not run or has lost its systemd-nspawn."""
    parent = f"PPid:\t{_supervisor(cloud)}\n"
    return next((pid for pid in _firsts(cloud) if parent in _read(pid, "status")), None)


def _until(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise DevcloudError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)


def _enter(pid: int) -> list[str]:
    return ["nsenter", "--target", str(pid), "--all", "env", "-i", *ENVIRONMENT]


def _mount(cloud: Cloud) -> None:
    """The cloud's own layer above the cached root file system."""
    if is_mounted(cloud.root):
        return
    for name in ("upper", "work", "root"):
        (cloud.directory / name).mkdir(mode=0o755, exist_ok=True)
    lower = (cloud.directory / "rootfs").resolve()
    layers = f"lowerdir={lower},upperdir={cloud.directory}/upper,workdir={cloud.directory}/work"
    run("mount", "-t", "overlay", cloud.machine, "-o", layers, str(cloud.root))


def _write_identity(cloud: Cloud, nameserver: str) -> None:
    etc = cloud.root / "etc"
    api_link = f"""\
[Match]
Name=api0

[Network]
Address={cloud.api_address}/{cloud.api_subnet.prefixlen}
Gateway={cloud.api_subnet[1]}
LinkLocalAddressing=no
"""
    files = {
        "hostname": "devcloud\n",
        "hosts": f"127.0.0.1 localhost\n{cloud.api_address} devcloud\n",
        "machine-id": f"{uuid.uuid5(uuid.NAMESPACE_OID, str(cloud.directory)).hex}\n",
        "resolv.conf": f"nameserver {nameserver}\n",
        "systemd/network/10-api0.network": api_link,
    }
    for name, text in files.items():
        (etc / name).write_text(text, encoding="utf-8")


def _launch(cloud: Cloud) -> None:
    """Start systemd-nspawn so that it outlives this run. It registers nowhere: not every machine has systemd running."""
    devices = [f"--bind={device}" for device in ("/dev/net/tun", "/dev/fuse") if Path(device).exists()]
    console = cloud.directory / "console.log"
    environment = {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "yes", "SYSTEMD_SECCOMP": "0"}
    command = [
        *(
            "systemd-nspawn",
            "--quiet",
            "--boot",
            "--register=no",
            "--keep-unit",
            "--capability=all",
            "--private-network",
        ),
        *(f"--directory={cloud.root}", f"--machine={cloud.machine}", "--hostname=devcloud"),
        *(f"--network-veth-extra={cloud.api_link}:api0", f"--network-veth-extra={cloud.provider_link}:prov0"),
        *("--resolv-conf=off", "--timezone=off", "--kill-signal=SIGRTMIN+4", *devices),
    ]
    with console.open("a", encoding="utf-8") as output:
        subprocess.Popen(
            [sys.executable, devcloud_cgroup.__file__, "run", cloud.machine, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | environment,
            cwd="/",
        )


def _start(cloud: Cloud, nameserver: str) -> bool:
    """Whether it had to be started."""
    if _is_up(cloud):
        return False
    end(cloud)  # half started, or ending
    _mount(cloud)
    _write_identity(cloud, nameserver)
    for link in (cloud.api_link, cloud.provider_link):
        remove_link(link)
    _launch(cloud)
    _until(lambda: _is_up(cloud), BOOT_SECONDS, f"{cloud.machine} boots, see {cloud.directory}/console.log")
    return True


def _is_up(cloud: Cloud) -> bool:
    """Its systemd takes orders."""
    pid = leader(cloud)
    return pid is not None and succeeds(*_enter(pid), "systemctl", "--quiet", "is-active", "basic.target")


def end(cloud: Cloud) -> bool:
    """Shut down what runs; whether anything ran. The kernel ends all of a container with its first process."""

    def alive() -> list[int]:
        parent = _supervisor(cloud)
        return _firsts(cloud) + ([parent] if parent else [])

    if not alive():
        return False
    for pid in _firsts(cloud):
        os.kill(pid, signal.SIGRTMIN + 4)
    deadline = time.monotonic() + STOP_SECONDS
    while _firsts(cloud) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _until(lambda: not alive(), 15, f"{cloud.machine} ends")
    devcloud_cgroup.remove(cloud.machine)
    return True


def _copy_scripts(pid: int) -> None:
    target = Path(f"/proc/{pid}/root") / LIBRARY
    for source in INSIDE.iterdir():
        if source.is_file():
            copy = target / source.name
            copy.write_bytes(source.read_bytes())
            copy.chmod(0o755)


def _run_inside(cloud: Cloud, command: list[str], handed_on: int) -> int:
    pid = leader(cloud)
    if pid is None:
        raise DevcloudError(f"{cloud.machine} does not run")
    _copy_scripts(pid)
    program = command[0] if "/" in command[0] else f"/{LIBRARY}/{command[0]}"
    interpreter = ["/usr/bin/python3"] if program.endswith(".py") else []
    return subprocess.run(
        [*_enter(pid), *interpreter, program, *command[1:]], check=False, pass_fds=[handed_on]
    ).returncode


def main() -> int:
    """Run from the command line."""
    options = parser(__doc__)
    options.add_argument("action", choices=("start", "run", "stop"))
    options.add_argument("--nameserver", default="")
    options.add_argument("--command", nargs=argparse.REMAINDER, default=[])
    arguments = options.parse_args()
    cloud = find_or_fail(arguments.state_dir, arguments.owner)
    with lock(cloud.directory / "lock") as handed_on:
        if arguments.action == "run":
            return _run_inside(cloud, arguments.command, handed_on)
        report(changed=_start(cloud, arguments.nameserver) if arguments.action == "start" else end(cloud))
    return 0


if __name__ == "__main__":
    script(main)
