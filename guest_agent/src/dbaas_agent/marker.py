# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marker at the root of the data volume: whose volume this is and whether it holds a datastore."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from dbaas_agent.config import Config
from dbaas_agent.fsutil import read_object, write_atomic

EMPTY = "empty"
INITIALISED = "initialised"


def path(config: Config) -> str:
    return os.path.join(config.mount_point, ".dbaas.json")


def read(config: Config) -> dict[str, Any] | None:
    """The marker, or None without one; ValueError when it is no JSON object."""
    return read_object(path(config))


def new(config: Config, volume_id: str) -> dict[str, Any]:
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "uid": config.uid,
        "datastore": config.datastore,
        "volume_id": volume_id,
        "state": EMPTY,
        "created": created,
    }


def write(config: Config, marker: dict[str, Any]) -> None:
    write_atomic(path(config), json.dumps(marker, sort_keys=True).encode() + b"\n", 0o644)


def fault(config: Config, marker: dict[str, Any] | None) -> str:
    """Why this marker is not this instance's; empty when it is."""
    if marker is None:
        return f"the volume at {config.mount_point} has no marker {path(config)}"
    for field, wanted in (("uid", config.uid), ("datastore", config.datastore)):
        if marker.get(field) != wanted:
            return f"the volume at {config.mount_point} belongs to {field} {marker.get(field)!r}, not {wanted!r}"
    if marker.get("state") not in (EMPTY, INITIALISED):
        return f"the marker's state is {marker.get('state')!r}, neither {EMPTY} nor {INITIALISED}"
    return ""
