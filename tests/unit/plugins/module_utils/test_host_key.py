# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new SSH host key is one that ssh takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.dbaas.openstack.plugins.module_utils._host_key import new_host_key


def test_the_public_half_belongs_to_the_private_one(tmp_path: Path) -> None:
    key = new_host_key()
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(key.private)
    told = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(file)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert told[:2] == ["ssh-ed25519", key.public]
    assert new_host_key().public != key.public
