# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What MySQL tells of its part in replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas_agent.drivers.mysql_family.replication import Words, joined, lag, source
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.replication import GTID_SET, Facts, Receipts

SERVER = Statement(
    "SELECT @@GLOBAL.server_uuid AS server_uuid, @@GLOBAL.gtid_executed AS executed, @@GLOBAL.read_only AS read_only"
)
FOLLOWED = Statement("SHOW REPLICA STATUS")
# By itself it gives up after ten tries, so a primary that was away for a minute would find nobody who follows it.
WORDS = Words(
    "Source",
    "Replica",
    change="CHANGE REPLICATION SOURCE TO",
    own=("SOURCE_AUTO_POSITION=1", "SOURCE_RETRY_COUNT=4294967295"),
)


def facts(server: Mapping[str, Any], followed: Sequence[Mapping[str, Any]], receipts: Receipts | None = None) -> Facts:
    """The rows of SERVER and FOLLOWED."""
    row = followed[0] if followed else None
    return Facts(
        kind=GTID_SET,
        line=server["server_uuid"],
        writable=server["read_only"] in (0, "OFF"),
        received=joined(server["executed"], row["Retrieved_Gtid_Set"] if row else None),
        applied=joined(server["executed"]),
        lag=lag(row, WORDS) if row else 0,
        source=source(row, WORDS) if row else None,
        receipts=receipts,
    )
