# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs that have the running server follow settings, and show what may be set."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from dbaas_agent import service, systemd
from dbaas_agent.agent import Agent
from dbaas_agent.drivers.base import ParameterPlan, Settings
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_text

Result = dict[str, Any]


def parameter_list(agent: Agent, _args: dict[str, Any], _check: bool) -> Result:
    return {"parameters": agent.driver.parameters()}


def configuration_set(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    """Settings that the server refuses, or does not take while it runs, leave everything as it was: AgentError tells which."""
    if systemd.show(agent.config.service).active == "activating":
        service.wait_until_settled(agent)
    there = read_text(args["path"])
    settings = Settings(args["path"], args["content"], there or "", agent.overrides.natural())
    agent.overrides.check(settings)
    if not service.running(agent):
        if not check:
            with agent.overrides.turn():
                _put(agent, settings, ParameterPlan())
        return _answer(there, settings, ParameterPlan())
    if check:
        found = agent.overrides.predict(settings)
        return _answer(there, settings, found, restarted=bool(found.pending) and args["restart"])
    with agent.overrides.turn():
        return _have(agent, there, settings, args["restart"])


def _have(agent: Agent, there: str | None, settings: Settings, restart: bool) -> Result:
    """Where statements lead there, the server follows first: while the file is as before, a run that comes after one that was killed does all of it again."""
    agent.logs.prepare()
    found = agent.overrides.predict(settings)
    try:
        _put(agent, settings, found)
    except AgentError as fault:
        raise AgentError("conflict", f"{fault.msg}; {_go_back(agent, there, settings)}", **fault.details) from fault
    if found.pending and restart:
        service.begin(agent, systemd.restart)
        # Whatever else it has now is what it has without them.
        _require(agent.driver.plan_parameters(Settings(settings.path, settings.content)), [])
        return _answer(there, settings, found, restarted=True)
    return _answer(there, settings, found)


def _put(agent: Agent, settings: Settings, found: ParameterPlan) -> None:
    """Have the settings in the running server, as far as it takes them, and in their file."""
    if found.before or read_text(settings.path) != settings.content:
        agent.overrides.remember(settings.path, found)
    if agent.driver.rereads:
        agent.overrides.write(settings.path, settings.content)
    if found.before:
        agent.driver.apply(found)
        _require(agent.overrides.predict(settings), found.pending)
    agent.overrides.write(settings.path, settings.content)
    agent.overrides.settle(settings.path)


def _go_back(agent: Agent, there: str | None, settings: Settings) -> str:
    """Have the running server follow the file of before again, as far as it can; what came of it, in words."""
    agent.overrides.write(settings.path, there)
    back = Settings(settings.path, settings.before, settings.content, agent.overrides.natural())
    try:
        for statement in agent.driver.plan_parameters(back).statements:
            with suppress(AgentError):
                agent.driver.apply(ParameterPlan([statement]))
        left = agent.driver.plan_parameters(back)
    except AgentError as fault:
        return f"whether everything is as before cannot be seen: {fault.msg}"
    agent.overrides.remember(settings.path, left)
    return f"but for {', '.join(left.before)}, everything is as before" if left.before else "everything is as before"


def _require(left: ParameterPlan, waiting: list[str]) -> None:
    """The server took the values, but for those that wait."""
    before = {name: value for name, value in left.before.items() if name not in waiting}
    if before:
        kept = ", ".join(f"{name} {value} and not {left.after[name]}" for name, value in before.items())
        raise AgentError("conflict", f"the server has {kept}", before=before)


def _answer(there: str | None, settings: Settings, plan: ParameterPlan, restarted: bool = False) -> Result:
    """pending: what only a restart changes."""
    return {
        "changed": there != settings.content or bool(plan.statements) or restarted,
        "diff": {
            "before": {"file": there, "values": plan.before},
            "after": {"file": settings.content, "values": plan.after},
        },
        "pending": [] if restarted else plan.pending,
        "restarted": restarted,
    }
