# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server over which SSH comes to instances that have no floating address."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud

from tests.e2e.datastores import TESTED
from tests.e2e.guests import CIDRS
from tests.e2e.modules import ENVIRONMENT
from tests.e2e.networks import EXTERNAL

USER = "debian"
BOOT_SECONDS = 300
KNOWN = Path("~/.ssh/known_hosts").expanduser()


@contextlib.contextmanager
def jump_host(cloud: Any, network: Any, key: Path) -> Iterator[str]:
    """One in that network, to which a way leads from outside, as user@host: SSH's own configuration and agent know of it meanwhile."""
    name = f"e2e-{secrets.token_hex(3)}"
    image = _images_cloud.find_version(cloud, TESTED.name)
    group = cloud.network.create_security_group(name=name)
    server = address = None
    try:
        for cidr in CIDRS:
            rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "remote_ip_prefix": cidr}
            cloud.network.create_security_group_rule(
                security_group_id=group.id, port_range_min=22, port_range_max=22, **rule
            )
        told = f"#cloud-config\n{json.dumps({'ssh_authorized_keys': [Path(f'{key}.pub').read_text().strip()]})}\n"
        server = cloud.compute.create_server(
            name=name,
            image_id=image["id"],
            flavor_id=cloud.compute.find_flavor("m1.tiny").id,
            networks=[{"uuid": network.id}],
            security_groups=[{"name": name}],
            user_data=base64.b64encode(told.encode()).decode(),
        )
        cloud.compute.wait_for_server(server, wait=BOOT_SECONDS)
        (port,) = cloud.network.ports(device_id=server.id)
        external = cloud.network.find_network(EXTERNAL)
        address = cloud.network.create_ip(floating_network_id=external.id, port_id=port.id)
        with _known(address.floating_ip_address), _agent(key):
            yield f"{USER}@{address.floating_ip_address}"
    finally:
        if address:
            cloud.network.delete_ip(address)
        if server:
            cloud.compute.delete_server(server)
            cloud.compute.wait_for_delete(server, wait=BOOT_SECONDS)
        cloud.network.delete_security_group(group)


@contextlib.contextmanager
def _known(host: str) -> Iterator[None]:
    """Its key is known as soon as it tells it."""
    deadline = time.monotonic() + BOOT_SECONDS
    while not (told := _asked(host)):
        assert time.monotonic() < deadline, f"{host} tells no key"
        time.sleep(2)
    KNOWN.parent.mkdir(mode=0o700, exist_ok=True)
    before = KNOWN.read_text() if KNOWN.exists() else None
    KNOWN.write_text(f"{before or ''}{told}")
    try:
        yield
    finally:
        if before is None:
            KNOWN.unlink()
        else:
            KNOWN.write_text(before)


def _asked(host: str) -> str:
    command = ["ssh-keyscan", "-T", "10", "-t", "ed25519", host]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60).stdout


@contextlib.contextmanager
def _agent(key: Path) -> Iterator[None]:
    """What SSH asks for the key: a jump host is not told which one the instance takes."""
    socket = key.with_name("agent")
    environments = (os.environ, ENVIRONMENT)
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as agent:
        try:
            deadline = time.monotonic() + 10
            while not socket.exists():
                assert time.monotonic() < deadline, "ssh-agent makes no socket"
                time.sleep(0.05)
            for environment in environments:
                environment["SSH_AUTH_SOCK"] = str(socket)
            subprocess.run(["ssh-add", "-q", str(key)], check=True, timeout=30)
            yield
        finally:
            for environment in environments:
                environment.pop("SSH_AUTH_SOCK", None)
            agent.terminate()
