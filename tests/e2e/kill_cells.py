# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One cell of the kill matrix: a creation or deletion is killed at one boundary, run again, and looked at.

Module instance does the cloud's part of both; the server has no guest to wait for. Resources of others that have the names
which ours will have stand beside it all the time.
"""

from __future__ import annotations

import collections
import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.e2e.kill import Choose, Victim
from tests.e2e.leaks import inventory
from tests.e2e.modules import command, run_tasks, task

HOWS = ("before", "after", "alone")
"""See Victim."""
WAIT = 280


def wish(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "datastore": "mariadb",
        "datastore_ports": [3306],
        "flavor": "m1.small",
        "volume_size": 1,
        "networks": [{"network": "private"}],
        "allowed_cidrs": ["192.0.2.0/24"],
        "management_cidrs": ["198.51.100.0/24"],
        "is_public": True,
        "locality": "soft-anti-affinity",
        "timeout": WAIT,
    }


def present(name: str) -> dict[str, Any]:
    return task("instance", **wish(name))


def absent(name: str) -> dict[str, Any]:
    return task("instance", name=name, state="absent", timeout=WAIT)


class Cell:
    """work: create or delete. choose, how: at which boundary the run is killed, see Victim.
    give_back: whether the lock of the killed run is given back by hand, or the next run waits until it lapses."""

    def __init__(self, cloud: Any, directory: Path, *, work: str, choose: Choose, how: str, give_back: bool) -> None:
        self._cloud = cloud
        self._directory = directory
        self._work, self._choose, self._how, self._give_back = work, choose, how, give_back

    def run(self) -> dict[str, Any]:
        """boundary: where it was killed, None if it came to its end. parts: what there was of each kind in the end, faults: what is wrong."""
        name = f"kill-{secrets.token_hex(3)}"
        with _foreign(self._cloud, name) as foreign:
            before = inventory(self._cloud)
            if self._work == "delete":
                self._go(present(name))
            mutation = {"create": present, "delete": absent}[self._work](name)
            victim = Victim(command(self._directory, [mutation]), self._choose, self._how)
            with victim.fate():
                if self._give_back and self._how != "alone":
                    give_lock_back(self._directory, name)
                again = self._go(mutation)
            made = inventory(self._cloud) - before
            parts = dict(sorted(collections.Counter(kind for kind, _id in made).items()))
            third = self._go(mutation)
            gone = self._go(absent(name))
            faults = [result["msg"] for result in (again, third, gone) if result.get("failed")]
            faults += ["the third run changed something"] if third.get("changed") else []
            faults += [f"left: {kind} {id_}" for kind, id_ in sorted(inventory(self._cloud) ^ before)]
            faults += foreign()
        at = victim.killed_at
        return {"boundary": str(at) if at else None, "parts": parts, "faults": faults}

    def _go(self, one: dict[str, Any]) -> dict[str, Any]:
        (result,) = run_tasks(self._directory, one)
        return result


def give_lock_back(directory: Path, name: str) -> None:
    """As somebody does who knows that the run which holds the lock is dead."""
    (info,) = run_tasks(directory, task("instance_info", name=name))
    for shown in info["instances"]:
        if shown["lock"]:
            run_tasks(directory, task("instance_lock", name=name, state="absent", holder=shown["lock"]["holder"]))


@contextlib.contextmanager
def _foreign(cloud: Any, name: str) -> Iterator[Any]:
    """Resources of somebody else with the names of an instance's; the value tells what was done to them."""
    private = cloud.network.find_network("private")
    group = cloud.network.create_security_group(name=name, description="somebody else's")
    port = cloud.network.create_port(name=f"{name}-0", network_id=private.id, description="somebody else's")
    volume = cloud.block_storage.create_volume(name=f"{name}-data", size=1, description="somebody else's")
    cloud.block_storage.wait_for_status(volume, "available", wait=60)

    def seen() -> list[Any]:
        return [
            cloud.network.get_security_group(group.id).to_dict(),
            cloud.network.get_port(port.id).to_dict(),
            cloud.block_storage.get_volume(volume.id).to_dict(),
        ]

    was = seen()
    try:
        yield lambda: [] if seen() == was else ["what belongs to somebody else was changed"]
    finally:
        cloud.network.delete_security_group(group.id)
        cloud.network.delete_port(port.id)
        cloud.block_storage.delete_volume(volume.id)
        cloud.block_storage.wait_for_delete(volume, wait=60)
