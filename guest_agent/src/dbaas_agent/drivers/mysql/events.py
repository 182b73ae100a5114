# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of restored data: the original still has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas_agent.drivers.mysql_family.scratch_server import Scratch
from dbaas_agent.drivers.mysql_family.sql import Statement, quote

_EVENTS = (
    "SELECT EVENT_SCHEMA AS place, EVENT_NAME AS name, DEFINER AS definer, SQL_MODE AS mode, TIME_ZONE AS zone,"
    " CHARACTER_SET_CLIENT AS charset, COLLATION_CONNECTION AS collation FROM information_schema.EVENTS WHERE STATUS <> 'DISABLED'"
)
_SESSION = {"collation_connection": "collation", "sql_mode": "mode", "time_zone": "zone"}
"""Variables of a session that an event keeps, and the words of _EVENTS for them."""


def disable_all(execute: Scratch) -> None:
    """Those that are enabled, or rest as long as the server is a replica."""
    for event in execute(Statement(_EVENTS)):
        _disable(execute, event)


def _disable(execute: Scratch, event: Mapping[str, Any]) -> None:
    """It keeps all that a change would take from this session."""
    execute.speak(event["charset"])
    for name, word in _SESSION.items():
        execute(Statement(f"SET SESSION {name} = %s", (event[word],)))
    user, _at, host = event["definer"].rpartition("@")
    whose = f"{quote(event['place'])}.{quote(event['name'])}"
    execute(Statement(f"ALTER DEFINER = {quote(user)}@{quote(host)} EVENT {whose} DISABLE"))
