# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A data volume that was made of a snapshot of another one: nothing of it is this instance's until it was taken over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Any

from dbaas_agent import data_directory, kept_tls, marker
from dbaas_agent.config import Config


def is_copy(config: Config, found: Mapping[str, Any] | None, volume_id: str, origin: str | None) -> bool:
    """Whether the marker is that of another volume of the instance of which this one is to be a copy."""
    return (
        found is not None
        and origin is not None
        and (found.get("uid"), found.get("datastore")) == (origin, config.datastore)
        and found.get("volume_id") != volume_id
    )


def take_over(config: Config, volume_id: str, origin: str) -> None:
    """Leave the data alone, aside. The marker goes last: what is stopped before is done again."""
    data_directory.set_aside(config)
    theirs = {"backups", "jobs", "logs"}
    for name in os.listdir(config.mount_point):
        if name in theirs:
            shutil.rmtree(os.path.join(config.mount_point, name))
    if origin != config.uid:
        shutil.rmtree(config.tls_dir, ignore_errors=True)
    kept_tls.bring(config)
    marker.write(config, marker.new(config, volume_id))
