# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job's unit may do with the data, which is the datastore's user's."""

from __future__ import annotations

from dbaas_agent.backup import kept
from dbaas_agent.config import Config
from dbaas_agent.jobs.kind import Data


def rights(config: Config, data: Data) -> dict[str, str]:
    """The properties of a unit that does this."""
    known: dict[Data, tuple[str, str]] = {
        Data.ASKS: ("", ""),
        Data.READS: ("CAP_DAC_OVERRIDE", kept.directory(config)),
        Data.WRITES: ("CAP_DAC_OVERRIDE", config.data_dir),
        Data.MAKES: ("CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER", config.mount_point),
    }
    capabilities, path = known[data]
    return {"CapabilityBoundingSet": capabilities, "ReadWritePaths": path}
