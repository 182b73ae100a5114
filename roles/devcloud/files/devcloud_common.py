# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all scripts of devcloud share: where a cloud lives, what it is called, which addresses it has."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import ipaddress
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NUMBERS = range(127)


class DevcloudError(Exception):
    """Something a person has to know; the text says what is wrong and what would be right."""


@dataclass(frozen=True)
class Cloud:
    """One cloud of this machine. Every name and address follows from its number, so that clouds never collide."""

    state_dir: Path
    number: int

    @property
    def directory(self) -> Path:
        return self.state_dir / str(self.number)

    @property
    def root(self) -> Path:
        """Mount point of the container's root file system."""
        return self.directory / "root"

    @property
    def machine(self) -> str:
        return f"devcloud{self.number}"

    @property
    def api_link(self) -> str:
        return f"dcapi{self.number}"

    @property
    def provider_link(self) -> str:
        return f"dcprov{self.number}"

    @property
    def network(self) -> ipaddress.IPv4Network:
        """Both subnets together."""
        return ipaddress.IPv4Network(f"172.30.{2 * self.number}.0/23")

    @property
    def api_subnet(self) -> ipaddress.IPv4Network:
        return ipaddress.IPv4Network(f"172.30.{2 * self.number}.0/24")

    @property
    def provider_subnet(self) -> ipaddress.IPv4Network:
        return ipaddress.IPv4Network(f"172.30.{2 * self.number + 1}.0/24")

    @property
    def private_subnet(self) -> ipaddress.IPv4Network:
        return ipaddress.IPv4Network(f"10.{20 + self.number}.0.0/24")

    @property
    def api_address(self) -> str:
        return str(self.api_subnet[2])

    def facts(self) -> dict[str, Any]:
        """All of it as the role's variables see it."""
        return {
            "number": self.number,
            "directory": str(self.directory),
            "root": str(self.root),
            "machine": self.machine,
            "api_address": self.api_address,
            "api_subnet": str(self.api_subnet),
            "provider_subnet": str(self.provider_subnet),
            "private_subnet": str(self.private_subnet),
        }


def owner_of(directory: Path) -> str | None:
    """Who owns the cloud in this directory, None if nobody does (yet)."""
    try:
        return (directory / "owner").read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def find(state_dir: Path, owner: str) -> Cloud | None:
    """The owner's cloud, None if there is none."""
    return next((Cloud(state_dir, n) for n in NUMBERS if owner_of(state_dir / str(n)) == owner), None)


def find_or_fail(state_dir: Path, owner: str) -> Cloud:
    """The owner's cloud, an error if there is none."""
    cloud = find(state_dir, owner)
    if cloud is None:
        raise DevcloudError(f"{owner} has no cloud in {state_dir}")
    return cloud


@contextlib.contextmanager
def lock(path: Path) -> Iterator[int]:
    """Exclude others while a script runs. Yields the descriptor; pass it on to children that must not be overtaken.

    The kernel gives the lock back when the last process that holds it ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a short command; its output is part of the error if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **options)
    if done.returncode:
        raise DevcloudError(
            f"{' '.join(command)} failed with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}"
        )
    return done


def succeeds(*command: str) -> bool:
    """Whether a short command ends well; its output does not matter."""
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


def remove_link(link: str) -> bool:
    """Whether it was there. Where its other end was in a container that has just ended, the kernel removes it, too, at any moment."""
    if not succeeds("ip", "link", "show", link):
        return False
    try:
        run("ip", "link", "delete", link)
    except DevcloudError:
        if succeeds("ip", "link", "show", link):
            raise
    return True


def is_mounted(path: Path) -> bool:
    """Also true for a mount point whose file system no longer answers."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        return any(line.split()[4] == str(path) for line in mounts)


def report(**result: Any) -> None:
    """Tell the calling task what happened."""
    json.dump(result, sys.stdout)


def parser(description: str | None) -> argparse.ArgumentParser:
    """With the options of every script."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--state-dir", type=_resolved, required=True)
    options.add_argument("--owner", type=_owner, required=True)
    return options


def _resolved(text: str) -> Path:
    """One spelling only: the process table and the table of mounts are searched for it."""
    return Path(text).resolve()


def _owner(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("devcloud_owner is empty: name whose cloud it is, for instance a directory")
    return text


def script(main: Callable[[], int | None]) -> None:
    """Run a script; its error is the last thing that it says."""
    try:
        sys.exit(main())
    except DevcloudError as error:
        sys.exit(str(error))
