# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MySQL's variables, by the tables of its performance schema and by its answers to offers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

from dbaas_agent.drivers.mysql_family.parameters import Variable

OTHER_NAMES = {"default_time_zone": "time_zone"}
_STARTED = frozenset({"innodb_commit_concurrency"})
"""What a statement changes in part only: 9.7 refuses it from 0, and to 0."""
_UNTOLD = {"optimizer_trace": "enabled=off,one_line=off"}
"""Defaults that --help of 9.7 says nothing of."""
_KINDS = {
    "Boolean": "boolean",
    "Enumeration": "enum",
    "Integer": "integer",
    "Numeric": "float",
    "Set": "set",
    "String": "string",
}
_STEPS = 20
"""The greatest step that is looked for, as a power of two."""
_NO_WORD = "NOT_USED"
"""What sql_mode says for bits that have lost their words."""

Offer = Callable[[Mapping[str, str]], "Mapping[str, str | None] | None"]
"""What the server would start with if these parameters had these values; None: it would not start."""


def own(name: str, bare: Mapping[str, str | None]) -> str:
    """The server's own value of a parameter. bare: what it starts with without any file."""
    return bare.get(name) or _UNTOLD.get(name, "")


def kind(row: Mapping[str, Any], value: str) -> str:
    """The type of a variable's rule. row: of variables_metadata; value: the server's own."""
    found = _KINDS[row["DATA_TYPE"]]
    return "flags" if found == "set" and "=" in value else found


def variables(
    rows: Iterable[Mapping[str, Any]],
    fixed: frozenset[str],
    defaults: Mapping[str, str],
    more: Mapping[str, Mapping[str, Any]],
) -> dict[str, Variable]:
    """Those that a file may set. rows: of variables_metadata with those of variables_info; fixed: which only a start gives a value;
    defaults: the server's own, by variable; more: what the rules alone need, step and choices."""
    found = {}
    for row in rows:
        name = row["VARIABLE_NAME"]
        if row["VARIABLE_SCOPE"] == "SESSION_ONLY":
            continue
        default = defaults.get(name, "")
        found[name] = Variable(
            kind(row, default),
            fixed=name in fixed or name in _STARTED,
            default=default,
            stated=row["VARIABLE_SOURCE"] in ("DYNAMIC", "PERSISTED"),
            path=row["VARIABLE_PATH"] or "",
            low=row["MIN_VALUE"] or "0",
            high=row["MAX_VALUE"] or "0",
            **more.get(name, {}),
        )
    return found


def enum_words(names: Iterable[str], offer: Offer) -> dict[str, tuple[str, ...]]:
    """The words of each enum, in the server's order: it takes their numbers for them, too."""
    return _words(names, offer, lambda place: place)


def set_words(names: Iterable[str], offer: Offer) -> dict[str, tuple[str, ...]]:
    """The words of each set: the server takes a number whose bits are the words; one word may stand for others and itself."""
    return _words(names, offer, lambda place: 1 << place)


def _words(names: Iterable[str], offer: Offer, number: Callable[[int], int]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {name: [] for name in names}
    places = count()
    open_ends = sorted(found)
    while open_ends:
        value = str(number(next(places)))
        made = _offered(dict.fromkeys(open_ends, value), offer)
        for name, text in made.items():
            new = [word for word in text.split(",") if word not in found[name] and not word.startswith(_NO_WORD)]
            found[name] += new
        open_ends = sorted(made)
    return {name: tuple(words) for name, words in found.items()}


def _offered(values: Mapping[str, str], offer: Offer) -> dict[str, str]:
    """What the server makes of each of the values that it does not refuse; it refuses all at once."""
    made = offer(values)
    if made is not None:
        return {name: made[name] or "" for name in values}
    if len(values) < 2:
        return {}
    names = list(values)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    return {
        name: text for half in halves for name, text in _offered({name: values[name] for name in half}, offer).items()
    }


def steps(bounds: Mapping[str, tuple[int, int]], offer: Offer) -> dict[str, int]:
    """The step of each integer that has one, which the server tells by rounding down what it is offered; bounds: least and greatest of each."""
    probes = {name: probe for name, (low, high) in bounds.items() if (probe := _probe(low, high)) is not None}
    made = _made(probes, offer)
    guesses = {name: probes[name] - made[name] + 1 for name in probes if made[name] < probes[name]}
    again = _made({name: made[name] + step for name, step in guesses.items()}, offer)
    return {name: step for name, step in guesses.items() if again[name] == made[name] + step}


def _probe(low: int, high: int) -> int | None:
    """One less than a multiple of a power of two, as high as that can be between the bounds: any smaller power of two rounds it by all but one."""
    for power in range(_STEPS, 0, -1):
        multiple = (max(low, 0) // (1 << power) + 1) << power
        if multiple <= high:
            return multiple - 1
    return None


def _made(values: Mapping[str, int], offer: Offer) -> dict[str, int]:
    """What the server makes of numbers; of those that it refuses, nothing."""
    made = _offered({name: str(value) for name, value in values.items()}, offer)
    return {name: int(made.get(name) or value) for name, value in values.items()}


def flag_words(value: str) -> tuple[str, ...]:
    """The names in a value such as a=on,b=off."""
    return tuple(word.partition("=")[0] for word in value.split(","))
