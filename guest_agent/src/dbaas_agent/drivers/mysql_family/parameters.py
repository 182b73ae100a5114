# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stand in a server's configuration, and how the running server comes to follow it. Pure.

A parameter is called as in the file, with underscores. Its rule has the form of validation-rules.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas_agent.drivers.base import ParameterPlan, Settings
from dbaas_agent.drivers.mysql_family.sql import Statement, quote

_NOT_GIVEN = "(No default value)"
_LINE = re.compile(r"-{3,}[ -]*")
_SETTING = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)\s*(?:=\s*(.*?)\s*)?")
_SIZE = re.compile(r"(-?[0-9]+(?:[.][0-9]+)?)([KMGTPE]?)", re.IGNORECASE)
_UNITS = {"": 1, **{unit: 1024**power for power, unit in enumerate("KMGTPE", start=1)}}
_TRUE, _FALSE = ("1", "on", "true", "yes"), ("0", "off", "false", "no")


def options(told: str) -> dict[str, str | None]:
    """The parameters with the values that they start with, from what the server prints with `--verbose --help`; None: the server's own."""
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


@dataclass(frozen=True)
class Variable:
    """What a server tells of a variable.

    kind: a type of validation-rules.json; fixed: whether only a start gives it a value; default: the server's own, as text; stated: whether a
    statement gave the value that it has; path: of the file that did; low, high, step: of a number; choices: for the kinds that have some.
    """

    kind: str = "string"
    fixed: bool = False
    default: str = ""
    stated: bool = False
    path: str = ""
    low: str = "0"
    high: str = "0"
    step: int = 1
    choices: tuple[str, ...] = ()

    def rule(self, name: str) -> dict[str, Any]:
        """The rule of the parameter of this name."""
        rule: dict[str, Any] = {"name": name, "type": self.kind, "restart_required": self.fixed}
        number: Callable[[str], float] | None = {"integer": int, "float": float}.get(self.kind)
        if number is not None:
            rule |= {"min": number(self.low), "max": number(self.high)}
            if self.step > 1:
                rule["step"] = self.step
        if self.choices:
            rule["choices"] = list(self.choices)
        return rule


@dataclass(frozen=True)
class Server:
    """What a server tells of its parameters.

    variables: those that a file may set; running: their values; configured: what it would start with, by parameter; bare: the same without any file.
    other_names: variables of parameters that are called otherwise; a newer server has one of the same name for some.
    computes: whether what it starts with may be another value than what a statement calls DEFAULT.
    kept: dynamic parameters with values that nothing but a start takes them from. same: makes one of the ways in which a value may be written.
    """

    variables: Mapping[str, Variable]
    running: Mapping[str, Any]
    configured: Mapping[str, str | None]
    bare: Mapping[str, str | None]
    other_names: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[tuple[str, str]] = frozenset()
    computes: bool = False
    same: Callable[[str, Any], Any] = lambda _name, value: value

    def variable(self, name: str) -> str:
        """The variable of a parameter."""
        return name if name in self.variables else self.other_names.get(name, name)

    def parameters(self) -> dict[str, Variable]:
        """Each parameter that there is, in the order of their names, with its variable."""
        pairs = ((name, self.variable(name)) for name in sorted(self.configured))
        return {name: self.variables[place] for name, place in pairs if place in self.variables}

    def rules(self) -> list[dict[str, Any]]:
        return [variable.rule(name) for name, variable in self.parameters().items()]


def plan(settings: Settings, server: Server) -> ParameterPlan:
    """How the server comes to follow its files for the parameters that the settings set, or did before."""
    asked = given(settings.content)
    names = {*asked, *given(settings.before)}
    found = ParameterPlan()
    for name, variable in server.parameters().items():
        if name not in names:
            continue
        place, kind, default = server.variable(name), variable.kind, variable.default
        now = server.running[place]
        target = server.configured[name] if name in asked else _without(name, settings.natural, server)
        wanted = default if target is None else target
        if wanted == default and not (default and server.computes):
            target = None  # Some defaults are NULL, which has no other name.
        else:
            target = wanted
        if kind == "flags":
            wanted = target = _flags(default, wanted, asked.get(name, ""))
        if server.same(name, _plain(kind, wanted)) == server.same(name, _plain(kind, now)):
            continue
        found.before[name], found.after[name] = now, wanted
        if not variable.stated and variable.path != settings.path:
            found.natural[name] = now
        if variable.fixed or (name, now) in server.kept:
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
