# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stand in MariaDB's configuration, and how the running server comes to follow it. Pure.

A parameter is called as in the file, with underscores. Its rule has the form of validation-rules.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbaas_agent.drivers.base import ParameterPlan, Settings
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
_KEPT = {("max_user_connections", "0")}
"""A dynamic parameter with a value that nothing but a start takes it from."""
_NOT_GIVEN = "(No default value)"
_LINE = re.compile(r"-{3,}[ -]*")
_SETTING = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)\s*(?:=\s*(.*?)\s*)?")
_SIZE = re.compile(r"(-?[0-9]+(?:[.][0-9]+)?)([KMGTPE]?)", re.IGNORECASE)
_UNITS = {"": 1, **{unit: 1024**power for power, unit in enumerate("KMGTPE", start=1)}}
_TRUE, _FALSE = ("1", "on", "true", "yes"), ("0", "off", "false", "no")


def options(told: str) -> dict[str, str | None]:
    """The parameters with the values that they start with, from what `mariadbd --verbose --help` prints; None: the server's own."""
    found: dict[str, str | None] = {}
    lines = iter(told.splitlines())
    for line in lines:
        if _LINE.fullmatch(line):
            break
    for line in lines:
        name, _dummy, value = line.partition(" ")
        if not name:
            break
        value = value.strip()
        found[_called(name)] = None if value == _NOT_GIVEN else value
    return found


def given(content: str) -> dict[str, str]:
    """The parameters that a configuration file sets, as it says it."""
    settings = (match for line in content.splitlines() if (match := _SETTING.fullmatch(line)))
    return {_called(match[1]): match[2] or "" for match in settings}


def faults(content: str, configured: Mapping[str, str | None]) -> list[str]:
    """Where the server makes another number of one in the content, or no of yes. configured: what it makes of it."""
    pairs = [(name, text, configured.get(name) or "") for name, text in given(content).items()]
    return [f"{name}: the server makes {made} of {text}" for name, text, made in pairs if not _is_taken(text, made)]


def _is_taken(text: str, made: str) -> bool:
    if {text.lower(), made.lower()} <= {*_TRUE, *_FALSE}:
        return (text.lower() in _TRUE) == (made.lower() in _TRUE)
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


@dataclass(frozen=True)
class Server:
    """What a server tells of its parameters.

    rows: information_schema.SYSTEM_VARIABLES; running: values by variable; configured: what it would start with, by parameter; bare: the same without any file.
    """

    rows: list[dict[str, Any]]
    running: Mapping[str, Any]
    configured: Mapping[str, str | None]
    bare: Mapping[str, str | None]

    def rules(self) -> list[dict[str, Any]]:
        return rules(self.rows, self.configured)

    def row(self, place: str) -> dict[str, Any]:
        """What stands of a variable in rows."""
        return next(row for row in self.rows if row["VARIABLE_NAME"].lower() == place)


def plan(settings: Settings, server: Server) -> ParameterPlan:
    """How the server comes to follow its files for the parameters that the settings set, or did before."""
    asked = given(settings.content)
    names = {*asked, *given(settings.before)}
    found = ParameterPlan()
    for rule in server.rules():
        name, kind = rule["name"], rule["type"]
        if name not in names:
            continue
        place = variable(name, server.running)
        row, now = server.row(place), server.running[place]
        target = server.configured[name] if name in asked else _without(name, settings.natural, server)
        default = str(row["DEFAULT_VALUE"] or "")
        if target in (None, default):
            target = None  # Some defaults are NULL, which has no other name.
        wanted = default if target is None else target
        if kind == "flags":
            wanted = target = _flags(default, wanted, asked.get(name, ""))
        if _spelt(name, _plain(kind, wanted)) == _spelt(name, _plain(kind, now)):
            continue
        found.before[name], found.after[name] = now, wanted
        if row["GLOBAL_VALUE_ORIGIN"] != "SQL" and row["GLOBAL_VALUE_PATH"] != settings.path:
            found.natural[name] = now
        if rule["restart_required"] or (name, now) in _KEPT:
            found.pending.append(name)
        else:
            found.statements.append(_set(place, kind, target))
    return found


def _without(name: str, natural: Mapping[str, str], server: Server) -> str | None:
    """What the server has for a parameter that the settings leave alone; None: its own default, which --help does not tell of all."""
    if name in natural:
        return natural[name]
    return server.configured[name] if server.configured[name] != server.bare.get(name) else None


def _flags(default: str, configured: str, asked: str) -> str:
    """Every flag as it is asked for, or configured; the server tells not of all what they start with."""
    words = (word for text in (default, configured, asked) for word in text.strip("\"'").split(","))
    return ",".join(f"{name}={state}" for name, state in dict(word.split("=") for word in words if "=" in word).items())


def _set(place: str, kind: str, target: str | None) -> Statement:
    if target is None:
        return Statement(f"SET GLOBAL {quote(place)} = DEFAULT")
    if kind in ("integer", "float"):
        return Statement(f"SET GLOBAL {quote(place)} = {_number(kind, target)}")
    value = "ON" if kind == "boolean" and _plain(kind, target) else "OFF" if kind == "boolean" else target
    return Statement(f"SET GLOBAL {quote(place)} = %s", (value,))


def _number(kind: str, text: str) -> float:
    return int(text) if kind == "integer" else float(text)


def _spelt(name: str, value: Any) -> Any:
    """A collation of a character set may be written without its name, and the sets in any order."""
    if name != "character_set_collations":
        return value
    pairs = [word.partition("=") for word in value.split(",")]
    return frozenset((charset, collation.removeprefix(f"{charset}_")) for charset, _dummy, collation in pairs)


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
