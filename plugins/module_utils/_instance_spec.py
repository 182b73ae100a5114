# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a caller asks of an instance, checked for form without asking the cloud. Pure; private to the collection.

None always means: not asked, leave as it is (or the default where the instance is made).
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _lock
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    CONFIGURATION,
    LOGS,
    NOTHING,
    PORT,
    TLS_MODE,
    Rule,
)

SSH_PORT = 22
PORTS = range(1024, 65536)
"""Ports that a datastore can serve on: it does not run as root."""
RESERVED_PREFIX = "dbaas"
TAG_LIMIT = 60
"""Characters in a tag of Nova."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]|[A-Za-z]")
_SSH_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


class Problem(t.NamedTuple):
    """One thing that is wrong with the input. reason: as in DbaasError. msg: names option, value, and what would be right."""

    option: str
    value: t.Any
    reason: str
    msg: str


@dataclasses.dataclass(frozen=True)
class NetworkWish:
    """A network by name or id, with a subnet by name or id and fixed addresses (at most one of each family); or a port of
    the user's by name or id instead of all that."""

    network: str = ""
    subnet: str | None = None
    fixed_ips: tuple[str, ...] = ()
    port: str | None = None

    @property
    def label(self) -> str:
        """What the user asked for."""
        return self.port or self.network


@dataclasses.dataclass(frozen=True)
class Spec:
    """The options of module instance in state present. Sizes of volumes: GiB; min_ram: MiB; min_disk: GiB."""

    name: str
    datastore: str | None = None
    datastore_version: str | None = None
    flavor: str | None = None
    volume_size: int | None = None
    volume_type: str | None = None
    boot_volume_size: int | None = None
    boot_volume_type: str | None = None
    networks: tuple[NetworkWish, ...] | None = None
    management_network: str | None = None
    availability_zone: str | None = None
    volume_availability_zone: str | None = None
    datastore_ports: tuple[int, ...] = ()
    port: int | None = None
    tls_mode: str | None = None
    configuration: str | None = None
    logs: frozenset[str] | None = None
    allowed_cidrs: tuple[str, ...] | None = None
    management_cidrs: tuple[str, ...] | None = None
    is_public: bool | None = None
    floating_network: str | None = None
    tags: frozenset[str] | None = None
    metadata: t.Mapping[str, str] | None = None
    deletion_protection: bool | None = None
    locality: str | None = None
    server_group: str | None = None
    replica_locality: str | None = None
    volume_id: str | None = None
    volume_snapshot: str | None = None
    recreate: bool = False
    ssh_user: str = "debian"
    ssh_public_keys: tuple[str, ...] = ()
    min_ram: int = 0
    min_volume_size: int = 1

    def database_rules(self, own_port: int | None) -> frozenset[Rule] | None:
        """The ingress rules for clients; None: not asked. own_port: the instance's, instead of the first of the datastore's."""
        ports = self.datastore_ports
        return _rules(self.allowed_cidrs, (own_port, *ports[1:]) if own_port and ports else ports)

    def settings(self) -> dict[str, str]:
        """What the data volume is to keep of what is asked."""
        logs = None if self.logs is None else ",".join(sorted(self.logs)) or NOTHING
        asked = {PORT: self.port, TLS_MODE: self.tls_mode, CONFIGURATION: self.configuration, LOGS: logs}
        return {key: str(value) for key, value in asked.items() if value is not None}

    def management_rules(self) -> frozenset[Rule] | None:
        """The ingress rules for SSH; None: not asked."""
        return _rules(self.management_cidrs, (SSH_PORT,))


def _rules(cidrs: tuple[str, ...] | None, ports: tuple[int, ...]) -> frozenset[Rule] | None:
    if cidrs is None:
        return None
    return frozenset(
        Rule(f"IPv{ipaddress.ip_network(cidr).version}", port, str(ipaddress.ip_network(cidr)))
        for cidr in cidrs
        for port in ports
    )


def problems_of_form(spec: Spec) -> list[Problem]:
    """Everything that is wrong with the options by themselves."""
    problems = name_problems(spec.name)
    for option in ("allowed_cidrs", "management_cidrs"):
        problems += [p for cidr in getattr(spec, option) or () for p in _cidr_problems(option, cidr)]
    for wish in spec.networks or ():
        problems += [p for address in wish.fixed_ips for p in _address_problems(address)]
        families = [_version(address) for address in wish.fixed_ips]
        if len(set(families)) < len(families):
            msg = (
                f"networks: {wish.label} asks for several fixed addresses of one family; at most one IPv4 and one IPv6"
            )
            problems.append(Problem("networks", list(wish.fixed_ips), "invalid", msg))
    if spec.networks is not None and not spec.networks:
        problems.append(Problem("networks", [], "invalid", "networks: at least one network is needed"))
    problems += _size_problems(spec) + _port_problems(spec) + _log_problems(spec)
    for key in spec.metadata or ():
        if key.startswith(RESERVED_PREFIX):
            msg = f"metadata: keys that begin with {RESERVED_PREFIX!r} are kept for this collection, not {key!r}"
            problems.append(Problem("metadata", key, "invalid", msg))
    for tag in spec.tags or ():
        if tag.startswith(RESERVED_PREFIX) or not 1 <= len(tag) <= TAG_LIMIT or "/" in tag or "," in tag:
            msg = f"tags: {tag!r} is none: 1 to 60 characters without '/' and ',' that do not begin with {RESERVED_PREFIX!r}"
            problems.append(Problem("tags", tag, "invalid", msg))
    if not _SSH_USER.fullmatch(spec.ssh_user) or spec.ssh_user == "root":
        msg = f"ssh_user: {spec.ssh_user!r} is no name of an ordinary user"
        problems.append(Problem("ssh_user", spec.ssh_user, "invalid", msg))
    return problems


def name_problems(name: str, option: str = "name") -> list[Problem]:
    """What is wrong with the name of an instance: it becomes a host name, so it follows the rules of one label."""
    if _NAME.fullmatch(name):
        return []
    msg = f"{option}: {name!r} is none: 1 to 63 letters, digits and '-', first a letter, last a letter or digit"
    return [Problem(option, name, "invalid", msg)]


def operation_problems(operation: str | None) -> list[Problem]:
    """What is wrong with the name of an operation; None: none is given."""
    if operation is None or _lock.OPERATION.fullmatch(operation):
        return []
    msg = f"operation: {operation!r} is none: 1 to 21 small letters, digits and underscores"
    return [Problem("operation", operation, "invalid", msg)]


def _log_problems(spec: Spec) -> list[Problem]:
    return [
        Problem("logs", name, "invalid", f"logs: {name!r} is no name of a log: small letters, digits and '_'")
        for name in sorted(spec.logs or ())
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) or name == NOTHING
    ]


def _size_problems(spec: Spec) -> list[Problem]:
    problems = []
    if spec.volume_size is not None and spec.volume_size < spec.min_volume_size:
        msg = f"volume_size: {spec.volume_size} GiB is too small, {spec.datastore or 'the datastore'} needs {spec.min_volume_size}"
        problems.append(Problem("volume_size", spec.volume_size, "invalid", msg))
    if spec.boot_volume_size is not None and spec.boot_volume_size < 1:
        msg = f"boot_volume_size: {spec.boot_volume_size} is no size; a whole number of GiB, at least 1"
        problems.append(Problem("boot_volume_size", spec.boot_volume_size, "invalid", msg))
    if spec.boot_volume_type and spec.boot_volume_size is None:
        msg = "boot_volume_type: needs boot_volume_size, else the server boots from its own disk"
        problems.append(Problem("boot_volume_type", spec.boot_volume_type, "invalid", msg))
    return problems


def _port_problems(spec: Spec) -> list[Problem]:
    problems = []
    if spec.port is not None and spec.port not in PORTS:
        msg = f"port: {spec.port} is none for a datastore; {PORTS.start} to {PORTS.stop - 1} are"
        problems.append(Problem("port", spec.port, "invalid", msg))
    if spec.allowed_cidrs and not spec.datastore_ports:
        msg = "allowed_cidrs: datastore_ports is needed with it, the ports that are opened"
        problems.append(Problem("allowed_cidrs", list(spec.allowed_cidrs), "invalid", msg))
    return problems


def _cidr_problems(option: str, cidr: str) -> list[Problem]:
    try:
        ipaddress.ip_network(cidr)
    except ValueError as error:
        return [
            Problem(option, cidr, "invalid", f"{option}: {error}; right is for example 192.0.2.0/24 or 2001:db8::/64")
        ]
    return []


def _address_problems(address: str) -> list[Problem]:
    if _version(address):
        return []
    msg = f"networks: fixed address {address!r} is none; right is for example 192.0.2.10 or 2001:db8::10"
    return [Problem("networks", address, "invalid", msg)]


def _version(address: str) -> int:
    try:
        return ipaddress.ip_address(address).version
    except ValueError:
        return 0


def refuse(problems: list[Problem]) -> None:
    """Raise one error that lists all problems; do nothing without one."""
    if not problems:
        return
    raise DbaasError(
        problems[0].reason,
        "; ".join(problem.msg for problem in problems),
        problems=[problem._asdict() for problem in problems],
    )
