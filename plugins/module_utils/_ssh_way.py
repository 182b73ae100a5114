# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Would SSH get from this machine to a guest that is not made yet? Decided from facts that were gathered before. Pure; private to the collection."""

from __future__ import annotations

import ipaddress
import re
import socket
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import SSH_PORT, Problem, Spec

JUMP_TIMEOUT = 5
"""Seconds for a jump host to answer."""
_JUMP = re.compile(
    r"(?:(?P<user>[^-@,/\s][^@,/\s]*)@)?(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^-@:,/\[\]\s][^@:,/\[\]\s]*))(?::(?P<port>[0-9]{1,5}))?"
)


class Hop(t.NamedTuple):
    """Where the connection to a jump host goes. relayed: by way of another host or a command, so that it cannot be tried."""

    host: str
    port: int
    relayed: bool


def jump_arguments(jump: str) -> list[str] | None:
    """Arguments by which ssh names a jump host; None if it is none."""
    found = _JUMP.fullmatch(jump)
    if found is None:
        return None
    options = [("-l", found["user"]), ("-p", found["port"])]
    return [part for option in options if option[1] for part in option] + [found["ipv6"] or found["host"]]


def hop(configuration: str) -> Hop:
    """From what ssh tells of a host with -G: aliases and ports of the user's configuration are resolved there."""
    told = dict(line.split(" ", 1) for line in configuration.splitlines() if " " in line)
    relayed = any(told.get(key, "none") != "none" for key in ("proxyjump", "proxycommand"))
    return Hop(told["hostname"], int(told["port"]), relayed)


def not_a_jump(jump: str) -> Problem:
    msg = f"ssh_jump: {jump!r} is no jump host; right is [user@]host[:port], for example admin@bastion.example.org:22"
    return Problem("ssh_jump", jump, "invalid", msg)


def jump_problem(jump: str, tried: Hop, error: OSError) -> Problem:
    """What the failure to connect to a jump host means."""
    if isinstance(error, socket.gaierror):
        msg = f"ssh_jump: the name {tried.host} of jump host {jump!r} cannot be resolved here; right is a name or address that this machine knows"
        return Problem("ssh_jump", jump, "not_found", msg)
    msg = (
        f"ssh_jump: {tried.host} does not answer on port {tried.port} within {JUMP_TIMEOUT} s ({error});"
        " right is a host on whose SSH port this machine may connect"
    )
    return Problem("ssh_jump", jump, "timeout", msg)


def closed_problems(spec: Spec) -> list[Problem]:
    """That nobody may reach SSH."""
    if spec.management_cidrs or not guarded(spec):
        return []
    msg = (
        "management_cidrs: empty, so that nobody may reach SSH and the guest cannot be configured; right is the address from"
        " which this machine (or ssh_jump) reaches the guest, for example 203.0.113.7/32"
    )
    return [Problem("management_cidrs", [], "invalid", msg)]


def guarded(spec: Spec) -> bool:
    """Whether management_cidrs decide who reaches SSH: a port of the user's keeps its own security groups."""
    return bool(spec.management_network or not (spec.networks and spec.networks[0].port))


def address_in(target: str) -> str:
    """An address of a target, which is an address or a subnet."""
    network = ipaddress.ip_network(target)
    return str(network[min(1, network.num_addresses - 1)])


def warnings(sources: t.Mapping[str, str | None], cidrs: t.Iterable[str]) -> list[str]:
    """What probably keeps SSH from the guest. sources: by target the address from which this machine would go there; None: no route."""
    used = sorted({source for source in sources.values() if source})
    where = ", ".join(sources)
    if sources and not used:
        return [
            f"This machine has no route to {where}, where SSH will look for the guest; a route or ssh_jump is needed."
        ]
    if not used or any(_contains(cidr, source) for cidr in cidrs for source in used):
        return []
    return [
        f"This machine would go to {where}, where SSH will look for the guest, from {', '.join(used)}, which is in none of"
        f" management_cidrs ({', '.join(cidrs)}). Unless its address is translated on the way, which cannot be seen from here,"
        f" port {SSH_PORT} will not let it in; right would be {', '.join(f'{source}/{_length(source)}' for source in used)}."
    ]


def _contains(cidr: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)
    except ValueError:
        return False  # module instance tells


def _length(address: str) -> int:
    return ipaddress.ip_address(address).max_prefixlen
