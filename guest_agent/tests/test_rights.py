# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dbaas_agent.config import Config
from dbaas_agent.jobs.kind import Data
from dbaas_agent.jobs.rights import rights


def test_a_job_may_do_with_the_data_what_it_is_for_and_no_more(config: Config) -> None:
    told = {data: tuple(rights(config, data).items()) for data in Data}
    assert told == {
        data: (("CapabilityBoundingSet", capabilities), ("ReadWritePaths", path))
        for data, capabilities, path in (
            (Data.ASKS, "", ""),
            (Data.READS, "CAP_DAC_OVERRIDE", f"{config.mount_point}/backups"),
            (Data.WRITES, "CAP_DAC_OVERRIDE", config.data_dir),
            (Data.MAKES, "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER", config.mount_point),
        )
    }
