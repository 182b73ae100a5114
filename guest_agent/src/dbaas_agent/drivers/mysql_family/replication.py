# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a server of the family follows another one, and what it tells of that: pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.drivers.secret_values import Secret
from dbaas_agent.replication import Source, Upstream

RETRY_SECONDS = 5
"""In which a source that is gone is noticed, and after which it is tried again."""


class Words(NamedTuple):
    """How the server calls the two sides in the names of columns and options. change: the statement that takes the options; own: those that only
    this server has, among them the one by which it finds its place in the other's history."""

    source: str
    replica: str
    change: str
    own: Sequence[str]


def source(row: Mapping[str, Any], words: Words) -> Source:
    """Whom it follows."""
    faults = [str(row[name]) for name in ("Last_IO_Error", "Last_SQL_Error") if row.get(name)]
    return Source(
        host=str(row[f"{words.source}_Host"]),
        port=int(row[f"{words.source}_Port"]),
        receiving=row[f"{words.replica}_IO_Running"] == "Yes",
        applying=row[f"{words.replica}_SQL_Running"] == "Yes",
        fault="; ".join(faults),
        delay=int(row.get("SQL_Delay") or 0),
    )


def lag(row: Mapping[str, Any], words: Words) -> int | None:
    """Seconds between a write at the source and here; None while it is not known, whatever MySQL says of a source that it does not hear."""
    told, heard = row[f"Seconds_Behind_{words.source}"], row[f"{words.replica}_IO_Running"] == "Yes"
    return int(told) if heard and told is not None else None


def joined(*words: str | None) -> str:
    """Positions that stand for all of their parts."""
    return ",".join("".join(word.split()) for word in words if word)


def plan_account(name: str, password: str | None, tls: bool, there: bool) -> Plan:
    """An account by which a replica may follow this server; without a password there is to be none."""
    if password is None:
        statements = [Statement("DROP USER %s@'%%'", (name,))] if there else []
    else:
        require = "SSL" if tls else "NONE"
        login = (name, Secret(password))
        statements = [
            Statement(f"{'ALTER' if there else 'CREATE'} USER %s@'%%' IDENTIFIED BY %s REQUIRE {require}", login),
            Statement("GRANT REPLICATION SLAVE ON *.* TO %s@'%%'", (name,)),
        ]
    return Plan(statements, {"account": name if there else None}, {"account": name if password is not None else None})


def plan_follow(current: Source | None, upstream: Upstream, words: Words, begin: Sequence[Statement]) -> Plan:
    """Follow another server from now on. begin: what gives the server its place in the other's history, where it does not know it."""
    before = current.shown() if current else {}
    if upstream.is_followed(current):
        stands = current is not None and not (current.receiving and current.applying)
        return Plan([Statement(f"START {words.replica.upper()}")] if stands else [], before, before)
    prefix, values = words.source.upper(), [upstream.host]
    options = ["HOST=%s", f"PORT={upstream.port:d}", "USER=%s"]
    values.append(upstream.user)
    secrets = []
    if upstream.password is not None:
        options.append("PASSWORD=%s")
        secrets.append(Secret(upstream.password))
    options += [f"DELAY={upstream.delay:d}", f"CONNECT_RETRY={RETRY_SECONDS}", f"HEARTBEAT_PERIOD={RETRY_SECONDS}"]
    authority = [upstream.ca_file] if upstream.ca_file else []
    options += ["SSL=1", "SSL_VERIFY_SERVER_CERT=1", "SSL_CA=%s"] if authority else ["SSL=0"]
    listed = ", ".join([*(f"{prefix}_{option}" for option in options), *words.own])
    return Plan(
        [
            Statement(f"STOP {words.replica.upper()}"),
            *begin,
            Statement(f"{words.change} {listed}", (*values, *secrets, *authority)),
            Statement(f"START {words.replica.upper()}"),
        ],
        before,
        upstream.shown(),
    )


def plan_leave(current: Source | None, words: Words) -> Plan:
    """Follow nobody any more; what was received and is not applied is gone."""
    name = words.replica.upper()
    statements = [Statement(f"STOP {name}"), Statement(f"RESET {name} ALL")] if current else []
    return Plan(statements, current.shown() if current else {}, {})
