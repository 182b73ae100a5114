# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job adopt: the data on a volume that is a copy of another one, made of a snapshot, become this instance's."""

from __future__ import annotations

from typing import Any, ClassVar

from dbaas_agent import data_directory, membership
from dbaas_agent.backup.strategy import Strategy
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import STOPPING_VERBS, Data, Kind, Report


class Adopt(Kind):
    """Makes the data directory, complete or not at all; datastore_initialise starts the datastore with it.

    follows: the server is to follow the one whose data these are a copy of.
    """

    args: ClassVar[dict[str, Any]] = {"follows": {"type": "bool", "default": False}}
    seconds = 7 * 86400
    memory = "512M"
    data = Data.MAKES
    excludes = STOPPING_VERBS | {"datastore_start"}

    def verify(self) -> None:
        if self._args["follows"] and not self._usual().follows:
            raise AgentError("unsupported", "args.follows: nothing of this datastore can be made a replica of")
        data_directory.require_none(self._driver.config)
        data_directory.require_aside(self._driver.config)

    def run(self, report: Report) -> dict[str, Any]:
        usual = self._usual()
        self._driver.take_seat(None)  # that of the server whose volume it was
        with data_directory.being_taken_over(self._driver.config) as target:
            usual.revive(target)
            if self._args["follows"]:
                usual.follow_revived(target, report)
                self._driver.take_seat(membership.read(self._driver.config))
            else:
                usual.settle(target, report)
        return {}

    def _usual(self) -> Strategy:
        made: Strategy = next(iter(self._driver.backup_strategies().values()))(self._driver)
        return made
