# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stand in MariaDB's configuration, and how the running server comes to follow it. Pure.

A parameter is called as in the file, with underscores. Its rule has the form of validation-rules.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dbaas_agent.drivers.base import ParameterPlan
from dbaas_agent.drivers.mariadb_sql import Statement, quote

TYPES = {
    "BOOLEAN": "boolean",
    "DOUBLE": "float",
    "ENUM": "enum",
    "FLAGSET": "flags",
    "SET": "set",
    "VARCHAR": "string",
}
"""The types of information_schema.SYSTEM_VARIABLES that are no integers."""
VARIABLES = {
    "default_time_zone": "time_zone",
    "transaction_isolation": "tx_isolation",
    "transaction_read_only": "tx_read_only",
}
"""Parameters whose variables have another name; a newer server has one of the same name for some."""
_NOT_GIVEN = "(No default value)"
_LINE = re.compile(r"-{3,}[ -]*")
_SETTING = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)\s*(?:=\s*(.*?)\s*)?")
_SIZE = re.compile(r"(-?[0-9]+(?:[.][0-9]+)?)([KMGTPE]?)", re.IGNORECASE)
_UNITS = {"": 1, **{unit: 1024**power for power, unit in enumerate("KMGTPE", start=1)}}
_TRUE = ("1", "on", "true", "yes")


def options(told: str) -> dict[str, str]:
    """The parameters with the values that they start with, from what `mariadbd --verbose --help` prints; what is not given is empty."""
    found: dict[str, str] = {}
    lines = iter(told.splitlines())
    for line in lines:
        if _LINE.fullmatch(line):
            break
    for line in lines:
        name, _dummy, value = line.partition(" ")
        if not name:
            break
        value = value.strip()
        found[_called(name)] = "" if value == _NOT_GIVEN else value
    return found


def given(content: str) -> dict[str, str]:
    """The parameters that a configuration file sets, as it says it."""
    settings = (match for line in content.splitlines() if (match := _SETTING.fullmatch(line)))
    return {_called(match[1]): match[2] or "" for match in settings}


def faults(content: str, configured: Mapping[str, str]) -> list[str]:
    """Where the server makes another number of one in the content. configured: what it makes of it."""
    return [
        f"{name}: the server makes {configured[name]} of {text}"
        for name, text in given(content).items()
        if name in configured and not _is_taken(text, configured[name])
    ]


def _is_taken(text: str, made: str) -> bool:
    asked, taken = _SIZE.fullmatch(text), _SIZE.fullmatch(made)
    return asked is None or taken is None or _size(asked) == _size(taken)


def _size(match: re.Match[str]) -> float:
    number, unit = match[1], match[2].upper()
    return float(number) if "." in number else int(number) * _UNITS[unit]


def _called(name: str) -> str:
    return name.replace("-", "_").lower()


def variable(name: str, known: Iterable[str]) -> str:
    """The variable of a parameter; known: the variables that there are."""
    return name if name in known else VARIABLES.get(name, name)


def rules(rows: list[dict[str, Any]], options: Iterable[str]) -> list[dict[str, Any]]:
    """The rules by name. rows: information_schema.SYSTEM_VARIABLES; options: names of parameters."""
    by_name = {str(row["VARIABLE_NAME"]).lower(): row for row in rows if _may_be_set(row)}
    found = {name: by_name[variable(name, by_name)] for name in options if variable(name, by_name) in by_name}
    return [_rule(name, row) for name, row in sorted(found.items())]


def _may_be_set(row: dict[str, Any]) -> bool:
    """Variables that only tell something are listed beside the options, too."""
    tells = row["READ_ONLY"] == "YES" and row["COMMAND_LINE_ARGUMENT"] is None
    return row["VARIABLE_SCOPE"] != "SESSION ONLY" and not tells


def _rule(name: str, row: dict[str, Any]) -> dict[str, Any]:
    kind = TYPES.get(row["VARIABLE_TYPE"], "integer")
    if kind == "enum" and not row["ENUM_VALUE_LIST"]:
        kind = "string"
    rule: dict[str, Any] = {"name": name, "type": kind, "restart_required": row["READ_ONLY"] == "YES"}
    number: Callable[[str], float] | None = {"integer": int, "float": float}.get(kind)
    if number is not None:
        rule |= {"min": number(row["NUMERIC_MIN_VALUE"]), "max": number(row["NUMERIC_MAX_VALUE"])}
        if int(row["NUMERIC_BLOCK_SIZE"] or 0) > 1:
            rule["step"] = int(row["NUMERIC_BLOCK_SIZE"])
    if kind in ("enum", "flags", "set"):
        rule["choices"] = row["ENUM_VALUE_LIST"].split(",")
    return rule


def plan(
    names: Iterable[str],
    known: list[dict[str, Any]],
    configured: Mapping[str, str],
    running: Mapping[str, Any],
) -> ParameterPlan:
    """How the server comes to follow its files for these parameters; a name without a rule is left alone.

    known: the rules; configured: by parameter, what the files say; running: by variable, what the server has now.
    """
    by_name = {rule["name"]: rule for rule in known}
    found = ParameterPlan([], {}, {}, [])
    for name in sorted(set(names) & set(by_name)):
        rule, target, place = by_name[name], configured[name], variable(name, running)
        if _plain(rule["type"], target) == _plain(rule["type"], running[place]):
            continue
        found.before[name], found.after[name] = running[place], target
        if rule["restart_required"]:
            found.pending.append(name)
        else:
            found.statements.append(_set(place, rule["type"], target))
    return found


def _set(place: str, kind: str, target: str) -> Statement:
    if kind in ("integer", "float"):
        return Statement(f"SET GLOBAL {quote(place)} = {_number(kind, target)}")
    value = "ON" if kind == "boolean" and _plain(kind, target) else "OFF" if kind == "boolean" else target
    return Statement(f"SET GLOBAL {quote(place)} = %s", (value,))


def _number(kind: str, text: str) -> float:
    return int(text) if kind == "integer" else float(text)


def _plain(kind: str, value: Any) -> Any:
    """The value in a form in which the same value is equal, however the server writes it."""
    text = "" if value is None else str(value)
    if kind == "boolean":
        return text.lower() in _TRUE
    if kind in ("integer", "float"):
        return _number(kind, text or "0")
    if kind in ("flags", "set"):
        return frozenset(filter(None, text.lower().split(",")))
    return text if kind == "string" else text.lower()
