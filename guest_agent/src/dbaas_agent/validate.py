# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments against the schema: all faults at once, and where the secrets are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dbaas_agent.errors import AgentError

_TYPES: dict[str, type] = {"str": str, "bool": bool, "int": int, "list": list, "dict": dict}


def arguments(spec: dict[str, Any], args: Any) -> dict[str, Any]:
    """The arguments with defaults filled in; AgentError(invalid) names every fault."""
    faults: list[str] = []
    if isinstance(args, dict):
        checked = _options(spec, args, "", faults)
    else:
        checked, faults = {}, [f"args: a dictionary is wanted, not {_name_of(args)}"]
    if faults:
        raise AgentError("invalid", "; ".join(faults), faults=faults)
    return checked


def secrets(spec: dict[str, Any], args: Any) -> set[str]:
    """Every secret string in the arguments, whatever else is wrong with them."""
    return set(_secrets(spec, args))


def _name_of(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def _options(spec: dict[str, Any], given: dict[str, Any], where: str, faults: list[str]) -> dict[str, Any]:
    faults.extend(
        f"{where}{name}: unknown (known: {', '.join(sorted(spec)) or 'none'})" for name in given if name not in spec
    )
    result: dict[str, Any] = {}
    for name, option in spec.items():
        path = where + name
        value = given.get(name)
        if value is None:
            if option.get("required"):
                faults.append(f"{path}: required")
            result[name] = option.get("default")
        else:
            result[name] = _value(option, value, path, faults)
    return result


def _value(option: dict[str, Any], value: Any, path: str, faults: list[str]) -> Any:
    wanted = option["type"]
    if not _is(wanted, value):
        faults.append(f"{path}: {wanted} is wanted, not {_name_of(value)}")
        return value
    shown = "a secret" if option.get("secret") else repr(value)[:100]
    if "choices" in option and value not in option["choices"]:
        faults.append(f"{path}: {shown} is none of {', '.join(option['choices'])}")
    if "pattern" in option and not re.fullmatch(option["pattern"], value):
        faults.append(f"{path}: {shown} does not match {option['pattern']}")
    if wanted == "dict" and "options" in option:
        return _options(option["options"], value, path + ".", faults)
    if wanted == "list":
        return [_element(option, item, f"{path}[{place}]", faults) for place, item in enumerate(value)]
    return value


def _element(option: dict[str, Any], item: Any, path: str, faults: list[str]) -> Any:
    if not _is(option["elements"], item):
        faults.append(f"{path}: {option['elements']} is wanted, not {_name_of(item)}")
        return item
    if option["elements"] == "dict":
        return _options(option["options"], item, path + ".", faults)
    return item


def _is(wanted: str, value: Any) -> bool:
    return isinstance(value, _TYPES[wanted]) and (wanted == "bool" or not isinstance(value, bool))


def _secrets(spec: dict[str, Any], args: Any) -> Iterator[str]:
    if not isinstance(args, dict):
        return
    for name, option in spec.items():
        value = args.get(name)
        if option.get("secret"):
            yield from texts(value)
        elif "options" in option and isinstance(value, list):
            for item in value:
                yield from _secrets(option["options"], item)


def texts(value: Any) -> Iterator[str]:
    """Every value in a structure, as text."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif value is not None and not isinstance(value, bool) and str(value):
        yield str(value)
