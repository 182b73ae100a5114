# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of a configuration group against the rules of its datastore version. Pure; private to the collection.

A rule: name, type, restart_required, and as the type wants them min, max, step, unit, choices; reserved says why nobody may set it.
"""

from __future__ import annotations

import difflib
import math
import re
import typing as t
from fractions import Fraction

from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import Problem

Rule = t.Mapping[str, t.Any]
Value: t.TypeAlias = "bool | int | float | str"

TYPES = ("boolean", "enum", "flags", "float", "integer", "set", "string")
_TRUE, _FALSE = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
_SIZE = re.compile(r"([0-9]+)([kmgtpe]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, **{unit: 1024**power for power, unit in enumerate("kmgtpe", start=1)}}
_QUANTITY = re.compile(r"([0-9]+(?:[.][0-9]+)?)\s*([A-Za-z]+)")
_KINDS = (
    {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4},
    {"us": 1, "ms": 1000, "s": 1000**2, "min": 60 * 1000**2, "h": 3600 * 1000**2, "d": 86400 * 1000**2},
)
"""Units of which one can be told in another, of memory and of time: PostgreSQL's words. A rule's own may have a number before it, such as 8kB."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class _WrongError(Exception):
    """What would be right instead of a value."""


def check_values(values: t.Mapping[str, t.Any], rules: t.Iterable[Rule]) -> tuple[dict[str, Value], list[Problem]]:
    """The values in the form that is kept (see plain_value), and everything that is wrong with them."""
    by_name = {rule["name"]: rule for rule in rules}
    plain: dict[str, Value] = {}
    problems = []
    for given, value in sorted(values.items()):
        name = called(given)
        reason, why = "invalid", ""
        if name in plain:
            why = "it is given twice"
        elif name not in by_name:
            reason, why = "not_found", _unknown(name, by_name)
        elif by_name[name].get("reserved"):
            reason, why = "unsupported", f"it cannot be set: {by_name[name]['reserved']}"
        else:
            try:
                plain[name] = plain_value(value, by_name[name])
            except _WrongError as right:
                why = f"{value!r} is not {right}"
        if why:
            problems.append(Problem(f"values.{given}", value, reason, f"values.{given}: {why}"))
    return plain, problems


def called(name: str) -> str:
    """The parameter, as rules and groups call it."""
    return name.replace("-", "_").lower()


def _unknown(name: str, known: t.Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.7)
    return "there is no such parameter" + (f"; did you mean {', '.join(near)}?" if near else "")


def plain_value(value: t.Any, rule: Rule) -> Value:
    """A boolean, a number (sizes such as 64M become one), or text (lists become text with commas); _WrongError when the rule forbids it."""
    return _PLAIN[rule["type"]](value, rule)


def _boolean(value: t.Any, _rule: Rule) -> bool:
    word = str(value).lower()
    if word not in (*_TRUE, *_FALSE):
        raise _WrongError("true or false")
    return word in _TRUE


def _integer(value: t.Any, rule: Rule) -> int:
    low, high, step = rule.get("min"), rule.get("max"), rule.get("step", 1)
    right = f"an integer{_range(low, high)}" + (f", a multiple of {step}" if step > 1 else "") + _in_unit(rule)
    number = _whole(_without_unit(value, rule))
    if number is None or not _within(number, low, high) or number % step:
        raise _WrongError(right)
    return number


def _whole(value: t.Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    text = str(value).strip()
    if re.fullmatch(r"-[0-9]+", text):
        return int(text)
    size = _SIZE.fullmatch(text)
    return int(size[1]) * _UNITS[size[2].lower()] if size else None


def _float(value: t.Any, rule: Rule) -> float:
    low, high = rule.get("min"), rule.get("max")
    value = _without_unit(value, rule)
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not _within(number, low, high) or math.isnan(number):
        raise _WrongError(f"a number{_range(low, high)}{_in_unit(rule)}")
    return number


def _without_unit(value: t.Any, rule: Rule) -> t.Any:
    """The number in the rule's own unit, None for a value with a unit that cannot be told in it; without a unit the value."""
    own = re.fullmatch(r"([0-9]*)([A-Za-z]+)", rule.get("unit", ""))
    given = _QUANTITY.fullmatch(str(value).strip())
    if own is None or given is None:
        return value
    for kind in _KINDS:
        if own[2] in kind and given[2] in kind:
            number = Fraction(given[1]) * kind[given[2]] / (int(own[1] or 1) * kind[own[2]])
            return number.numerator if number.denominator == 1 else float(number)
    return None


def _in_unit(rule: Rule) -> str:
    unit = rule.get("unit", "")
    names = next((", ".join(kind) for kind in _KINDS if unit.lstrip("0123456789") in kind), "")
    return f", in {unit} or with one of the units {names}" if names else ""


def _within(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return f" of {low} or more" if high is None else f" of {high} or less" if low is None else f" from {low} to {high}"


def _enum(value: t.Any, rule: Rule) -> str:
    # YAML has a boolean for words that are choices.
    words = (_TRUE if value else _FALSE) if isinstance(value, bool) else (str(value).lower(),)
    found = [choice for choice in rule["choices"] if choice.lower() in words]
    if not found:
        raise _WrongError(f"one of {', '.join(rule['choices'])}")
    return str(found[0])


def _set(value: t.Any, rule: Rule) -> str:
    known = {choice.lower(): choice for choice in rule["choices"]}
    words = [word.lower() for word in _words(value)]
    if not set(words) <= set(known):
        raise _WrongError(f"a list of {', '.join(rule['choices'])}")
    return ",".join(known[word] for word in dict.fromkeys(words))


def _flags(value: t.Any, rule: Rule) -> str:
    known = {choice.lower(): choice for choice in rule["choices"]}
    pairs = [word.lower().partition("=") for word in _words(value)]
    if any(name not in known or state not in ("on", "off", "default") for name, _dummy, state in pairs):
        raise _WrongError(f"a list of NAME=on, NAME=off or NAME=default, with the names {', '.join(rule['choices'])}")
    return ",".join(f"{known[name]}={state}" for name, _dummy, state in pairs)


def _words(value: t.Any) -> list[str]:
    words = value if isinstance(value, list) else str(value).split(",")
    return [str(word).strip() for word in words if str(word).strip()]


def _string(value: t.Any, _rule: Rule) -> str:
    if isinstance(value, (bool, list, dict)) or _CONTROL.search(str(value)):
        raise _WrongError("text in one line, without control characters; quote it")
    return str(value)


_PLAIN: dict[str, t.Callable[[t.Any, Rule], Value]] = {
    "boolean": _boolean,
    "enum": _enum,
    "flags": _flags,
    "float": _float,
    "integer": _integer,
    "set": _set,
    "string": _string,
}
