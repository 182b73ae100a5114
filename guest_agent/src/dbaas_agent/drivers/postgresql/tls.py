# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How PostgreSQL comes from one TLS mode to another: a pure function over what the server showed."""

from __future__ import annotations

from dataclasses import replace

from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql.access import Access
from dbaas_agent.drivers.postgresql.roles import World, rules_steps
from dbaas_agent.drivers.postgresql.sql import SUPERUSER
from dbaas_agent.drivers.tls_rules import NONE, after_mode
from dbaas_agent.tls_mode import Policy


def plan_mode(world: World, policy: Policy, mode: str) -> Plan:
    """From a policy to a mode. What the file says of the mode counts for nothing: it may be that of a backup."""
    users = [name for name, role in sorted(world.roles.items()) if role.login and name != SUPERUSER]
    now = replace(world.access, mode=policy.mode)
    requires = {(user, now.host(user)): now.word(user) for user in users}
    after, words = after_mode(policy, mode, requires)
    plain = frozenset(user for (user, _dummy), word in {**requires, **words}.items() if word == NONE)
    wanted = Access(mode, now.hosts, frozenset() if after.decides else plain).of(users)
    first, last = rules_steps(world, wanted, world.roles)
    return Plan(
        [*first, *last],
        {"mode": policy.mode, "accounts": {"@".join(who): requires[who] for who in words}},
        {"mode": mode, "accounts": {"@".join(who): word for who, word in words.items()}},
        None if after == policy else after,
    )
