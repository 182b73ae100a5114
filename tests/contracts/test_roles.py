# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: what each must have, and that argument_specs and defaults say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contracts.repo import ROOT, load, roles

COMPUTED = "{{"


def _options(role: Path) -> dict[str, dict[str, Any]]:
    entry_points = load(role / "meta/argument_specs.yml").get("argument_specs", {})
    return {name: option for entry in entry_points.values() for name, option in entry.get("options", {}).items()}


def disagreements(options: dict[str, dict[str, Any]], defaults: dict[str, Any]) -> set[str]:
    """Names of variables on which options and defaults disagree.

    A literal default stands in both; a computed one (a template) in defaults only.
    """
    literal = {name: value for name, value in defaults.items() if COMPUTED not in str(value)}
    declared = {name: option["default"] for name, option in options.items() if "default" in option}
    differing = {
        name
        for name in literal | declared
        if (literal.get(name), name in literal) != (declared.get(name), name in declared)
    }
    return differing | (defaults.keys() - options.keys())


@pytest.mark.parametrize("role", roles(), ids=str)
@pytest.mark.parametrize("name", ["README.md", "meta/main.yml", "meta/argument_specs.yml"])
def test_role_has(role: Path, name: str) -> None:
    assert (ROOT / role / name).is_file()


@pytest.mark.parametrize("role", roles(), ids=str)
def test_every_entry_point_is_specified(role: Path) -> None:
    specified = load(role / "meta/argument_specs.yml").get("argument_specs", {})
    assert specified
    assert all((ROOT / role / f"tasks/{entry}.yml").is_file() for entry in specified)


@pytest.mark.parametrize("role", roles(), ids=str)
def test_argument_specs_agree_with_defaults(role: Path) -> None:
    assert disagreements(_options(role), load(role / "defaults/main.yml")) == set()


@pytest.mark.parametrize("role", roles(), ids=str)
def test_variables_carry_the_roles_name(role: Path) -> None:
    names = _options(role).keys() | load(role / "defaults/main.yml").keys()
    assert {name for name in names if not name.startswith(f"{role.name}_")} == set()


@pytest.mark.parametrize(
    ("options", "defaults", "expected"),
    [
        ({"a": {"default": 1}}, {"a": 1}, set()),
        ({"a": {"default": 1}}, {"a": 2}, {"a"}),
        ({"a": {"default": 1}}, {}, {"a"}),
        ({"a": {}}, {"a": 1}, {"a"}),
        ({"a": {}}, {"a": "{{ b }}"}, set()),
        ({"a": {"default": None}}, {}, {"a"}),
        ({}, {"a": "{{ b }}"}, {"a"}),
    ],
)
def test_disagreements(options: dict[str, Any], defaults: dict[str, Any], expected: set[str]) -> None:
    assert disagreements(options, defaults) == expected
