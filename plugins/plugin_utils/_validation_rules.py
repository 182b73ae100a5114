# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of validation rules: merge and check `validation-rules.json`. Pure; reading files is the lookup's work. Private to this collection."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.dbaas.openstack.plugins.module_utils._parameters import TYPES, called
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore import DatastoreError

KEY = "configuration-parameters"
"""Trove's name for the list in the file."""
_SCHEMA: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "required": True, "choices": list(TYPES)},
    "restart_required": {"type": "bool", "required": True},
    "min": {"type": "raw"},
    "max": {"type": "raw"},
    "step": {"type": "int"},
    "unit": {"type": "str"},
    "choices": {"type": "list", "elements": "str"},
    "reserved": {"type": "str"},
}
_OF_NUMBERS, _OF_CHOICES = ("integer", "float"), ("enum", "flags", "set")


def read_rules(data: t.Any, where: str) -> list[dict[str, t.Any]]:
    """The rules of one file; DatastoreError names everything that is wrong with them. where: the file, for people."""
    rules = data.get(KEY) if isinstance(data, dict) else None
    if not isinstance(rules, list):
        raise DatastoreError(f"{where}: an object with a list {KEY!r} is needed.")
    read = [_read(rule, number) for number, rule in enumerate(rules)]
    faults = [fault for _rule, found in read for fault in found]
    if faults:
        raise DatastoreError(f"{where}: {'; '.join(faults)}.")
    return [rule for rule, _found in read]


def _read(rule: t.Any, number: int) -> tuple[dict[str, t.Any], list[str]]:
    """The rule with its types, and everything that is wrong with it."""
    if not isinstance(rule, dict):
        return {}, [f"{KEY}[{number}] is no object"]
    where = rule.get("name") or f"{KEY}[{number}]"
    validated = ArgumentSpecValidator(_SCHEMA).validate(rule)
    if validated.error_messages:
        return {}, [f"{where}: {msg}" for msg in validated.error_messages]
    typed = {key: value for key, value in validated.validated_parameters.items() if value is not None}
    return {**typed, "name": called(typed["name"])}, _faults(typed, where)


def _faults(rule: dict[str, t.Any], where: str) -> list[str]:
    found = []
    for name in ("min", "max"):
        if name in rule and (isinstance(rule[name], bool) or not isinstance(rule[name], (int, float))):
            found.append(f"{where}: {name} is no number")
        elif name in rule and rule["type"] not in _OF_NUMBERS:
            found.append(f"{where}: {name} is for {' and '.join(_OF_NUMBERS)}")
    if not found and rule.get("min", 0) > rule.get("max", rule.get("min", 0)):
        found.append(f"{where}: min is more than max")
    if rule.get("step", 1) < 1:
        found.append(f"{where}: step is less than 1")
    if rule["type"] in _OF_CHOICES and not rule.get("choices"):
        found.append(f"{where}: choices are needed for {rule['type']}")
    return found


def merge_rules(files: t.Iterable[list[dict[str, t.Any]]]) -> list[dict[str, t.Any]]:
    """The rules by name, those of a later file in place of those of an earlier one."""
    by_name = {rule["name"]: rule for rules in files for rule in rules}
    return [rule for _name, rule in sorted(by_name.items())]


def reserve(rules: list[dict[str, t.Any]], reserved: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The rules, with a reason at those that nobody may set. reserved: reserved_parameters of the definition; * in a name is anything."""
    return [{**rule, **_reason(rule["name"], reserved)} if "reserved" not in rule else rule for rule in rules]


def settings_in(text: str) -> dict[str, str]:
    """The parameters that a configuration file sets, with what it says of them; in names - is _."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith(("#", ";", "[")))
    return {name.strip().replace("-", "_"): value.strip() for name, sign, value in pairs if sign}


def with_defaults(rules: list[dict[str, t.Any]], configured: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
    """The rules, with what the base configuration gives the parameters that it sets."""
    return [{**rule, "default": configured[rule["name"]]} if rule["name"] in configured else rule for rule in rules]


def _reason(name: str, reserved: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    for entry in reserved:
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in entry["names"]):
            return {"reserved": entry["because"]}
    return {}
