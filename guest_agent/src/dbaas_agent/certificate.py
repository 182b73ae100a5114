# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's certificate: issued where it is due, and read by the server."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from dbaas_agent import service
from dbaas_agent.agent import Agent
from dbaas_agent.tls import Subjects, subjects


def certify(agent: Agent, wanted: Subjects, check: bool, renew: bool = False) -> dict[str, Any]:
    """For exactly these subjects."""
    current = agent.tls.current()
    due = renew or agent.tls.due(wanted, time.time())
    changed = due or agent.tls.unread
    if due and not check:
        agent.tls.issue(wanted)
    if agent.tls.unread and not check:
        if service.running(agent):
            agent.driver.reload_tls()
        agent.tls.was_read()
    before = current[0].shown() if current else None
    return {"changed": changed, "diff": {"before": before, "after": wanted.shown()}}


def with_endpoint(agent: Agent, wanted: Subjects) -> Subjects:
    """With the addresses at which clients reach the set of which the server is a member, which whoever names its own does not know."""
    member = agent.gate.member
    return subjects(wanted.names, [*wanted.addresses, *(member.endpoint_addresses if member else [])])


def speak_for(agent: Agent, coming: Collection[str], going: Collection[str]) -> None:
    """Have it name other addresses of a set; nothing where there is none yet."""
    current = agent.tls.current()
    if current is not None:
        own = [one for one in current[0].addresses if one not in going]
        certify(agent, subjects(current[0].names, [*own, *coming]), check=False)
