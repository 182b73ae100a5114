# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that systemd demands."""

from __future__ import annotations

import subprocess

import pytest
from dbaas_agent.systemd import mount_unit_name


@pytest.mark.parametrize(
    "path", ["/var/lib/dbaas", "/srv/db-1/data_2", "/a.b/.hidden", "/.dot", "/data-é", "/a b", "/with:colon@at"]
)
def test_mount_unit_name_is_what_systemd_escape_says(path: str) -> None:
    said = subprocess.run(
        ["systemd-escape", "--path", "--suffix=mount", path], check=True, capture_output=True, text=True, timeout=10
    )
    assert mount_unit_name(path) == said.stdout.strip()
