# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an agent works as well as the one before. Pure; private to the collection."""

from __future__ import annotations

import typing as t

LOOKS = 5
"""How often an agent has to have looked since it started: one that ends again and again does not get there."""


def agent_upgrade_faults(asked: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any], version: str) -> list[str]:
    """What is wrong with the agent that was asked, a sentence each; empty when it works as well as the one before.

    Args:
        asked: the result of module agent_info.
        before: `status` and `ticket_expires` of the agent before; what is not in it is not compared.
        version: the version that the agent shall have.
    """
    seen = asked.get("status")
    if seen is None:
        return [f"it does not answer: {asked.get('msg', 'no word')}"]
    faults = []
    if seen["agent_version"] != version:
        faults.append(f"the one that answers has version {seen['agent_version']}")
    elif seen["outdated"]:
        faults.append("the one that answers was started from other files")
    if "status" in before and seen["status"] not in (before["status"], "ACTIVE"):
        why = f", {seen['fault']}" if seen["fault"] else ""
        faults.append(f"the status is {seen['status']}{why}; it was {before['status']}")
    if before.get("ticket_expires") is not None and seen["ticket_expires"] is None:
        faults.append("it has no ticket for heartbeats; the one before had")
    if not faults and seen["sequence"] < LOOKS:
        faults.append("it has only just started, again and again")
    return faults
