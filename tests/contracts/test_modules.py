# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules: action groups, and options that hold secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts.repo import files, load, modules, text

GROUPS = load(Path("meta/runtime.yml")).get("action_groups", {})
FRAGMENTS = {"cloud": "openstack.cloud.openstack", "guest": "dbaas.openstack.guest"}
PROTOCOL = "_agent_protocol.py"  # what goes over the socket, not what a module logs
TYPES = {"bits", "bool", "bytes", "dict", "float", "int", "json", "jsonarg", "list", "path", "raw", "str"}
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
                kind = said.get("type")
                if (
                    isinstance(kind, ast.Constant)
                    and kind.value in TYPES
                    and SECRET.search(name)
                    and "no_log" not in said
                ):
                    yield name


@pytest.mark.parametrize("path", [path for path in files("plugins/**/*.py") if path.name != PROTOCOL], ids=str)
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
        ("{'token': {'type': 'string'}}", []),
        ("{'keyword': {'type': 'str'}}", []),
    ],
)
def test_secret_options_are_found(source: str, expected: list[str]) -> None:
    assert list(secret_options_without_no_log(source)) == expected


def _documentation(module: Path) -> dict[str, Any]:
    for node in ast.parse(text(module)).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            (target,) = node.targets
            if isinstance(target, ast.Name) and target.id == "DOCUMENTATION":
                return dict(yaml.safe_load(str(node.value.value)))
    raise AssertionError(f"{module} has no DOCUMENTATION")


@pytest.mark.parametrize("module", modules(), ids=str)
def test_module_documents_itself(module: Path) -> None:
    assert _documentation(module)["module"] == module.stem


@pytest.mark.parametrize(("group", "fragment"), FRAGMENTS.items())
def test_action_group_is_the_modules_that_share_its_options(group: str, fragment: str) -> None:
    sharing = {
        module.stem for module in modules() if fragment in _documentation(module)["extends_documentation_fragment"]
    }
    assert sorted(GROUPS[group]) == sorted(sharing)
