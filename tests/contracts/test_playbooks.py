# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks: each has its argument specification, and no specification is left over."""

from __future__ import annotations

import pytest

from tests.contracts.repo import files, load

PLAYBOOKS = {path.stem: path for path in files("playbooks/*.yml")}
SPECIFICATIONS = {path.stem: path for path in files("playbooks/argument_specs/*.yml")}


@pytest.mark.parametrize("name", sorted(PLAYBOOKS | SPECIFICATIONS))
def test_playbook_and_argument_specification_belong_together(name: str) -> None:
    assert name in PLAYBOOKS
    assert name in SPECIFICATIONS
    assert isinstance(load(SPECIFICATIONS[name]), dict)
