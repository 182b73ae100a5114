# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pg_hba.conf of a primary, in a table that its replicas get with the data: the file itself is no part of them."""

from __future__ import annotations

from dbaas_agent.drivers.postgresql.catalog import Execute
from dbaas_agent.drivers.postgresql.sql import AT_ONCE, Statement

_THERE = Statement("SELECT to_regclass('dbaas.access') IS NOT NULL AS there, pg_is_in_recovery() AS follows")
_MAKE = (
    "CREATE SCHEMA IF NOT EXISTS dbaas",
    "CREATE TABLE IF NOT EXISTS dbaas.access (rules text NOT NULL)",
    "INSERT INTO dbaas.access SELECT '' WHERE NOT EXISTS (SELECT FROM dbaas.access)",
)


def begin(execute: Execute, rules: str) -> None:
    """Have a place for it; execute: in the maintenance database, where no user comes."""
    execute(AT_ONCE)
    for statement in _MAKE:
        execute(Statement(statement))
    publish(execute, rules)


def publish(execute: Execute, rules: str) -> None:
    """Tell replicas of it, where there may be some."""
    (seen,) = execute(_THERE)
    if seen["there"] and not seen["follows"]:
        execute(Statement("UPDATE dbaas.access SET rules = %s WHERE rules <> %s", (rules, rules)))


def published(execute: Execute) -> str | None:
    """What the primary told; None where it told nothing."""
    (seen,) = execute(_THERE)
    rows = execute(Statement("SELECT rules FROM dbaas.access")) if seen["there"] else []
    return str(rows[0]["rules"]) if rows else None
