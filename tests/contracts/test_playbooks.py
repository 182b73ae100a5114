# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks: each has its argument specification, and no specification is left over; their names are those of operations."""

from __future__ import annotations

import re

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._lock import OPERATION

from tests.contracts.repo import files, load

PLAYBOOKS = {path.stem: path for path in files("playbooks/*.yml")}
SPECIFICATIONS = {path.stem: path for path in files("playbooks/argument_specs/*.yml")}


@pytest.mark.parametrize("name", sorted(PLAYBOOKS | SPECIFICATIONS))
def test_playbook_and_argument_specification_belong_together(name: str) -> None:
    assert name in PLAYBOOKS
    assert name in SPECIFICATIONS
    assert isinstance(load(SPECIFICATIONS[name]), dict)


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
def test_a_lock_can_have_the_name_of_a_playbook(name: str) -> None:
    assert OPERATION.fullmatch(name)


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
def test_no_playbook_asks_whether_a_variable_of_its_own_is_defined(name: str) -> None:
    """All that its specification names are: without a value they are none."""
    assert re.findall(r"dbaas_args\.\w+ is (?:not )?defined", PLAYBOOKS[name].read_text()) == []
