# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB's variables, by the rows of information_schema.SYSTEM_VARIABLES. Pure."""

from __future__ import annotations

from typing import Any

from dbaas_agent.drivers.mysql_family.parameters import Variable

TYPES = {
    "BOOLEAN": "boolean",
    "DOUBLE": "float",
    "ENUM": "enum",
    "FLAGSET": "flags",
    "SET": "set",
    "VARCHAR": "string",
}
"""The types of information_schema.SYSTEM_VARIABLES that are no integers."""
OTHER_NAMES = {
    "default_time_zone": "time_zone",
    "transaction_isolation": "tx_isolation",
    "transaction_read_only": "tx_read_only",
}
KEPT = frozenset({("max_user_connections", "0")})


def variables(rows: list[dict[str, Any]]) -> dict[str, Variable]:
    """Those that a file may set."""
    return {str(row["VARIABLE_NAME"]).lower(): _variable(row) for row in rows if _may_be_set(row)}


def _may_be_set(row: dict[str, Any]) -> bool:
    """Variables that only tell something are listed beside the options, too."""
    tells = row["READ_ONLY"] == "YES" and row["COMMAND_LINE_ARGUMENT"] is None
    return row["VARIABLE_SCOPE"] != "SESSION ONLY" and not tells


def _variable(row: dict[str, Any]) -> Variable:
    kind = TYPES.get(row["VARIABLE_TYPE"], "integer")
    if kind == "enum" and not row["ENUM_VALUE_LIST"]:
        kind = "string"
    return Variable(
        kind,
        fixed=row["READ_ONLY"] == "YES",
        default=str(row["DEFAULT_VALUE"] or ""),
        stated=row["GLOBAL_VALUE_ORIGIN"] == "SQL",
        path=row["GLOBAL_VALUE_PATH"] or "",
        low=row["NUMERIC_MIN_VALUE"] or "0",
        high=row["NUMERIC_MAX_VALUE"] or "0",
        step=int(row["NUMERIC_BLOCK_SIZE"] or 0),
        choices=tuple(row["ENUM_VALUE_LIST"].split(",")) if kind in ("enum", "flags", "set") else (),
    )


def same(name: str, value: Any) -> Any:
    """A collation of a character set may be written without its name, and the sets in any order."""
    if name != "character_set_collations":
        return value
    pairs = [word.partition("=") for word in value.split(",")]
    return frozenset((charset, collation.removeprefix(f"{charset}_")) for charset, _dummy, collation in pairs)
