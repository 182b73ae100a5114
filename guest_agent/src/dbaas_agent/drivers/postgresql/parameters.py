# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stand in PostgreSQL's configuration, and how the running server comes to follow it. Pure.

A parameter is called in lower case, as the server compares names. Its rule has the form of validation-rules.json. Values are
texts; a number counts the parameter's unit, as in pg_settings and in what `postgres -C` prints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from dbaas_agent.drivers.base import ParameterPlan, Settings
from dbaas_agent.drivers.postgresql.sql import Statement

TYPES = {"bool": "boolean", "enum": "enum", "integer": "integer", "real": "float", "string": "string"}
"""The types of pg_settings."""
_IN_NO_FILE = frozenset({"config_file", "transaction_deferrable", "transaction_isolation", "transaction_read_only"})
"""Settings of a session or of the command line, which pg_settings does not tell from others."""
_BY_SOMEBODY = frozenset({"database", "database user", "user"})
"""Sources of a value that the session has, and that hides what the server has for others: ALTER ROLE, ALTER DATABASE."""
_SETTING = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_$.]*)\s*(?:=\s*|\s)(?:'((?:[^'\\\n]|\\.|'')*)'|([^\s#']+))\s*(?:#.*)?")
_SUMMARY = re.compile(r"configuration file .* contains errors")
_OTHER_BASE = re.compile(r"0[0-7]+|0x[0-9a-f]+", re.IGNORECASE)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_TRUE, _FALSE = frozenset({"on", "true", "yes", "1"}), frozenset({"off", "false", "no", "0"})


def given(content: str) -> dict[str, str]:
    """The parameters that a configuration file sets, as it says it; the last one wins."""
    found: dict[str, str] = {}
    for line in content.splitlines():
        match = _SETTING.fullmatch(line)
        if match is not None:
            found[match[1].lower()] = match[3] if match[2] is None else _unquoted(match[2])
    return found


def _unquoted(text: str) -> str:
    """What stands between the quotes of a configuration file: a quote is doubled, or escaped like a line's end."""
    return re.sub(r"\\([0-7]{1,3}|.)|''", _character, text, flags=re.DOTALL)


def _character(match: re.Match[str]) -> str:
    escaped = match[1]
    if escaped is None:
        return "'"
    return chr(int(escaped, 8)) if escaped[0] in "01234567" else _ESCAPES.get(escaped, escaped)


def faults(content: str, configured: Mapping[str, str]) -> list[str]:
    """Where the server makes something else of a value in the content, since a later file says so. configured: what it makes of it."""
    pairs = [(name, text, configured[name]) for name, text in given(content).items()]
    return [f"{name}: the server makes {made!r} of {text!r}" for name, text, made in pairs if not _is_taken(text, made)]


def _is_taken(text: str, made: str) -> bool:
    """A size with a unit is another text as a number, and is believed."""
    return _plain(text) == _plain(made) or (_number(text) is None and _number(made) is not None)


def _plain(text: str) -> Any:
    """The value in a form in which the same value is equal, whatever the type."""
    if text.lower() in ("on", "true", "yes"):
        return True
    if text.lower() in ("off", "false", "no"):
        return False
    number = _number(text)
    return text.lower() if number is None else number


def _number(text: str) -> float | None:
    """Integers may be octal or hexadecimal, as in C."""
    if _OTHER_BASE.fullmatch(text):
        return int(text, 16 if "x" in text.lower() else 8)
    try:
        return float(text)
    except ValueError:
        return None


def complaints(told: str) -> list[str]:
    """What the server says of its files when it does not like them."""
    found = re.findall(r"^.*?(?:LOG|ERROR|FATAL):\s+(.+)$", told, re.MULTILINE)
    return [text for text in found if not _SUMMARY.fullmatch(text)] or found or [told.strip()[-500:]]


def rules(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules by name. rows: pg_settings."""
    return [_rule(row) for row in sorted(rows, key=lambda row: str(row["name"]).lower()) if _may_be_set(row)]


def _may_be_set(row: dict[str, Any]) -> bool:
    """A name with a dot belongs to a library that may not be there."""
    name = row["name"].lower()
    return row["context"] != "internal" and "." not in name and name not in _IN_NO_FILE


def _rule(row: dict[str, Any]) -> dict[str, Any]:
    kind = TYPES[row["vartype"]]
    rule: dict[str, Any] = {"name": row["name"].lower(), "type": kind, "restart_required": _waits(row)}
    number = {"integer": int, "float": float}.get(kind)
    if number is not None:
        rule |= {"min": number(row["min_val"]), "max": number(row["max_val"])}
        if row["unit"]:
            rule["unit"] = row["unit"]
    if kind == "enum":
        rule["choices"] = row["enumvals"]
    return rule


def _waits(row: dict[str, Any]) -> bool:
    return bool(row["context"] == "postmaster")


@dataclass(frozen=True)
class Server:
    """What a server tells of its parameters.

    rows: pg_settings of a session that sets nothing itself; configured: by name, what it would start with, but for ALTER SYSTEM;
    altered: what ALTER SYSTEM gave.
    """

    rows: list[dict[str, Any]]
    configured: Mapping[str, str]
    altered: Set[str]


def names_of(settings: Settings, rows: list[dict[str, Any]]) -> list[str]:
    """The parameters that the server knows and that the settings set, or did before."""
    wanted = {*given(settings.content), *given(settings.before)}
    return sorted(wanted & {row["name"].lower() for row in rows})


def plan(settings: Settings, server: Server) -> ParameterPlan:
    """How the server comes to follow its files for the parameters of the settings. What ALTER SYSTEM gave them goes: it would win over every file.

    A parameter that ALTER ROLE or ALTER DATABASE gives the agent's own session cannot be seen, and counts as followed.
    """
    by_name = {row["name"].lower(): row for row in server.rows}
    found = ParameterPlan()
    for name in names_of(settings, server.rows):
        row, wanted = by_name[name], server.configured[name]
        now = row["reset_val"] or ""
        if row["source"] in _BY_SOMEBODY or _same(TYPES[row["vartype"]], now, wanted):
            continue
        found.before[name], found.after[name] = now, wanted
        if name in server.altered:
            found.statements.append(Statement(f"ALTER SYSTEM RESET {name}"))
        if _waits(row):
            found.pending.append(name)
    if found.statements or len(found.before) > len(found.pending):
        found.statements.append(RELOAD)
    return found


RELOAD = Statement("SELECT pg_reload_conf()")


def _same(kind: str, one: str, other: str) -> bool:
    if kind in ("integer", "float"):
        return _number(one) == _number(other)
    if kind == "boolean":
        return (one.lower() in _TRUE) == (other.lower() in _TRUE)
    return one == other if kind == "string" else one.lower() == other.lower()
