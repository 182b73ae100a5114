# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that maps Trove's cases to tests names tests that are there."""

from __future__ import annotations

import re

import pytest

from tests.contracts.repo import ROOT

CASES = (ROOT / "docs/reference/trove-cases.md").read_text(encoding="utf-8")
FOLDERS = ("", "tests/e2e", "guest_agent/tests", "tests/unit/plugins/module_utils", "extensions/molecule/datastore")
TESTS = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("tests", "guest_agent/tests")
    for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]+\.(?:py|yml))`", CASES))))
def test_a_file_is_there(name: str) -> None:
    assert [folder for folder in FOLDERS if (ROOT / folder / name).is_file()]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", CASES))))
def test_a_test_is_there(name: str) -> None:
    assert f"def {name}(" in TESTS
