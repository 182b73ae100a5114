# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member of a replication set starts with: a file that the configuration includes.

It lies beside the data, so that no copy of the data has it, and is empty for others: MySQL would complain of one that is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbaas_agent.drivers.mysql_family.sql import Statement

FILE = "member.cnf"
OTHERS_EVENTS = Statement(
    "SELECT EVENT_SCHEMA AS place, EVENT_NAME AS name FROM information_schema.EVENTS"
    " WHERE STATUS IN ('SLAVESIDE_DISABLED', 'REPLICA_SIDE_DISABLED')"
)
"""Those that came by replication, and rest until this server is primary."""


def settings(section: str, server_id: int, read_only: Sequence[str], receipts: Mapping[str, str]) -> str:
    """The file: it takes no writes, and runs nobody's events, until the agent lets clients in. read_only: the variables that keep clients from writing.

    receipts: see semi_sync.settings.
    """
    lines = [
        f"[{section}]",
        f"server_id = {server_id}",
        "event_scheduler = OFF",
        *(f"{name} = ON" for name in read_only),
        # A server that was configured by an older version of the collection does not know them.
        *(f"loose_{name} = {value}" for name, value in receipts.items()),
    ]
    return "".join(f"{line}\n" for line in lines)
