# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWX project: a wrapper for each playbook that a user runs, and nothing else in it."""

from __future__ import annotations

import pytest

from tests.contracts.repo import files, load

LOCAL = {"devcloud_create", "devcloud_delete", "guest_image_build"}
"""They work on the machine that they run on, which in AWX is a short-lived container."""
PLAYBOOKS = {path.stem for path in files("playbooks/*.yml")} - LOCAL
WRAPPERS = {path.stem: path for path in files("awx/*.yml")}


@pytest.mark.parametrize("name", sorted(PLAYBOOKS | WRAPPERS.keys()))
def test_wrapper_and_playbook_belong_together(name: str) -> None:
    assert name in PLAYBOOKS
    (play,) = load(WRAPPERS[name])
    assert play["ansible.builtin.import_playbook"] == f"dbaas.openstack.{name}"
