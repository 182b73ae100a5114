# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job datastore_upgrade of MySQL: the server brings its data to its own version when it starts, before it answers."""

from __future__ import annotations

from typing import Any

from dbaas_agent.jobs.kind import Kind, Report


class DatastoreUpgrade(Kind):
    """Says which version the data fits."""

    seconds = 600

    def verify(self) -> None:
        self._driver.ping()

    def run(self, report: Report) -> dict[str, Any]:
        report.progress("upgrade")
        return {"server_version": self._driver.ping()}
