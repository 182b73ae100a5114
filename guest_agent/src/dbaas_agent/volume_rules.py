# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be done to a device that should be the data volume: pure rules."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError

BY_ID = "/dev/disk/by-id"
FILESYSTEMS = ("ext4", "xfs")
HEAD = 4096
"""Bytes of a device that hold the superblock."""
SLACK = 16 * 1048576
"""Bytes that a file system may leave unused at the end of its device: less than any step in which Cinder grows volumes."""
_EXT4_SUPERBLOCK = 1024


@dataclass(frozen=True)
class Evidence:
    """What a device shows before it is touched.

    filesystem: type that blkid knows, or ""; signatures: types that wipefs finds; zero: the first MiB is; used_by: names of
    partitions, holders and mount points on it; interrupted: an earlier call found it blank and was stopped while
    formatting it.
    """

    filesystem: str = ""
    signatures: Sequence[str] = field(default_factory=tuple)
    zero: bool = True
    used_by: Sequence[str] = field(default_factory=tuple)
    interrupted: bool = False


def candidates(volume_id: str) -> list[str]:
    """The names under which a guest sees a volume: virtio and SCSI serials, cut to 20 characters or whole."""
    short = volume_id[:20]
    names = [f"virtio-{short}", f"scsi-0QEMU_QEMU_HARDDISK_{short}", f"scsi-0QEMU_QEMU_HARDDISK_{volume_id}"]
    return [os.path.join(BY_ID, name) for name in names]


def must_format(evidence: Evidence, initialised: bool) -> bool:
    """True: format it; False: it holds a file system to adopt; AgentError(conflict): keep the hands off."""
    if evidence.used_by:
        raise AgentError(
            "conflict", f"the device is in use: {', '.join(evidence.used_by)}", used_by=list(evidence.used_by)
        )
    if evidence.filesystem in FILESYSTEMS and set(evidence.signatures) <= {evidence.filesystem}:
        return False
    known = set(evidence.signatures) | ({evidence.filesystem} - {""})
    if known - set(FILESYSTEMS):
        raise AgentError(
            "conflict", f"the device holds something foreign: {', '.join(sorted(known))}", found=sorted(known)
        )
    if initialised:
        raise AgentError(
            "conflict",
            "the volume is known to hold a datastore and the device is blank or unreadable: formatting it could destroy data",
        )
    if not evidence.interrupted and (known or not evidence.zero):
        raise AgentError("conflict", "the device has no known file system and is not blank: its first MiB holds data")
    return True


def filesystem_bytes(filesystem: str, head: bytes) -> int:
    """The size that a file system has by its superblock, from the first HEAD bytes of its device.

    Layouts: https://docs.kernel.org/filesystems/ext4/super.html, https://docs.kernel.org/filesystems/xfs/index.html
    """
    if filesystem == "xfs":
        block, blocks = struct.unpack_from(">4xIQ", head)
        return int(block * blocks)
    low, exponent = struct.unpack_from("<4xI16xI", head, _EXT4_SUPERBLOCK)
    (high,) = struct.unpack_from("<I", head, _EXT4_SUPERBLOCK + 0x150)
    return int((low + (high << 32)) << (10 + exponent))


def must_grow(filesystem: str, head: bytes, device_bytes: int) -> bool:
    """Whether the device has grown beyond its file system."""
    return device_bytes - filesystem_bytes(filesystem, head) >= SLACK


def mount_unit(config: Config, device: str, filesystem: str) -> str:
    return "\n".join(
        [
            "# Written by the agent of dbaas.openstack.",
            "[Unit]",
            f"Description=Data volume of {config.datastore} instance {config.uid}",
            "[Mount]",
            f"What={device}",
            f"Where={config.mount_point}",
            f"Type={filesystem}",
            "Options=noatime,nodev,nosuid",
            "[Install]",
            "WantedBy=local-fs.target",
            "",
        ]
    )
