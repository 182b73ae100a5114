# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a guest."""

from __future__ import annotations

import shlex
import subprocess

from ansible_collections.dbaas.openstack.plugins.plugin_utils._ssh import connection_vars

INSTANCE = {"uid": "0123456789abcdef0123456789abcdef", "management_host": "203.0.113.9", "host_keys": ["AAAA", "BBBB"]}


def options(**kwargs: str) -> dict[str, str]:
    words = shlex.split(connection_vars(INSTANCE, user="debian", **kwargs)["ansible_ssh_common_args"])
    assert set(words[::2]) == {"-o"}
    return dict(word.split("=", 1) for word in words[1::2])


def test_only_the_instances_own_keys_are_accepted() -> None:
    told = options()
    assert told["StrictHostKeyChecking"] == "yes"
    assert told["UserKnownHostsFile"] == told["GlobalKnownHostsFile"] == "/dev/null"
    command = shlex.split(told["KnownHostsCommand"].replace("%%", "%"))
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines == [f"{told['HostKeyAlias']} ssh-ed25519 {key}" for key in ("AAAA", "BBBB")]


def test_ssh_understands_the_options() -> None:
    words = shlex.split(connection_vars(INSTANCE, user="debian", jump="me@jump:2222")["ansible_ssh_common_args"])
    told = subprocess.run(["ssh", "-G", *words, "203.0.113.9"], capture_output=True, text=True, check=True).stdout
    assert "hostkeyalias dbaas-0123456789abcdef0123456789abcdef" in told.splitlines()
    assert "proxyjump me@jump:2222" in told.splitlines()


def test_a_connection_is_never_shared_between_instances() -> None:
    other = {**INSTANCE, "uid": "f" * 32}
    paths = {connection_vars(instance, user="debian")["ansible_control_path"] for instance in (INSTANCE, other)}
    assert len(paths) == 2


def test_key_and_user() -> None:
    given = connection_vars(INSTANCE, user="admin", private_key_file="/k")
    assert (given["ansible_user"], given["ansible_ssh_private_key_file"], given["ansible_host"]) == (
        "admin",
        "/k",
        "203.0.113.9",
    )
    assert "ansible_ssh_private_key_file" not in connection_vars(INSTANCE, user="admin")
