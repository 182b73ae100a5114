# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data volume: found by its Cinder id, formatted only when blank and never used, mounted by PID 1."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from dataclasses import dataclass
from typing import Any

from dbaas_agent import copied_volume, kept_tls, marker, systemd
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import ensure_directory, read_object, read_text, remove, write_atomic
from dbaas_agent.status import VolumeSeen
from dbaas_agent.subproc import run
from dbaas_agent.volume_rules import HEAD, Evidence, candidates, mount_unit, must_format, must_grow

UNIT_DIR = "/etc/systemd/system"
MIB = 1048576
GIB = 1024 * MIB
_FORMAT_UNIT = "dbaas-format"
_FORMAT_SECONDS = 600
_GROW_UNIT = "dbaas-grow"
_GROW_SECONDS = 600
_SIZE_SECONDS = 60
_DEVICE_SECONDS = 10
_MOUNT_SECONDS = 300
_UNMOUNT_SECONDS = 30
_MAKE = {"ext4": ["mkfs.ext4", "-q", "-F", "-m", "1"], "xfs": ["mkfs.xfs", "-q", "-f"]}


def usage(path: str) -> dict[str, int] | None:
    """Size and use of the file system mounted at the path, free_bytes and used_percent as df shows them; None when none is mounted."""
    if not os.path.ismount(path):
        return None
    seen = os.statvfs(path)
    used = (seen.f_blocks - seen.f_bfree) * seen.f_frsize
    usable = used + seen.f_bavail * seen.f_frsize
    return {
        "size_bytes": seen.f_blocks * seen.f_frsize,
        "used_bytes": used,
        "free_bytes": seen.f_bavail * seen.f_frsize,
        "used_percent": -(-100 * used // usable) if usable else 100,
    }


def _size(device: str) -> int:
    with open(device, "rb") as stream:
        return stream.seek(0, os.SEEK_END)


@dataclass(frozen=True)
class VolumeWish:
    """initialised: what the cloud records of the volume. filesystem: of a blank one. size: GiB that the cloud gave it, None: not told.

    copied_from: the uid of the instance of a snapshot of whose volume it was made.
    """

    volume_id: str
    initialised: bool
    filesystem: str
    size: int | None = None
    copied_from: str | None = None


class Volume:
    """The data volume of one guest; ``looking`` is held by whoever reads from it, since a file open keeps it mounted."""

    def __init__(self, config: Config, looking: threading.Lock) -> None:
        self._config = config
        self._looking = looking
        self._unit = systemd.mount_unit_name(config.mount_point)
        self._unit_path = os.path.join(UNIT_DIR, self._unit)
        self._under_way = False
        self._released = False
        self._intent_path = os.path.join(config.state_dir, "formatting.json")

    def seen(self) -> VolumeSeen:
        """What the status is judged by."""
        prepared = os.path.exists(self._unit_path)
        if not os.path.ismount(self._config.mount_point):
            return VolumeSeen(prepared, mounted=False, under_way=self._under_way, released=self._released)
        found, fault = self._marker()
        return VolumeSeen(prepared, True, fault, (found or {}).get("state", ""), self._under_way)

    def require(self) -> dict[str, Any]:
        """The marker of the mounted volume; AgentError(not_actionable) unless it is this instance's."""
        if not os.path.ismount(self._config.mount_point):
            raise AgentError("not_actionable", f"the data volume is not mounted at {self._config.mount_point}")
        found, fault = self._marker()
        if fault or found is None:
            raise AgentError("not_actionable", fault)
        return found

    def prepare(self, wish: VolumeWish, check: bool) -> dict[str, Any]:
        """Bring the volume to its mount point; the answer of volume_prepare."""
        self._under_way = not check
        try:
            answer = self._prepare(wish, check)
            self._released = self._released and check
            return answer
        finally:
            self._under_way = False

    def release(self, check: bool, keep_tls: bool) -> dict[str, Any]:
        """Unmount the volume, so that the cloud can take it away; the answer of volume_release. keep_tls: an empty one comes in its place."""
        before = self._shown()
        if check or not before["mounted"]:
            after = {"mounted": False, "marker_state": None}
            return {"changed": before["mounted"], "diff": {"before": before, "after": after}}
        if keep_tls:
            self.require()
            kept_tls.keep(self._config)
        self._released = True
        self._unmount()
        return {"changed": True, "diff": {"before": before, "after": self._shown()}}

    def _prepare(self, wish: VolumeWish, check: bool) -> dict[str, Any]:
        volume_id, initialised, filesystem = wish.volume_id, wish.initialised, wish.filesystem
        link = self._find(volume_id, 0 if check else _DEVICE_SECONDS)
        device = os.path.realpath(link)
        if self._interrupted(volume_id) and not check:
            systemd.end_transient(_FORMAT_UNIT)
        before = self._shown()
        mounted = os.path.ismount(self._config.mount_point)
        if mounted:
            self._require_source(device)
            format_it = not self._is_copy(wish) and self._unfinished(volume_id, initialised)
            found_type = self._blkid(device).get("TYPE", filesystem)
        else:
            evidence = self._probe(device, volume_id)
            format_it = must_format(evidence, initialised)
            found_type = evidence.filesystem
        kind = filesystem if format_it else found_type
        if check:
            after = {"mounted": True, "marker_state": marker.EMPTY if format_it else before["marker_state"]}
            grow_it = not format_it and self._outgrown(device, kind, wish.size)
            differs = self._unit_differs(link, kind)
            return self._answer(link, before, after, formatted=format_it, grown=grow_it, unit_changed=differs)
        if format_it:
            if mounted:
                self._unmount()
            self._format(device, volume_id, kind)
        changed = self._mount(link, kind)
        if format_it:
            # Before the marker: what is stopped in between is formatted again.
            kept_tls.bring(self._config)
            marker.write(self._config, marker.new(self._config, volume_id))
        elif self._is_copy(wish):
            copied_volume.take_over(self._config, volume_id, wish.copied_from or "")
        elif self._rejected(volume_id, initialised):
            return self._prepare(wish, check)
        else:
            kept_tls.forget(self._config)
        remove(self._intent_path)
        self._await_size(device, wish.size)
        grow_it = self._outgrown(device, kind)
        if grow_it:
            self._grow(device, kind)
        ensure_directory(self._config.tls_dir, 0o755)
        return self._answer(link, before, self._shown(), formatted=format_it, grown=grow_it, unit_changed=changed)

    def _is_copy(self, wish: VolumeWish) -> bool:
        found, _fault = self._marker()
        return copied_volume.is_copy(self._config, found, wish.volume_id, wish.copied_from)

    def _answer(
        self,
        link: str,
        before: dict[str, Any],
        after: dict[str, Any],
        *,
        formatted: bool,
        grown: bool,
        unit_changed: bool,
    ) -> dict[str, Any]:
        return {
            "changed": formatted or grown or unit_changed or before != after,
            "diff": {"before": before, "after": after},
            "device": link,
            "formatted": formatted,
            "grown": grown,
            **after,
        }

    def _shown(self) -> dict[str, Any]:
        seen = self.seen()
        return {"mounted": seen.mounted, "marker_state": seen.state or None}

    def _marker(self) -> tuple[dict[str, Any] | None, str]:
        try:
            found = marker.read(self._config)
        except (OSError, ValueError) as fault:
            return None, f"the marker {marker.path(self._config)} cannot be read: {fault}"
        return found, marker.fault(self._config, found)

    def _find(self, volume_id: str, patience: float) -> str:
        """patience: seconds in which a device that was attached just now may appear."""
        looked = candidates(volume_id)
        deadline = time.monotonic() + patience
        while not any(map(os.path.exists, looked)) and time.monotonic() < deadline:
            time.sleep(0.2)
        there = [path for path in looked if os.path.exists(path)]
        if not there:
            raise AgentError(
                "not_found", f"no device of volume {volume_id}: none of {', '.join(looked)}", looked_for=looked
            )
        devices = {os.path.realpath(path) for path in there}
        if len(devices) > 1:
            raise AgentError("conflict", f"volume {volume_id} names several devices", devices=sorted(devices))
        if not stat.S_ISBLK(os.stat(there[0]).st_mode):
            raise AgentError("conflict", f"{there[0]} is no block device")
        return there[0]

    def _require_source(self, device: str) -> None:
        if os.stat(self._config.mount_point).st_dev != os.stat(device).st_rdev:
            raise AgentError("conflict", f"another device than {device} is mounted at {self._config.mount_point}")

    def _unfinished(self, volume_id: str, initialised: bool) -> bool:
        """Whether the mounted file system was left by a call stopped before it wrote the marker."""
        found, fault = self._marker()
        if not fault:
            return False
        if found is not None or not self._interrupted(volume_id) or initialised:
            raise AgentError("conflict", fault)
        return True

    def _rejected(self, volume_id: str, initialised: bool) -> bool:
        """After mounting an existing file system: True to look again (it was half made); conflict when it is not ours."""
        found, fault = self._marker()
        if not fault:
            return False
        if found is None and self._interrupted(volume_id) and not initialised:
            return True
        self._unmount()
        systemd.disable(self._unit)
        remove(self._unit_path)
        systemd.daemon_reload()
        raise AgentError("conflict", fault)

    def _interrupted(self, volume_id: str) -> bool:
        intent = read_object(self._intent_path)
        return intent == {"uid": self._config.uid, "volume_id": volume_id}

    def _probe(self, device: str, volume_id: str) -> Evidence:
        wiped = run(["wipefs", "--no-act", "--json", device]).out
        signatures = [entry["type"] for entry in json.loads(wiped)["signatures"]] if wiped.strip() else []
        blocks = json.loads(run(["lsblk", "--json", "--output", "NAME,MOUNTPOINT", device]).out)["blockdevices"]
        used_by = [child["name"] for block in blocks for child in block.get("children", [])]
        used_by += [block["mountpoint"] for block in blocks if block["mountpoint"]]
        with open(device, "rb") as stream:
            head = stream.read(MIB)
        kind = self._blkid(device)
        return Evidence(
            kind.get("TYPE") or kind.get("PTTYPE", ""),
            tuple(signatures),
            not any(head),
            tuple(used_by),
            self._interrupted(volume_id),
        )

    def _blkid(self, device: str) -> dict[str, str]:
        found = run(["blkid", "--probe", "--output", "export", device], accept=(0, 2, 8))
        if found.code == 8:
            return {"TYPE": "ambivalent"}
        return dict(line.split("=", 1) for line in found.out.splitlines() if "=" in line)

    def _format(self, device: str, volume_id: str, filesystem: str) -> None:
        intent = json.dumps({"uid": self._config.uid, "volume_id": volume_id})
        write_atomic(self._intent_path, intent.encode())
        command = [*_MAKE[filesystem], "-L", "dbaas-data", device]
        systemd.run_outside(_FORMAT_UNIT, command, "root", "root", _FORMAT_SECONDS)

    def _outgrown(self, device: str, filesystem: str, coming: int | None = None) -> bool:
        """coming: GiB that the device will have."""
        with open(device, "rb") as stream:
            head = stream.read(HEAD)
        return must_grow(filesystem, head, max(_size(device), (coming or 0) * GIB))

    def _await_size(self, device: str, wanted: int | None) -> None:
        """The cloud tells the guest of a larger volume some time after it tells the user."""
        deadline = time.monotonic() + _SIZE_SECONDS
        while _size(device) < (wanted or 0) * GIB:
            if time.monotonic() > deadline:
                raise AgentError("timeout", f"{device} does not have {wanted} GiB after {_SIZE_SECONDS} seconds")
            time.sleep(0.5)

    def _grow(self, device: str, filesystem: str) -> None:
        systemd.end_transient(_GROW_UNIT)
        command = ["resize2fs", device] if filesystem == "ext4" else ["xfs_growfs", self._config.mount_point]
        systemd.run_outside(_GROW_UNIT, command, "root", "root", _GROW_SECONDS)

    def _unit_differs(self, link: str, filesystem: str) -> bool:
        return read_text(self._unit_path) != mount_unit(self._config, link, filesystem)

    def _mount(self, link: str, filesystem: str) -> bool:
        changed = self._unit_differs(link, filesystem)
        if changed:
            write_atomic(self._unit_path, mount_unit(self._config, link, filesystem).encode(), 0o644)
            systemd.daemon_reload()
        if systemd.show(self._unit).file != "enabled":
            systemd.enable(self._unit)
            changed = True
        if not os.path.ismount(self._config.mount_point):
            systemd.start(self._unit, _MOUNT_SECONDS)
            changed = True
        self._require_source(os.path.realpath(link))
        return changed

    def _unmount(self) -> None:
        with self._looking:
            systemd.stop(self._unit, _UNMOUNT_SECONDS)
