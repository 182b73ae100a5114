# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What MariaDB tells of its part in replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas_agent.drivers.mysql_family.replication import Words, joined, lag, source
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.replication import GTID_STATE, Facts, Receipts

SERVER = Statement(
    "SELECT @@GLOBAL.server_id AS server_id, @@GLOBAL.gtid_domain_id AS domain_id, @@GLOBAL.gtid_binlog_state AS state,"
    " @@GLOBAL.gtid_slave_pos AS position, @@GLOBAL.gtid_current_pos AS current, @@GLOBAL.read_only AS read_only"
)
FOLLOWED = Statement("SHOW SLAVE STATUS")
WORDS = Words("Master", "Slave", change="CHANGE MASTER TO", own=("MASTER_USE_GTID=slave_pos",))


def facts(server: Mapping[str, Any], followed: Sequence[Mapping[str, Any]], receipts: Receipts | None = None) -> Facts:
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
        receipts=receipts,
    )


def begin(server: Mapping[str, Any], follows: bool, position: Mapping[str, Any] | None) -> list[Statement]:
    """What gives the server its place in the history of one that it is to follow. position: that of the backup that was just restored.

    Its binary log then knows what the backup had: otherwise it would look as if older writes were missing, those of earlier primaries too. A
    server that was primary goes on from its last own write.
    """
    if position is not None:
        gtid = str(position.get("gtid", ""))
        state = state_at(gtid, str(position.get("gtid_state") or ""))
        return [
            Statement("RESET SLAVE ALL"),
            Statement("RESET MASTER"),
            Statement("SET GLOBAL gtid_binlog_state = %s", (state,)),
            Statement("SET GLOBAL gtid_slave_pos = %s", (gtid,)),
        ]
    return [] if follows else [Statement("SET GLOBAL gtid_slave_pos = %s", (server["current"],))]


def resume(server: Mapping[str, Any]) -> list[Statement]:
    """What has a copy of a server's data, with its binary log, know where it is, whomever that server followed. server: the row of SERVER."""
    position = last_of_each_domain(joined(server["state"], server["position"]))
    return [Statement("RESET SLAVE ALL"), Statement("SET GLOBAL gtid_slave_pos = %s", (position,))]


def state_at(position: str, earlier: str) -> str:
    """The state of a binary log at that position: who wrote before is in its state of a moment earlier. The last write of a domain stands last."""
    last = {domain: (server, int(number)) for domain, server, number in _gtids(position)}
    nobody: tuple[str, int] = ("", 0)
    others = [
        f"{domain}-{server}-{number}"
        for domain, server, number in _gtids(earlier)
        if server != last.get(domain, nobody)[0] and int(number) < last.get(domain, nobody)[1]
    ]
    return joined(*others, position)


def _gtids(word: str) -> list[tuple[str, str, str]]:
    """Domain, server and number of each."""
    parts = (gtid.split("-") for gtid in filter(None, "".join(word.split()).split(",")))
    return [(one[0], one[1], one[2]) for one in parts]


def last_of_each_domain(position: str) -> str:
    """A position with one GTID for each domain: what stands for all before it, since numbers only grow."""
    last: dict[str, tuple[int, str]] = {}
    for domain, server, number in _gtids(position):
        last[domain] = max(last.get(domain, (0, "")), (int(number), f"{domain}-{server}-{number}"))
    return ",".join(gtid for _number, gtid in last.values())
