# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which interface an address comes; and, where a network of one's own can be had, that it comes and is announced."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import holding
from dbaas_agent.announcement import frame
from dbaas_agent.errors import AgentError
from dbaas_agent.subproc import Completed

SHOWN: list[dict[str, Any]] = [
    {"ifname": "lo", "link_type": "loopback", "address": "00:00:00:00:00:00", "addr_info": []},
    {
        "ifname": "ens3",
        "link_type": "ether",
        "address": "fa:16:3e:00:00:01",
        "addr_info": [{"local": "10.0.0.5", "prefixlen": 24}, {"local": "fd00::5", "prefixlen": 64}],
    },
    {
        "ifname": "ens4",
        "link_type": "ether",
        "address": "fa:16:3e:00:00:02",
        "addr_info": [{"local": "10.1.0.5", "prefixlen": 24}, {"local": "10.9.0.9", "prefixlen": 32}],
    },
]


@pytest.mark.parametrize(
    ("address", "name"), [("10.0.0.9", "ens3"), ("fd00::9", "ens3"), ("10.1.0.9", "ens4"), ("10.9.0.9", "ens4")]
)
def test_the_interface_in_whose_subnet_it_lies(address: str, name: str) -> None:
    found = holding.link_of(address, holding.links(SHOWN))
    assert found is not None
    assert found.name == name


class Host:
    """``ip`` of a server. way: the interface by which it goes to all other subnets; empty: by none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        self.way = way
        self.added: list[list[str]] = []
        self.sent: list[tuple[str, bytes]] = []
        monkeypatch.setattr(holding, "run", self.run)
        monkeypatch.setattr(holding.socket, "socket", lambda *_kind: self)

    def run(self, command: list[str]) -> Completed:
        if "add" in command:
            self.added.append(command)
            return Completed(0, "", "")
        if "route" in command and not self.way:
            raise AgentError("agent", "ip: Network is unreachable")
        return Completed(0, json.dumps([{"dev": self.way}] if "route" in command else SHOWN), "")

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_fault: object) -> None:
        pass

    def bind(self, where: tuple[str, int]) -> None:
        self.device = where[0]

    def send(self, told: bytes) -> None:
        self.sent.append((self.device, told))


def test_what_is_not_there_is_put_there_and_all_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch, "ens4")
    holding.show(["10.9.0.9", "10.0.0.9", "fd00::9", "192.0.2.9"])
    assert host.added == [
        holding.placing("10.0.0.9", "ens3"),
        holding.placing("fd00::9", "ens3"),
        holding.placing("192.0.2.9", "ens4"),
    ]
    assert [device for device, _told in host.sent] == ["ens4", "ens3", "ens3", "ens4"]
    assert host.sent[1][1] == frame("10.0.0.9", bytes.fromhex("fa163e000001"))


def test_one_without_a_place_is_told_of_and_keeps_no_other_out(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch, "")
    told: list[str] = []
    monkeypatch.setattr(holding, "notify", told.append)
    monkeypatch.setattr(holding, "_pauses", lambda: iter([0.0]))
    holding.main(["192.0.2.9", "10.0.0.9"])
    assert host.added == [holding.placing("10.0.0.9", "ens3")]
    (status,) = told
    assert "192.0.2.9" in status
    assert "10.0.0.9" not in status
    holding.main(["10.0.0.9"])
    assert told[1:] == ["STATUS="]


IN_A_NETWORK = """
import json, socket, subprocess, sys
from dbaas_agent import holding
ip = lambda words: subprocess.run(["ip", *words.split()], check=True)
ip("link add here type veth peer name there")
ip("address add 10.9.0.1/24 dev here")
ip("address add fd09::1/64 dev here nodad")
ip("link set here up")
ip("address add fd10::1/128 dev here nodad")
ip("route add fd10::/64 dev here")
ip("link set there up")
ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
ear.bind(("there", 0))
ear.settimeout(10)
holding._pauses = lambda: iter([0.01, 0.01])
holding.main(["10.9.0.9", "fd09::9", "fd10::9"])
heard = []
while sum(one[12:14] == b"\\x08\\x06" for one in heard) < 2 or sum(one[54:55] == b"\\x88" for one in heard) < 2:
    heard.append(ear.recv(200))
shown = json.loads(subprocess.run(["ip", "-json", "address", "show", "dev", "here"], capture_output=True).stdout)
print(json.dumps({one["local"]: one for one in shown[0]["addr_info"]}))
"""


@pytest.mark.skipif(
    os.getuid() != 0 or not all(map(shutil.which, ("unshare", "ip"))), reason="makes a network of its own"
)
def test_in_a_network_of_its_own(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "--net", "ip", "link", "add", "here", "type", "veth"], check=False).returncode:
        pytest.skip("this machine makes no network of its own")
    source = str(Path(holding.__file__).parents[1])
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", IN_A_NETWORK],
        env={**os.environ, "PYTHONPATH": source},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert [told[one]["prefixlen"] for one in ("10.9.0.9", "fd09::9", "fd10::9")] == [32, 128, 128]
    # The server speaks from its own.
    assert told["fd09::9"]["deprecated"] is True
    assert not told["fd09::1"].get("deprecated")
