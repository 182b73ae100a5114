# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: what each must have, and that argument_specs and defaults say the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.repo import ROOT, files, load, roles

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


@pytest.mark.parametrize("entry", ["in_guest", "look"])
def test_every_work_in_a_guest_is_specified(entry: str) -> None:
    role = ROOT / "roles/instance"
    told = {path.stem for path in (role / f"tasks/{entry}").glob("*.yml")}
    specified = load(role / "meta/argument_specs.yml")["argument_specs"][entry]
    assert told == set(specified["options"]["instance_work"]["choices"])


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


TASKS = [path for pattern in ("roles/*/tasks/**/*.yml", "playbooks/**/*.yml") for path in files(pattern)]
PARTS = ("tasks", "block", "rescue", "always")


def includes(task: dict[str, Any]) -> bool:
    """Whether a task, or one of its block, includes others."""
    inner = [part for name in PARTS for part in task.get(name) or []]
    return any(name.startswith("ansible.builtin.include_") for name in task) or any(map(includes, inner))


def conditions_that_reach_too_far(entries: Any) -> Iterator[str]:
    """Blocks with a condition in which something is included: each included task judges it again, by what was changed meanwhile."""
    for entry in entries if isinstance(entries, list) else []:
        if "block" in entry and "when" in entry and includes(entry):
            yield entry.get("name", "a block")
        for name in PARTS:
            yield from conditions_that_reach_too_far(entry.get(name))


@pytest.mark.parametrize("path", TASKS, ids=str)
def test_no_condition_reaches_into_what_is_included(path: Path) -> None:
    assert list(conditions_that_reach_too_far(load(path))) == []


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ([{"ansible.builtin.include_tasks": "a.yml"}], True),
        ([{"block": [{"ansible.builtin.include_role": {"name": "a"}}]}], True),
        ([{"ansible.builtin.set_fact": {"a": 1}}], False),
    ],
)
def test_conditions_that_reach_too_far_are_found(block: list[Any], found: bool) -> None:
    play = [{"tasks": [{"name": "b", "when": "a", "block": block}]}]
    assert bool(list(conditions_that_reach_too_far(play))) == found
