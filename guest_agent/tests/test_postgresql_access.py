# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pg_hba.conf from what is declared, and back."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import Any

import pytest
from dbaas_agent.drivers.postgresql.access import Access, Rules, declared, is_closed, is_ours, rendered, with_clients
from dbaas_agent.drivers.postgresql.sql import normal_host, role_fault
from dbaas_agent.drivers.tls_rules import NONE, SSL, X509
from dbaas_agent.tls_mode import MODES, MUTUAL, OFF, PREFERRED, REQUIRED
from hypothesis import given, strategies

NAMES = strategies.text(min_size=1, max_size=20).filter(lambda name: not role_fault(name))
NETWORKS = strategies.one_of(
    strategies.ip_addresses().map(str),
    strategies.tuples(strategies.ip_addresses(v=4), strategies.integers(0, 31)).map(
        lambda pair: str(ipaddress.ip_network(pair, strict=False))
    ),
    strategies.tuples(strategies.ip_addresses(v=6), strategies.integers(0, 127)).map(
        lambda pair: str(ipaddress.ip_network(pair, strict=False))
    ),
)


def rows(content: str) -> list[dict[str, Any]]:
    """What pg_hba_file_rules shows of it."""
    found = []
    for line in content.split("\n"):
        words = _words(line)
        if words:
            kind, database, user = words[:3]
            place = "" if kind == "local" else words[3]
            network = ipaddress.ip_network(place) if "/" in place else None
            found.append(
                {
                    "type": kind,
                    "database": [database],
                    "user_name": [user],
                    "address": str(network.network_address) if network else place or None,
                    "netmask": str(network.netmask) if network else None,
                    "auth_method": words[3 if kind == "local" else 4],
                    "options": words[4 if kind == "local" else 5 :] or None,
                }
            )
    return found


def _words(line: str) -> list[str]:
    """As the server splits them: a doubled quote within quotes is one."""
    found = re.finditer(r'"((?:[^"]|"")*)"|([^ ]+)', "" if line.startswith("#") else line)
    return [word.group(2) or word.group(1).replace('""', '"') for word in found]


@given(
    strategies.sampled_from(MODES),
    strategies.dictionaries(NAMES, NETWORKS, max_size=5),
    strategies.frozensets(NAMES, max_size=5),
    strategies.booleans(),
)
def test_one_undoes_the_other(mode: str, hosts: dict[str, str], plain: frozenset[str], closed: bool) -> None:
    access = Access(mode, {name: normal_host(host) or "" for name, host in hosts.items()}, plain, closed)
    content = rendered(access)
    assert declared(rows(content)) == Access(
        mode, access.hosts, frozenset() if mode in (OFF, MUTUAL) else plain, closed
    )
    assert is_closed(content) is closed
    assert with_clients(content, not closed) == rendered(replace(access, closed=not closed))
    assert with_clients(content, closed) == content


def test_a_file() -> None:
    access = Access(
        PREFERRED, {"net": "10.0.0.0/8", 'q"': "192.0.2.1", "here": "2001:db8::/32"}, frozenset({"net", "old"})
    )
    assert rendered(access).splitlines()[1:] == [
        'local all "postgres" peer map=dbaas',
        'local replication "postgres" peer map=dbaas',
        "local all all scram-sha-256",
        'host all "postgres" all reject',
        'host replication "postgres" all reject',
        "hostssl replication all all scram-sha-256",
        'hostssl all "here" 2001:db8::/32 scram-sha-256',
        'host all "here" all reject',
        'host all "net" 10.0.0.0/8 scram-sha-256',
        'host all "net" all reject',
        'host all "old" all scram-sha-256',
        'hostssl all "q""" 192.0.2.1/32 scram-sha-256',
        'host all "q""" all reject',
        "hostssl all all all scram-sha-256",
    ]


@pytest.mark.parametrize(
    ("mode", "lines"),
    [
        (OFF, ["host all all all scram-sha-256"]),
        (PREFERRED, ['host all "old" all scram-sha-256', "hostssl all all all scram-sha-256"]),
        (
            REQUIRED,
            ["hostnossl all all all reject", 'host all "old" all scram-sha-256', "hostssl all all all scram-sha-256"],
        ),
        (MUTUAL, ["hostssl all all all scram-sha-256 clientcert=verify-ca"]),
    ],
)
def test_the_mode_says_what_everybody_brings(mode: str, lines: list[str]) -> None:
    *_others, replicas = (found := rendered(Access(mode, {}, frozenset({"old"}))).splitlines())[:7]
    assert replicas == f"{'host' if mode == OFF else 'hostssl'} replication all all scram-sha-256"
    assert found[7:] == lines


@pytest.mark.parametrize(
    ("mode", "word", "word_of_plain"),
    [(OFF, NONE, NONE), (PREFERRED, SSL, NONE), (REQUIRED, SSL, NONE), (MUTUAL, X509, X509)],
)
def test_what_a_user_has_to_bring(mode: str, word: str, word_of_plain: str) -> None:
    access = Access(mode, {}, frozenset({"old"}))
    assert (access.word("new"), access.word("old")) == (word, word_of_plain)


@pytest.mark.parametrize(
    "line",
    [
        {"user_name": ["a"], "address": "samenet", "netmask": None},
        {"user_name": ["a"], "address": "example.org", "netmask": None},
        {"user_name": ["a", "b"], "address": "all", "netmask": None},
        {"user_name": ["a"], "address": "10.0.0.0", "netmask": "255.0.0.0", "database": ["replication"]},
        {"user_name": ["a"], "address": None, "netmask": None, "type": "local"},
        {"user_name": None, "address": None, "netmask": None},
    ],
)
def test_lines_made_by_hand_say_nothing(line: dict[str, Any]) -> None:
    usual = {"type": "host", "database": ["all"], "auth_method": "scram-sha-256", "options": None}
    assert declared([{**usual, **line}]) == Access()


def test_only_those_who_are_there_count() -> None:
    access = Access(REQUIRED, {"a": "192.0.2.1", "b": "192.0.2.2"}, frozenset({"b", "c"}))
    assert access.of(["b"]) == Access(REQUIRED, {"b": "192.0.2.2"}, frozenset({"b"}))


def test_a_step_shows_the_lines_that_change() -> None:
    assert Rules("/x", "a\nb\n", "a\nc\n").shown() == "pg_hba.conf: - b; + c"
    assert Rules("/x", "a\n", "a\n").shown() == "pg_hba.conf: read again"


def test_what_initdb_wrote_is_not_ours() -> None:
    assert is_ours(rendered(Access()))
    assert not is_ours("local all all peer\n")
