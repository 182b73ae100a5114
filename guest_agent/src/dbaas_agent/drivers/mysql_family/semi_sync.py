# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a primary of the family waits for the receipts of replicas, and how they give them: pure functions.

A write is told to nobody, not even to other sessions, before it is on as many replicas (AFTER_SYNC), and it waits for that without end: a server that
went on by itself after some time would lose what it told is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.replication import Receipts

_ENDLESS_MS = 4294967295
"""49 days, the most that both servers take."""
VARIABLES = Statement("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%%'")
STATUS = Statement("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%%'")


class Words(NamedTuple):
    """How the server calls the two sides in the names of variables. number: the end of the name of the variable that says of how many it waits; empty where it
    is one. alone: that of the one that has it wait although nobody is there."""

    source: str
    replica: str
    number: str
    alone: str


def settings(words: Words, receipts: int, gives: bool) -> dict[str, str]:
    """The variables in the order in which they are to be set. receipts: of how many replicas it waits; 0: of none. gives: whether it gives them itself."""
    waiting, giving = f"rpl_semi_sync_{words.source}", f"rpl_semi_sync_{words.replica}"
    how = {
        f"{waiting}_timeout": str(_ENDLESS_MS),
        f"{waiting}_wait_point": "AFTER_SYNC",
        f"{waiting}_{words.alone}": "ON",
        **({f"{waiting}_{words.number}": str(receipts)} if words.number else {}),
    }
    return {
        **(how if receipts else {}),
        f"{waiting}_enabled": "ON" if receipts else "OFF",
        f"{giving}_enabled": "ON" if gives else "OFF",
    }


def statements(words: Words, wanted: Mapping[str, str], running: Mapping[str, Any], follows: bool) -> list[Statement]:
    """What has the running server have the settings. running: the rows of VARIABLES, by name. follows: whether it hears another server."""
    changes = {name: value for name, value in wanted.items() if value != running.get(name, "OFF")}
    if changes and not running:
        raise AgentError(
            "not_actionable",
            "the server knows nothing of receipts: playbook instance_rebuild configures it as new ones are",
        )
    done = [Statement(f"SET GLOBAL {name} = {_literal(value)}") for name, value in changes.items()]
    if follows and f"rpl_semi_sync_{words.replica}_enabled" in changes:
        # The other side learns it when a connection begins.
        name = words.replica.upper()
        done += [Statement(f"STOP {name} IO_THREAD"), Statement(f"START {name} IO_THREAD")]
    return done


def _literal(value: str) -> str:
    return value if value.isdigit() else f"'{value}'"


def receipts(words: Words, rows: Sequence[Mapping[str, Any]]) -> Receipts | None:
    """What STATUS tells."""
    told = {row["Variable_name"]: row["Value"] for row in rows}
    name = f"Rpl_semi_sync_{words.source}"
    if f"{name}_status" not in told:
        return None
    return Receipts(told[f"{name}_status"] == "ON", int(told[f"{name}_clients"]))
