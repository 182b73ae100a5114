# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another value than it has for each parameter of a server, and whether it has them. JSON goes in and comes out.

`pick`: {rules, running, known} to {dynamic: {name: value}, apart: {name: value}, restart: {name: value}}.
`compare`: {asked, running, known} to the names that differ.
running: variables with their values, a pair a line. known: what is to be known of the datastore, `configuration` of data/*.yml.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def variables(told: str) -> dict[str, str]:
    """The pairs by name."""
    pairs = (line.partition("\t") for line in told.splitlines())
    return {name: value for name, _dummy, value in pairs}


def variable(name: str, running: dict[str, str], known: dict[str, Any]) -> str:
    """The variable of a parameter."""
    return str(name if name in running else known["variables"].get(name, name))


def another(rule: dict[str, Any], now: str, known: dict[str, Any]) -> Any:
    """A value that it does not have now."""
    kind = rule["type"]
    if rule["name"] in known["chosen"]:
        return known["chosen"][rule["name"]]
    if kind == "boolean":
        return "OFF" if now.lower() == "on" else "ON"
    if kind == "enum":
        return next(choice for choice in rule["choices"] if choice.lower() != now.lower())
    if kind == "set":
        return next(choice for choice in rule["choices"] if choice.lower() not in now.lower().split(","))
    if kind == "flags":
        name, _dummy, state = now.split(",", maxsplit=1)[0].partition("=")
        return f"{name}={'off' if state == 'on' else 'on'}"
    return _number(rule, now)


def _number(rule: dict[str, Any], now: str) -> float:
    step = rule.get("step", 1)
    number = int(now) // step * step if rule["type"] == "integer" else float(now)
    near: list[float] = [number + step, number - step, number / 2, rule["min"], rule["max"]]
    return next(n for n in near if rule["min"] <= n <= rule["max"] and n != number)


def pick(rules: list[dict[str, Any]], running: dict[str, str], known: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Values to set, by how they come to be."""
    found: dict[str, dict[str, Any]] = {"dynamic": {}, "apart": {}, "restart": {}}
    for rule in rules:
        name = rule["name"]
        if "reserved" in rule or name in known["left_out"]:
            continue
        now = running[variable(name, running, known)]
        waits = rule["restart_required"] or known["waits"].get(name) == now
        kind = "apart" if name in known["apart"] else "restart" if waits else "dynamic"
        found[kind][name] = another(rule, now, known)
    return found


def is_there(asked: Any, now: str) -> bool:
    """Whether the server has it, in whatever spelling."""
    if isinstance(asked, (int, float)):
        return float(asked) == float(now)
    return now.lower() == asked.lower() or asked.lower() in now.lower().split(",")


def compare(asked: dict[str, Any], running: dict[str, str], known: dict[str, Any]) -> list[str]:
    """What is not there."""
    now = {name: running[variable(name, running, known)] for name in asked}
    return [f"{name}: {value!r} and {now[name]!r}" for name, value in asked.items() if not is_there(value, now[name])]


if __name__ == "__main__":
    given = json.load(sys.stdin)
    has, knows = variables(given["running"]), given["known"]
    print(
        json.dumps(pick(given["rules"], has, knows) if sys.argv[1] == "pick" else compare(given["asked"], has, knows))
    )
