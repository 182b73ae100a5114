# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of a playbook: defaults and types applied, then checked. Pure; private to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

Spec = t.Mapping[str, t.Any]


def merged(name: str, load: t.Callable[[str], Spec]) -> dict[str, t.Any]:
    """The specification of that name with the options of those that its key options_from lists; its own win."""
    spec = load(name)
    options: dict[str, t.Any] = {}
    for fragment in spec.get("options_from", ()):
        options.update(merged(fragment, load)["options"])
    return {**spec, "options": {**options, **spec.get("options", {})}}


def resolve(spec: Spec, given: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
    """The values of all options of spec, and what is wrong with those that were given.

    spec: the part of an argument_specs file below argument_specs/main.
    given: the variables that are set; an empty string counts as not set, since a survey cannot leave a field out.
    """
    options = spec["options"]
    values = {name: given[name] for name in options if name in given and not _is_empty(given[name])}
    validator = ArgumentSpecValidator(
        _for_modules(options),
        mutually_exclusive=spec.get("mutually_exclusive"),
        required_together=spec.get("required_together"),
        required_one_of=spec.get("required_one_of"),
        required_if=spec.get("required_if"),
    )
    result = validator.validate(values)
    return result.validated_parameters, result.error_messages


def _is_empty(value: t.Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _for_modules(options: Spec) -> dict[str, t.Any]:
    """Options as ArgumentSpecValidator takes them: without what is for people only."""
    kept = {}
    for name, option in options.items():
        kept[name] = {key: value for key, value in option.items() if key not in ("description", "version_added")}
        if "options" in option:
            kept[name]["options"] = _for_modules(option["options"])
    return kept
