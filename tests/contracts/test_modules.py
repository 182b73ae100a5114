# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules: action groups, and options that hold secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.repo import files, load, modules, text

GROUPS = load(Path("meta/runtime.yml")).get("action_groups", {})
SECRET = re.compile(r"password|passphrase|secret|token|key(?!word)")


def _entries(node: ast.expr) -> dict[str, ast.expr]:
    """What a literal dictionary or ``dict(…)`` holds, by its constant keys."""
    if isinstance(node, ast.Dict):
        return {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    return {}


def secret_options_without_no_log(source: str) -> Iterator[str]:
    """Names of options in an argument specification that sound secret and say nothing about logs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.expr):
            for name, option in _entries(node).items():
                said = _entries(option)
                if SECRET.search(name) and "type" in said and "no_log" not in said:
                    yield name


@pytest.mark.parametrize("path", files("plugins/**/*.py"), ids=str)
def test_secret_options_say_no_log(path: Path) -> None:
    assert list(secret_options_without_no_log(text(path))) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("dict(password=dict(type='str'))", ["password"]),
        ("dict(password=dict(type='str', no_log=True))", []),
        ("{'api_key': {'type': 'str'}}", ["api_key"]),
        ("{'users': dict(type='list', options={'secret': {'type': 'str'}})}", ["secret"]),
        ("{'token': 'a value'}", []),
        ("{'keyword': {'type': 'str'}}", []),
    ],
)
def test_secret_options_are_found(source: str, expected: list[str]) -> None:
    assert list(secret_options_without_no_log(source)) == expected


@pytest.mark.parametrize("module", modules(), ids=str)
def test_module_is_in_one_action_group(module: Path) -> None:
    assert [group for group, names in GROUPS.items() if module.stem in names and group in ("cloud", "guest")] != []
    assert sum(names.count(module.stem) for names in GROUPS.values()) == 1


@pytest.mark.parametrize("group", ["cloud", "guest"])
def test_action_group_names_modules_only(group: str) -> None:
    assert set(GROUPS[group]) - {module.stem for module in modules()} == set()
