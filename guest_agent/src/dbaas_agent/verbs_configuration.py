# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs that have the running server follow settings, and show what may be set."""

from __future__ import annotations

from typing import Any

from dbaas_agent import service, systemd
from dbaas_agent.agent import Agent
from dbaas_agent.drivers.base import ParameterPlan
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_text

Result = dict[str, Any]


def parameter_list(agent: Agent, _args: dict[str, Any], _check: bool) -> Result:
    return {"parameters": agent.driver.parameters()}


def configuration_set(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    """Settings that the server refuses, or does not take while it runs, leave everything as it was: AgentError tells which."""
    path, content = args["path"], args["content"]
    there = read_text(path)
    agent.overrides.check(content)
    if not service.running(agent):
        if not check:
            with agent.overrides.turn():
                agent.overrides.write(path, content)
        return _answer(there, content, ParameterPlan([], {}, {}, []))
    names = agent.driver.parameters_in(content) | agent.driver.parameters_in(there or "")
    if check:
        return _answer(there, content, agent.overrides.plan(content, names))
    with agent.overrides.turn():
        agent.overrides.write(path, content)
        found = agent.driver.plan_parameters(names)
        try:
            _follow(agent, found, names)
        except AgentError as fault:
            agent.overrides.write(path, there)
            agent.driver.apply(agent.driver.plan_parameters(names))
            raise AgentError("conflict", f"{fault.msg}; everything is as before", **fault.details) from fault
        agent.overrides.await_restart(found.pending)
        if found.pending and args["restart"]:
            service.begin(agent, systemd.restart)
            _require(agent.driver.plan_parameters(names))
            return _answer(there, content, found, restarted=True)
    return _answer(there, content, found)


def _follow(agent: Agent, plan: ParameterPlan, names: set[str]) -> None:
    """Run the statements, and see that the server took the values."""
    agent.driver.apply(plan)
    _require(agent.driver.plan_parameters(names - set(plan.pending)))


def _require(plan: ParameterPlan) -> None:
    if plan.before:
        kept = ", ".join(f"{name} {plan.before[name]} and not {plan.after[name]}" for name in plan.before)
        raise AgentError("conflict", f"the server has {kept}", before=plan.before, after=plan.after)


def _answer(there: str | None, content: str, plan: ParameterPlan, restarted: bool = False) -> Result:
    """pending: what only a restart changes."""
    return {
        "changed": there != content or bool(plan.statements) or restarted,
        "diff": {"before": {"file": there, "values": plan.before}, "after": {"file": content, "values": plan.after}},
        "pending": [] if restarted else plan.pending,
        "restarted": restarted,
    }
