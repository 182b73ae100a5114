# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What MariaDB tells of its part in replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas_agent.drivers.mysql_family.replication import Words, joined, lag, source
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.replication import GTID_STATE, Facts

SERVER = Statement(
    "SELECT @@GLOBAL.server_id AS server_id, @@GLOBAL.gtid_domain_id AS domain_id, @@GLOBAL.gtid_binlog_state AS state,"
    " @@GLOBAL.gtid_slave_pos AS position, @@GLOBAL.gtid_current_pos AS current, @@GLOBAL.read_only AS read_only"
)
FOLLOWED = Statement("SHOW SLAVE STATUS")
WORDS = Words("Master", "Slave", change="CHANGE MASTER TO", by_gtid="MASTER_USE_GTID=slave_pos")


def facts(server: Mapping[str, Any], followed: Sequence[Mapping[str, Any]]) -> Facts:
    """The rows of SERVER and FOLLOWED."""
    row = followed[0] if followed else None
    applied = joined(server["state"], server["position"])
    return Facts(
        kind=GTID_STATE,
        line=f"{server['domain_id']}-{server['server_id']}",
        writable=server["read_only"] in (0, "OFF"),
        received=joined(applied, row["Gtid_IO_Pos"] if row else None),
        applied=applied,
        lag=lag(row, WORDS) if row else 0,
        source=source(row, WORDS) if row else None,
    )


def begin(server: Mapping[str, Any], follows: bool, position: Mapping[str, Any] | None) -> list[Statement]:
    """What gives the server its place in the history of one that it is to follow. position: that of the backup that was just restored.

    Its binary log then knows what the backup had: otherwise it would look as if older writes were missing. A server that was primary goes on from
    its last own write.
    """
    if position is not None:
        gtid = str(position.get("gtid", ""))
        return [
            Statement("RESET SLAVE ALL"),
            Statement("RESET MASTER"),
            Statement("SET GLOBAL gtid_binlog_state = %s", (gtid,)),
            Statement("SET GLOBAL gtid_slave_pos = %s", (gtid,)),
        ]
    return [] if follows else [Statement("SET GLOBAL gtid_slave_pos = %s", (server["current"],))]


def last_of_each_domain(position: str) -> str:
    """A position with one GTID for each domain: what stands for all before it, since numbers only grow."""
    last: dict[str, tuple[int, str]] = {}
    for gtid in filter(None, position.split(",")):
        domain, _server, number = gtid.split("-")
        last[domain] = max(last.get(domain, (0, "")), (int(number), gtid))
    return ",".join(gtid for _number, gtid in last.values())
