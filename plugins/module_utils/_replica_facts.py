# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What agents tell of their part in replication, as decisions and people need it. Pure; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _histories
from ansible_collections.dbaas.openstack.plugins.module_utils._replica_decision import Decision, Member, Obstacle

Document = t.Mapping[str, t.Any]
"""An agent's status, see docs/reference/agent-protocol.md; empty for one that does not answer."""
_WORKING = ("ACTIVE", "RESTART_REQUIRED", "BLOCKED")
"""What an agent says of a datastore that answers it."""


def member(name: str, document: Document, *, reign: int, hosts: t.Container[str], synchronous: bool = False) -> Member:
    """A member as it tells of itself. reign, hosts: of the primary. DbaasError (agent) when a position is none.

    One that hears the primary of before does not follow this one, and neither does one that was not told yet that it is the primary.
    """
    told = document.get("replication") if document.get("status") in _WORKING else None
    if not told:
        return Member(name, answers=False, synchronous=synchronous)
    source = told["source"]
    running = replicates(source) or False
    return Member(
        name,
        writable=told["writable"],
        running=running,
        received=_histories.read(told["kind"], told["received"]),
        applied=_histories.read(told["kind"], told["applied"]),
        lag=told["lag"] or 0,
        delay=source["delay"] if source else 0,
        synchronous=synchronous,
        follows=running and source["host"] in hosts and (document.get("membership") or {}).get("reign") == reign,
    )


def replicates(source: Document | None) -> bool | None:
    """Whether a member hears the one that it tells of as its source, and applies what it hears; None: it follows nobody."""
    return None if source is None else bool(source.get("receiving") and source.get("applying"))


def shown(decision: Decision) -> dict[str, t.Any]:
    """For a module's result."""
    return {
        "primary": decision.primary,
        "followers": list(decision.followers),
        "left": [obstacle(one) for one in decision.left],
        "blockers": [obstacle(one) for one in decision.blockers],
        "lost": decision.lost,
        "known_lost": decision.known_lost,
        "unit": decision.unit,
    }


def obstacle(one: Obstacle) -> dict[str, str]:
    """For a module's result."""
    return {"member": one.member, "reason": one.word, "msg": one.msg}
