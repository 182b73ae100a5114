# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job datastore_upgrade of PostgreSQL: what a newer release of the same version, or another system, asks of the data."""

from __future__ import annotations

from typing import Any

from dbaas_agent.drivers.postgresql import collations
from dbaas_agent.drivers.postgresql.sql import Statement, quote
from dbaas_agent.jobs.kind import Kind, Report

_DATABASES = "SELECT datname AS name FROM pg_database WHERE datallowconn ORDER BY 1"
_OLD_EXTENSIONS = (
    "SELECT extname AS name, extversion AS before, default_version AS after FROM pg_extension"
    " JOIN pg_available_extensions ON name = extname WHERE extversion <> default_version ORDER BY 1"
)


class DatastoreUpgrade(Kind):
    """Has extensions be of the version that the packages bring, and indexes follow the system's sort orders. Again, it changes nothing.

    A replica has both from its primary, and takes no writes.
    """

    seconds = 86400

    def verify(self) -> None:
        self._driver.ping()

    def run(self, report: Report) -> dict[str, Any]:
        if not self._driver.follows():
            self._follow_packages(report)
        return {"server_version": self._driver.ping()}

    def _follow_packages(self, report: Report) -> None:
        with self._driver.session() as execute:
            databases = [row["name"] for row in execute(Statement(_DATABASES))]
        for place, database in enumerate(databases):
            report.progress("extensions", database, place, len(databases), "databases")
            with self._driver.session(database, seconds=self.seconds) as execute:
                for row in execute(Statement(_OLD_EXTENSIONS)):
                    execute(Statement(f"ALTER EXTENSION {quote(row['name'])} UPDATE"))
                    report.log("extension", database=database, **row)
        built = collations.renew(
            self._driver.session, lambda item, done, total: report.progress("collations", item, done, total, "indexes")
        )
        for database, indexes in built.items():
            report.log("reindexed", database=database, indexes=indexes)
        report.progress("collations")
