# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Ansible connects to the guest of an instance. Pure; private to the collection."""

from __future__ import annotations

import shlex
import typing as t


def connection_vars(
    instance: t.Mapping[str, t.Any], *, user: str, private_key_file: str = "", jump: str = ""
) -> dict[str, t.Any]:
    """Variables of a host: its management address, and SSH options by which only the instance's own host keys are accepted.

    instance: as module instance_info returns it. jump: [user@]host[:port] of a jump host, "" for none.
    The keys are told to ssh by KnownHostsCommand (OpenSSH 8.5 and later) under an alias made of the uid: no file, and
    an address that another server had before does no harm. The same holds for the path of the shared connection.
    """
    alias = f"dbaas-{instance['uid']}"
    pairs = " ".join(f"{alias} {key}" for key in instance["host_keys"])
    options = {
        "HostKeyAlias": alias,
        "HostKeyAlgorithms": "ssh-ed25519",
        "KnownHostsCommand": f'/usr/bin/printf "%%s ssh-ed25519 %%s\\n" {pairs}',
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": "/dev/null",
        "GlobalKnownHostsFile": "/dev/null",
        "ServerAliveInterval": "15",
        **({"ProxyJump": jump} if jump else {}),
    }
    return {
        "ansible_host": instance["management_host"],
        "ansible_user": user,
        "ansible_ssh_common_args": shlex.join(part for item in options.items() for part in ("-o", "=".join(item))),
        "ansible_control_path": f"%(directory)s/{instance['uid'][:16]}",
        "ansible_ssh_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
        **({"ansible_ssh_private_key_file": private_key_file} if private_key_file else {}),
    }
