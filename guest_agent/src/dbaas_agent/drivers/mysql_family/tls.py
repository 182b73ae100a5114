# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a running server comes from one TLS mode to another: pure functions over what it showed."""

from __future__ import annotations

from collections.abc import Mapping

from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.drivers.tls_rules import after_mode
from dbaas_agent.tls_mode import MUTUAL, REQUIRED, Policy, Who


def plan_mode(policy: Policy, mode: str, requires: Mapping[Who, str], secure_transport: bool) -> Plan:
    """How the server that runs comes from a policy to a mode. requires: the word of each account;
    secure_transport: what the server's variable says."""
    after, words = after_mode(policy, mode, requires)
    steps = [Statement(f"ALTER USER %s@%s REQUIRE {word}", who) for who, word in words.items()]
    wanted = mode in (REQUIRED, MUTUAL)
    if secure_transport != wanted:
        steps.append(Statement(f"SET GLOBAL require_secure_transport = {'ON' if wanted else 'OFF'}"))
    return Plan(
        steps,
        {"mode": policy.mode, "accounts": {"@".join(who): requires[who] for who in words}},
        {"mode": mode, "accounts": {"@".join(who): word for who, word in words.items()}},
        None if after == policy else after,
    )
