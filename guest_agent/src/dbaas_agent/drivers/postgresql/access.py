# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pg_hba.conf, made as a whole from what is declared, and read back from what the server makes of it: pure functions."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas_agent.drivers import tls_rules
from dbaas_agent.drivers.postgresql.sql import ANYWHERE, SUPERUSER
from dbaas_agent.tls_mode import MUTUAL, OFF, PREFERRED, REQUIRED

IDENT = f"# By the dbaas agent, which runs as root.\ndbaas root {SUPERUSER}\ndbaas {SUPERUSER} {SUPERUSER}\n"
"""The content of pg_ident.conf."""
_HEADER = "# By the dbaas agent, from the users that are declared; what is changed by hand is lost."
_SCRAM = "scram-sha-256"
_CLOSED = "host all all all reject"
_CERTIFICATE = "clientcert=verify-ca"


@dataclass(frozen=True)
class Access:
    """Who may come from where and how.

    hosts: of each user who may not come from everywhere; plain: users who need no TLS, while the mode does not decide. closed: nobody may, but replicas.
    """

    mode: str = PREFERRED
    hosts: Mapping[str, str] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()
    closed: bool = False

    def host(self, user: str) -> str:
        return self.hosts.get(user, ANYWHERE)

    def word(self, user: str) -> str:
        """What is required of the user: a word of tls_rules. While TLS is required of all, what the user itself needs."""
        if self.mode == OFF:
            return tls_rules.NONE
        if self.mode == MUTUAL:
            return tls_rules.X509
        return tls_rules.NONE if user in self.plain else tls_rules.SSL

    def of(self, users: Iterable[str]) -> Access:
        """What of it is about these users."""
        kept = set(users)
        hosts = {user: host for user, host in self.hosts.items() if user in kept}
        return Access(self.mode, hosts, self.plain & kept, self.closed)


@dataclass(frozen=True)
class Rules:
    """A step that replaces the file, unless its content is the same, and has the server read it.

    Sessions that are there go on, also those that could not begin any more.
    """

    path: str
    before: str
    content: str

    def shown(self) -> str:
        """The lines that go and come, or that the file is read."""
        before, after = self.before.split("\n"), self.content.split("\n")
        gone = [f"- {line}" for line in before if line not in after]
        come = [f"+ {line}" for line in after if line not in before]
        return f"pg_hba.conf: {'; '.join([*gone, *come]) or 'read again'}"


def rendered(access: Access) -> str:
    """The file. Who is named in none of the lines for users comes from everywhere, by TLS, unless the mode says otherwise."""
    lines = [_HEADER, *(f"local {what} {_quoted(SUPERUSER)} peer map=dbaas" for what in ("all", "replication"))]
    lines.append(f"local all all {_SCRAM}")
    lines += [f"host {what} {_quoted(SUPERUSER)} all reject" for what in ("all", "replication")]
    # Replicas come with a role that is for that alone.
    lines.append(f"{'host' if access.mode == OFF else 'hostssl'} replication all all {_SCRAM}")
    if access.closed:
        lines.append(_CLOSED)
    if access.mode == REQUIRED:
        lines.append("hostnossl all all all reject")
    for user in sorted({*access.hosts, *access.plain}):
        kind, method = _way(access, access.word(user))
        host = access.host(user)
        if host == ANYWHERE:
            if not _decides(access.mode):
                lines.append(f"{kind} all {_quoted(user)} all {method}")
            continue
        lines.append(f"{kind} all {_quoted(user)} {_network(host)} {method}")
        lines.append(f"host all {_quoted(user)} all reject")
    kind, method = _way(access, tls_rules.NONE if access.mode == OFF else tls_rules.SSL)
    lines.append(f"{kind} all all all {method}")
    return "\n".join(lines) + "\n"


def is_closed(content: str) -> bool:
    """Whether the file lets replicas in and nobody else."""
    return _CLOSED in content.split("\n")


def with_clients(content: str, closed: bool) -> str:
    """The file that rendered() made, closed or not."""
    lines = [line for line in content.split("\n") if line != _CLOSED]
    if closed:
        replicas = next(place for place, line in enumerate(lines) if line.split()[1:4] == ["replication", "all", "all"])
        lines.insert(replicas + 1, _CLOSED)
    return "\n".join(lines)


def is_ours(content: str) -> bool:
    """Whether rendered() made the file."""
    return content.startswith(_HEADER)


def _decides(mode: str) -> bool:
    return mode in (OFF, MUTUAL)


def _way(access: Access, word: str) -> tuple[str, str]:
    """The kind of line, and the method with its options."""
    method = f"{_SCRAM} {_CERTIFICATE}" if access.mode == MUTUAL else _SCRAM
    return ("host" if word == tls_rules.NONE else "hostssl"), method


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _network(host: str) -> str:
    return str(ipaddress.ip_network(host))


def declared(rows: Iterable[Mapping[str, Any]]) -> Access:
    """What the file declares, from the rows of pg_hba_file_rules: type, database, user_name, address, netmask,
    auth_method, options.

    Lines that rendered() does not write say nothing.
    """
    mode, hosts, plain, closed = PREFERRED, {}, set(), False
    for row in rows:
        if not _may_be_ours(row):
            continue
        (user,) = row["user_name"]
        if row["auth_method"] == "reject":
            mode = REQUIRED if (row["type"], user) == ("hostnossl", "all") else mode
            closed = closed or (row["type"], user) == ("host", "all")
        elif user == "all":
            mode = _mode(row, mode)
        else:
            if row["type"] == "host":
                plain.add(user)
            if row["address"] != "all":
                hosts[user] = _host(row["address"], row["netmask"])
    return Access(mode, hosts, frozenset() if _decides(mode) else frozenset(plain), closed)


def _may_be_ours(row: Mapping[str, Any]) -> bool:
    """Whether it is for all databases, for one user, and for a network."""
    place = row["address"] == "all" or row["netmask"] is not None
    return place and row["database"] == ["all"] and len(row["user_name"] or ()) == 1


def _mode(row: Mapping[str, Any], mode: str) -> str:
    """By the line for everybody."""
    if row["type"] == "host":
        return OFF
    return MUTUAL if _CERTIFICATE in (row["options"] or ()) else mode


def _host(address: str, mask: str) -> str:
    bits = bin(int(ipaddress.ip_address(mask))).count("1")
    network = ipaddress.ip_network(f"{address}/{bits}")
    return str(network.network_address) if network.num_addresses == 1 else str(network)
