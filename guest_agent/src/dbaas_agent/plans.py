# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a driver's plan becomes a verb's answer."""

from __future__ import annotations

from typing import Any

from dbaas_agent import service, systemd, tls_mode
from dbaas_agent.agent import Agent
from dbaas_agent.drivers.base import Plan


def carry_out(agent: Agent, plan: Plan, check: bool) -> dict[str, Any]:
    """A TLS mode that decides for accounts is kept before they follow it, another one after: what they were before stays known until then."""
    kept = plan.policy
    if not check:
        if kept is not None and kept.decides:
            tls_mode.write(agent.config, kept)
        agent.driver.apply(plan)
        if kept is not None and not kept.decides:
            tls_mode.write(agent.config, kept)
        if plan.stopped:
            systemd.stop(agent.config.service, service.SECONDS)
            for step in plan.stopped:
                step.put()
        if plan.restart:
            service.begin(agent, systemd.restart)
    statements = [step.shown() for step in (*plan.statements, *plan.stopped)]
    changed = bool(statements) or kept is not None
    return {"changed": changed, "diff": {"before": plan.before, "after": plan.after}, "statements": statements}
