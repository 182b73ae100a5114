# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job datastore_upgrade of MariaDB: mariadb-upgrade, which brings system tables to the server's version."""

from __future__ import annotations

import time
from typing import Any

from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Data, Kind, Report
from dbaas_agent.subproc import run

_TOGETHER_SECONDS = 600
_AGAIN_SECONDS = 1.0


class DatastoreUpgrade(Kind):
    """Has the data fit the server that runs. Again, it changes nothing."""

    seconds = 86400
    data = Data.WRITES

    def verify(self) -> None:
        self._driver.ping()

    def run(self, report: Report) -> dict[str, Any]:
        report.progress("upgrade")
        command = [
            "mariadb-upgrade",
            "--no-defaults",
            "--skip-ssl",
            f"--socket={self._driver.config.socket}",
            "--user=root",
        ]
        deadline = time.monotonic() + _TOGETHER_SECONDS
        while True:
            try:
                done = run(command, self.seconds)
                break
            except AgentError:
                # The package runs it as well when the server starts, and only one of them may.
                if time.monotonic() > deadline or not _runs():
                    raise
            time.sleep(_AGAIN_SECONDS)
        report.log("upgraded", output=done.out[-2000:])
        return {"server_version": self._driver.ping()}


def _runs() -> bool:
    """Whether another of its kind is at work."""
    return run(["pgrep", "--exact", "mariadb-upgrade|mariadb-upgrad|mysql_upgrade"], accept=(0, 1)).code == 0
