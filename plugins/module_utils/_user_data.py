# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user data of a server: how people reach it and by which key it is known. Pure; private to the collection."""

from __future__ import annotations

import base64
import json
import typing as t


class HostKey(t.NamedTuple):
    """An ed25519 SSH host key in OpenSSH's format. public: the base64 field alone."""

    private: str
    public: str


def render(name: str, ssh_user: str, ssh_public_keys: t.Sequence[str], host_key: HostKey) -> str:
    """cloud-config for Nova, base64: one user with sudo and the given keys, the given host key, no password logins.

    The private host key is replaced at first contact (role instance), since Nova keeps user data.
    """
    config = {
        "hostname": name,
        "users": [
            {
                "name": ssh_user,
                "shell": "/bin/bash",
                "sudo": "ALL=(ALL) NOPASSWD:ALL",
                "lock_passwd": True,
                "ssh_authorized_keys": list(ssh_public_keys),
            }
        ],
        "disable_root": True,
        "ssh_pwauth": False,
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": host_key.private, "ed25519_public": f"ssh-ed25519 {host_key.public}"},
        "package_update": False,
    }
    return base64.b64encode(f"#cloud-config\n{json.dumps(config)}\n".encode()).decode()
