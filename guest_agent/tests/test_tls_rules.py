# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What accounts require by TLS mode, and how a server comes from one mode to another."""

from __future__ import annotations

from typing import Any

import pytest
from dbaas_agent import schema
from dbaas_agent.drivers.mariadb.accounts import requirement
from dbaas_agent.drivers.mysql_family.tls import plan_mode
from dbaas_agent.drivers.tls_rules import CIPHER, NONE, SSL, SUBJECT, X509
from dbaas_agent.tls_mode import MODES, MUTUAL, OFF, PREFERRED, REQUIRED, Policy, Who
from hypothesis import given, strategies

A, B, C, ROOT = ("a", "%"), ("b", "10.%"), ("c", "%"), ("root", "localhost")
ACCOUNTS = {A: SSL, B: NONE, C: SUBJECT, ROOT: NONE}
ON, OFF_AGAIN = "SET GLOBAL require_secure_transport = ON", "SET GLOBAL require_secure_transport = OFF"


def test_the_schema_knows_the_modes() -> None:
    assert schema.VERBS["datastore_initialise"]["args"]["tls_mode"]["choices"] == list(MODES)


@pytest.mark.parametrize(
    ("stored", "word"),
    [
        ({}, NONE),
        ({"ssl_type": 0}, NONE),
        ({"ssl_type": 1}, SSL),
        ({"ssl_type": 2}, X509),
        ({"ssl_type": 3, "ssl_cipher": "AES"}, CIPHER),
        ({"ssl_type": 3, "x509_issuer": "/CN=x"}, SUBJECT),
        ({"ssl_type": 3, "x509_subject": "/CN=x"}, SUBJECT),
    ],
)
def test_what_an_account_requires(stored: dict[str, Any], word: str) -> None:
    assert requirement(stored) == word


@pytest.mark.parametrize(
    ("policy", "mode", "secure", "changes", "kept"),
    [
        (Policy(), PREFERRED, False, [], None),
        (Policy(), REQUIRED, False, [ON], Policy(REQUIRED)),
        (Policy(REQUIRED), REQUIRED, True, [], None),
        (Policy(REQUIRED), PREFERRED, True, [OFF_AGAIN], Policy(PREFERRED)),
        (Policy(), MUTUAL, False, [(A, X509), (B, X509), ON], Policy(MUTUAL, frozenset({B}))),
        (Policy(MUTUAL, frozenset({B})), MUTUAL, True, [(A, X509), (B, X509)], None),
        (Policy(), OFF, False, [(A, NONE)], Policy(OFF, frozenset({B}))),
        (Policy(OFF, frozenset({B})), PREFERRED, False, [], Policy(PREFERRED)),
        (Policy(OFF), PREFERRED, False, [(B, SSL)], Policy(PREFERRED)),
    ],
)  # fmt: skip
def test_a_change_of_mode(policy: Policy, mode: str, secure: bool, changes: list[Any], kept: Policy | None) -> None:
    made = plan_mode(policy, mode, ACCOUNTS, secure)
    found = [(step.values, step.sql.split()[-1]) if step.values else step.sql for step in made.statements]
    assert found == changes
    assert made.policy == kept
    assert (made.before["mode"], made.after["mode"]) == (policy.mode, mode)


def _run(policy: Policy, accounts: dict[Who, str], mode: str) -> Policy:
    """The policy afterwards; the accounts are changed in place."""
    made = plan_mode(policy, mode, accounts, False)
    for step in made.statements:
        if step.values:
            accounts[step.values] = step.sql.split()[-1]
    return made.policy or policy


WORDS = strategies.dictionaries(strategies.sampled_from([A, B, ROOT]), strategies.sampled_from([NONE, SSL]))


@given(WORDS, strategies.lists(strategies.sampled_from(MODES)), strategies.sampled_from([PREFERRED, REQUIRED]))
def test_every_way_back_leaves_accounts_as_they_were(accounts: dict[Who, str], way: list[str], last: str) -> None:
    now, policy = dict(accounts), Policy()
    for mode in [*way, last]:
        policy = _run(policy, now, mode)
        assert plan_mode(policy, mode, now, mode in (REQUIRED, MUTUAL)).statements == []
        network = {word for (_name, host), word in now.items() if host != "localhost"}
        assert network <= {OFF: {NONE}, MUTUAL: {X509}}.get(mode, {NONE, SSL})
    assert now == accounts
    assert policy == Policy(last)


@given(WORDS, strategies.sampled_from(MODES), strategies.sampled_from(MODES), strategies.integers(0, 3))
def test_a_change_that_is_stopped_midway_is_completed(
    accounts: dict[Who, str], first: str, second: str, done: int
) -> None:
    now = dict(accounts)
    policy = _run(Policy(), now, first)
    made = plan_mode(policy, second, now, False)
    if made.policy is not None and made.policy.decides:
        policy = made.policy
    for step in made.statements[:done]:
        if step.values:
            now[step.values] = step.sql.split()[-1]
    policy = _run(policy, now, second)
    policy = _run(policy, now, PREFERRED)
    assert now == accounts
