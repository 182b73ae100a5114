# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: licence headers, empty ignore files, and dependencies that say the same everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import ansible_collections
import pytest

from tests.contracts.repo import files, load, text

HEADER = [
    "# Copyright: (c) 2026, The dbaas.openstack authors",
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
]
HEADER_WITHIN = 6
DEPENDENCIES = load(Path("galaxy.yml"))["dependencies"]
OWN = {"ansible.builtin", "dbaas.openstack"}


@pytest.mark.parametrize("path", [path for path in files("**/*.py") if text(path)], ids=str)
def test_python_file_has_the_licence_header(path: Path) -> None:
    assert [line for line in text(path).splitlines()[:HEADER_WITHIN] if line in HEADER] == HEADER


@pytest.mark.parametrize("path", files("tests/sanity/ignore-*.txt"), ids=str)
def test_nothing_is_ignored(path: Path) -> None:
    assert text(path) == ""


def test_requirements_are_the_dependencies() -> None:
    required = load(Path("requirements.yml"))["collections"]
    assert {one["name"]: one["version"] for one in required} == DEPENDENCIES


def test_dependencies_are_what_is_used() -> None:
    installed = {
        f"{path.parent.name}.{path.name}" for base in ansible_collections.__path__ for path in Path(base).glob("*/*")
    }
    sources = [path for room in ("plugins", "roles", "playbooks") for path in files(f"{room}/**")]
    words = {
        ".".join(word) for path in sources for word in re.findall(r"\b([a-z_]+)\.([a-z_]+)\.[a-z_]+\b", text(path))
    }
    assert (words & installed) - OWN == set(DEPENDENCIES)
