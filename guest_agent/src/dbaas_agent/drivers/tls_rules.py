# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is required of clients, by account and by TLS mode: pure, and of no datastore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dbaas_agent.tls_mode import MUTUAL, OFF, Policy, Who

NONE = "NONE"
SSL = "SSL"
X509 = "X509"
CIPHER = "CIPHER"
SUBJECT = "SUBJECT"
"""Nothing, TLS, a certificate of the instance's CA; the last two, a cipher alone and a certain certificate, are only ever made by hand."""
LOCAL = "localhost"
"""The host of accounts that come by the socket only."""


class Rule(NamedTuple):
    """The word to have, and all those that will do."""

    word: str
    accepted: frozenset[str]


_BY_MODE = {
    OFF: Rule(NONE, frozenset({NONE, CIPHER, SUBJECT})),
    MUTUAL: Rule(X509, frozenset({X509, SUBJECT})),
}
_BY_WISH = {
    True: Rule(SSL, frozenset({SSL, X509, CIPHER, SUBJECT})),
    False: Rule(NONE, frozenset({NONE})),
}


def rule_for(policy: Policy, who: Who, require_tls: bool | None, exists: bool) -> Rule | None:
    """What the account has to require; None: it stays as it is. require_tls: what was asked of it; a new one needs TLS."""
    if policy.decides and who[1] != LOCAL:
        return _BY_MODE[policy.mode]
    if require_tls is None and exists:
        return None
    return _BY_WISH[require_tls is not False]


def after_users(policy: Policy, asked: Mapping[Who, tuple[Who | None, bool | None]]) -> Policy:
    """The policy when each account that was asked for has another name (None: is gone), and require_tls (None: as before)."""
    if not policy.decides:
        return policy
    plain = set(policy.plain)
    for source, (target, require_tls) in asked.items():
        was_plain = source in plain or target in plain
        plain -= {source, target}
        if target is not None and (was_plain if require_tls is None else not require_tls):
            plain.add(target)
    return Policy(policy.mode, frozenset(plain))


def after_mode(policy: Policy, mode: str, requires: Mapping[Who, str]) -> tuple[Policy, dict[Who, str]]:
    """What is to be kept of a policy when the mode becomes another, and the accounts from the network that change, each with its new word.

    requires: the word of each account.
    """
    network = {who: word for who, word in sorted(requires.items()) if who[1] != LOCAL}
    plain = policy.plain if policy.decides else frozenset(who for who, word in network.items() if word == NONE)
    after = Policy(mode, plain)
    if not after.decides:
        after = Policy(mode)
    return after, _words(policy, after, plain, network)


def _words(policy: Policy, after: Policy, plain: frozenset[Who], network: Mapping[Who, str]) -> dict[Who, str]:
    """The accounts that change, each with its new word."""
    if after.decides:
        rule = _BY_MODE[after.mode]
        return {who: rule.word for who, word in network.items() if word not in rule.accepted}
    if not policy.decides:
        return {}
    wanted = {who: _BY_WISH[who not in plain].word for who in network}
    return {who: wanted[who] for who, word in network.items() if word in (NONE, X509) and word != wanted[who]}
