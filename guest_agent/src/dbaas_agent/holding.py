# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of a unit whose addresses a server has as long as the unit runs: it puts them on an interface, and announces them again and again."""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from dbaas_agent.announcement import frame
from dbaas_agent.errors import AgentError
from dbaas_agent.jsonlog import log
from dbaas_agent.notify import notify
from dbaas_agent.subproc import run

PAUSES = (1.0,) * 30, 15.0
"""Seconds between two announcements: while switches, routers and the cloud's own filters learn of it, and from then on."""


@dataclass(frozen=True)
class Link:
    """An Ethernet interface. own: its addresses with their subnets."""

    name: str
    hardware: bytes
    own: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]


def links(told: Iterable[dict[str, Any]]) -> list[Link]:
    """Of what ``ip -json address show`` tells."""
    return [
        Link(
            one["ifname"],
            bytes.fromhex(one["address"].replace(":", "")),
            tuple(ipaddress.ip_interface(f"{has['local']}/{has['prefixlen']}") for has in one["addr_info"]),
        )
        for one in told
        if one.get("link_type") == "ether"
    ]


def link_of(address: str, there: Sequence[Link]) -> Link | None:
    """The one that has the address, or in whose subnet it lies."""
    wanted = ipaddress.ip_address(address)
    return next((one for one in there if any(wanted in has.network for has in one.own)), None)


def placing(address: str, device: str) -> list[str]:
    """The command that puts it there. An address of IPv6 is not to be the one from which the server itself speaks."""
    version = ipaddress.ip_address(address).version
    more = [] if version == 4 else ["nodad", "noprefixroute", "preferred_lft", "0"]
    return ["ip", "address", "add", f"{address}/{32 if version == 4 else 128}", "dev", device, *more]


def main(addresses: Sequence[str]) -> int:
    """Does not return: who takes the addresses away is the unit, when this process has ended."""
    for pause in _pauses():
        notify(f"STATUS={'; '.join(show(addresses))}")
        time.sleep(pause)
    return 0


def _pauses() -> Iterator[float]:
    first, then = PAUSES
    return chain(first, repeat(then))


def show(addresses: Sequence[str]) -> list[str]:
    """Put those that are not there on their interfaces, and announce all; why some have no place, which may come later."""
    there = links(_ask("ip", "-json", "address", "show"))
    faults = []
    for address in addresses:
        link = link_of(address, there) or _way_out(address, there)
        if link is None:
            faults.append(f"no interface is in the subnet of {address}, and none leads out of it")
            continue
        if not any(str(has.ip) == address for has in link.own):
            run(placing(address, link.name))
            log("address_placed", address=address, device=link.name)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind((link.name, 0))
            out.send(frame(address, link.hardware))
    return faults


def _way_out(address: str, there: Sequence[Link]) -> Link | None:
    """The interface by which the server would go to it: with DHCPv6 its own address tells of no subnet, and there may be several default routes."""
    try:
        names = {route.get("dev") for route in _ask("ip", "-json", "route", "get", address)}
    except AgentError:
        return None
    return next((one for one in there if one.name in names), None)


def _ask(*command: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(run(command).out or "[]")
    return told
