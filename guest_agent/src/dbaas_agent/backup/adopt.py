# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job adopt: the data on a volume that is a copy of another one, made of a snapshot, become this instance's."""

from __future__ import annotations

from typing import Any

from dbaas_agent import data_directory
from dbaas_agent.jobs.kind import STOPPING_VERBS, Data, Kind, Report


class Adopt(Kind):
    """Makes the data directory, complete or not at all; datastore_initialise starts the datastore with it."""

    seconds = 7 * 86400
    memory = "512M"
    data = Data.MAKES
    excludes = STOPPING_VERBS | {"datastore_start"}

    def verify(self) -> None:
        data_directory.require_none(self._driver.config)
        data_directory.require_aside(self._driver.config)

    def run(self, report: Report) -> dict[str, Any]:
        self._driver.take_seat(None)  # that of the server whose volume it was
        usual = next(iter(self._driver.backup_strategies().values()))(self._driver)
        with data_directory.being_taken_over(self._driver.config) as target:
            usual.revive(target)
            usual.settle(target, report)
        return {}
