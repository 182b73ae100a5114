# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastores by data: who may know a datastore by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

from tests.contracts.repo import files, load, text

DATASTORES = sorted({path.parts[1] for path in files("templates/*/**")})
PYTHON = [path for pattern in ("plugins/**/*.py", "guest_agent/src/**/*.py") for path in files(pattern)]
YAML = [path for pattern in ("roles/**/*.yml", "playbooks/**/*.yml") for path in files(pattern)]


def _is_its_room(path: Path, datastore: str) -> bool:
    if path.parts[0] == "guest_agent":
        return any(part == datastore or Path(part).stem.startswith(datastore) for part in path.parts)
    return path == Path(f"roles/datastore/tasks/{datastore}.yml")


def named_in_python(source: str, datastore: str) -> Iterator[int]:
    """Lines where the name stands as a string of its own."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() == datastore:
            yield node.lineno


def compared_in_yaml(source: str, datastore: str) -> Iterator[int]:
    """Lines where something is compared with the name."""
    name, operator = rf"['\"]{re.escape(datastore)}['\"]", r"(==|!=|\bin\b|\bmatch\b|\bsearch\b)"
    comparison = re.compile(rf"{name}\s*{operator}|{operator}[^#]*{name}", re.IGNORECASE)
    for number, line in enumerate(source.splitlines(), 1):
        if comparison.search(line):
            yield number


@pytest.mark.parametrize("datastore", DATASTORES)
@pytest.mark.parametrize("path", PYTHON, ids=str)
def test_python_knows_no_datastore(path: Path, datastore: str) -> None:
    assert _is_its_room(path, datastore) or list(named_in_python(text(path), datastore)) == []


@pytest.mark.parametrize("datastore", DATASTORES)
@pytest.mark.parametrize("path", YAML, ids=str)
def test_yaml_compares_no_datastore(path: Path, datastore: str) -> None:
    assert _is_its_room(path, datastore) or list(compared_in_yaml(text(path), datastore)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("if datastore == 'mariadb': pass", True),
        ("DRIVERS = {'mariadb': 1}", True),
        ("match datastore:\n    case 'MariaDB': pass", True),
        ("'''For example mariadb.'''", False),
    ],
)
def test_names_in_python_are_found(source: str, found: bool) -> None:
    assert bool(list(named_in_python(source, "mariadb"))) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("when: datastore == 'mariadb'", True),
        ("when: \"'mariadb' == datastore\"", True),
        ("when: datastore in ['mysql', 'mariadb']", True),
        ("datastore: mariadb", False),
        ("description: such as 'mariadb'", False),
    ],
)
def test_comparisons_in_yaml_are_found(source: str, found: bool) -> None:
    assert bool(list(compared_in_yaml(source, "mariadb"))) == found


MEMORY = [512, 513, 640, 768, 1023, 1024, 1536, 2048, 3072, 4096, 8192, 16384, 32768, 65536, 131072, 262144]
"""MiB of guests."""


def _settings(definition: dict[str, Any], template: str, memory_mb: int) -> dict[str, str]:
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701
    variables = {"datastore": {**definition, "version": ""}, "memory_mb": memory_mb, "ansible_managed": ""}
    lines = environment.from_string(template).render(**variables).splitlines()
    return dict(line.split(" = ", 1) for line in lines if " = " in line)


CACHES = {
    "mariadb": ("innodb_buffer_pool_size", "innodb_log_buffer_size", "key_buffer_size", "aria_pagecache_buffer_size"),
    "mysql": ("innodb_buffer_pool_size", "innodb_log_buffer_size", "key_buffer_size", "temptable_max_ram"),
}


GUESTS = [
    (datastore, memory_mb)
    for datastore in CACHES
    for memory_mb in MEMORY
    if memory_mb >= load(Path(f"templates/{datastore}/datastore.yml"))["minimum"]["ram_mb"]
]


@pytest.mark.parametrize(("datastore", "memory_mb"), GUESTS)
def test_a_server_plans_with_what_others_leave(datastore: str, memory_mb: int) -> None:
    """Its caches, itself, and what the admitted connections may take all at once, fit beside kernel, agent and backup tool."""
    definition = load(Path(f"templates/{datastore}/datastore.yml"))
    sizing = definition["sizing"]
    settings = _settings(definition, text(Path(f"templates/{datastore}/config.j2")), memory_mb)
    connections = int(settings["max_connections"])
    itself = sizing.get("server_mb", 0)
    itself += sizing.get("performance_schema_mb", 0) if settings.get("performance_schema", "OFF") == "ON" else 0
    planned = (
        sum(int(settings[name].removesuffix("M")) for name in CACHES[datastore]) + connections * sizing["session_mb"]
    )
    assert planned + itself <= memory_mb - sizing["reserved_mb"]
    assert planned + itself > (memory_mb - sizing["reserved_mb"]) / 2
    assert connections >= sizing["connections_minimum"]
    assert int(settings["innodb_buffer_pool_size"].removesuffix("M")) >= sizing["buffer_pool_minimum_mb"]


@pytest.mark.parametrize("memory_mb", MEMORY)
def test_mysqls_buffer_pool_is_made_of_whole_chunks(memory_mb: int) -> None:
    """It would round it up."""
    settings = _settings(
        load(Path("templates/mysql/datastore.yml")), text(Path("templates/mysql/config.j2")), memory_mb
    )
    chunk, pool = (int(settings[f"innodb_buffer_pool_{name}size"].removesuffix("M")) for name in ("chunk_", ""))
    assert pool % (chunk * int(settings["innodb_buffer_pool_instances"])) == 0


@pytest.mark.parametrize("datastore", sorted(CACHES))
def test_the_smallest_guest_is_among_them(datastore: str) -> None:
    assert load(Path(f"templates/{datastore}/datastore.yml"))["minimum"]["ram_mb"] in MEMORY
