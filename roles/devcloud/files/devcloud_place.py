# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find or allocate an owner's cloud on this machine.

usage: devcloud_place.py find|allocate --state-dir DIR --owner OWNER
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import uuid
from collections.abc import Iterable
from pathlib import Path

from devcloud_common import NUMBERS, Cloud, DevcloudError, find, lock, owner_of, parser, report, run, script

PASSWORDS = ("admin", "dev", "service", "database", "queue", "metadata", "swift_hash")


def _routed_networks() -> list[tuple[str, ipaddress.IPv4Network]]:
    """(device, network) of every route of this machine but the default one."""
    routes = json.loads(run("ip", "-4", "-json", "route", "show", "table", "all").stdout)
    return [
        (route.get("dev", ""), ipaddress.IPv4Network(route["dst"], strict=False))
        for route in routes
        if route["dst"] != "default" and route.get("type", "unicast") == "unicast"
    ]


def is_free(cloud: Cloud, routes: Iterable[tuple[str, ipaddress.IPv4Network]]) -> bool:
    """Nobody else on this machine uses the addresses of this cloud."""
    own = (cloud.api_link, cloud.provider_link)
    return not any(network.overlaps(cloud.network) for device, network in routes if device not in own)


def _allocate(state_dir: Path, owner: str) -> tuple[Cloud, bool]:
    """The owner's cloud and whether it is new.

    The lock makes it one at a time; the owner's file, written last, makes the number taken.
    """
    with lock(state_dir / "lock"):
        known = find(state_dir, owner)
        if known:
            return known, False
        routes = _routed_networks()
        for number in NUMBERS:
            cloud = Cloud(state_dir, number)
            if owner_of(cloud.directory) is None and is_free(cloud, routes):
                cloud.directory.mkdir(mode=0o700, exist_ok=True)
                _write_passwords(cloud.directory / "passwords.json")
                _write_whole(cloud.directory / "owner", owner)
                return cloud, True
    raise DevcloudError(f"no number from {NUMBERS[0]} to {NUMBERS[-1]} is free: delete a cloud below {state_dir}")


def _write_passwords(path: Path) -> None:
    """Random ones, made once for each cloud and known to it only."""
    passwords = {name: secrets.token_hex(20) for name in PASSWORDS}
    _write_whole(path, json.dumps(passwords | {"ceph_fsid": str(uuid.uuid4()), "ceph_osd": str(uuid.uuid4())}))


def _write_whole(path: Path, text: str) -> None:
    """All of it or nothing, readable by root only."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    draft.rename(path)


def main() -> None:
    """Run from the command line."""
    options = parser(__doc__)
    options.add_argument("action", choices=("find", "allocate"))
    arguments = options.parse_args()
    if arguments.action == "find":
        cloud, changed = find(arguments.state_dir, arguments.owner), False
    else:
        cloud, changed = _allocate(arguments.state_dir, arguments.owner)
    report(changed=changed, cloud=cloud.facts() if cloud else None)


if __name__ == "__main__":
    script(main)
