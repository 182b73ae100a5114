# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each datastore's look for damage in its tables is asked for."""

from __future__ import annotations

from typing import Any, ClassVar

from dbaas_agent.drivers.all_faults import refuse
from dbaas_agent.jobs.kind import Kind


class TablesCheck(Kind):
    """In all databases, or in the named ones."""

    args: ClassVar[dict[str, Any]] = {"databases": {"type": "list", "elements": "str", "default": []}}
    seconds = 86400

    def verify(self) -> None:
        known = {row["name"] for row in self._driver.databases()}
        missing = sorted(set(self._args["databases"]) - known)
        refuse([f"args.databases: there is no database {name!r}" for name in missing])
