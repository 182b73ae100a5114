# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting the datastore's service until it answers, and back to the settings of before when it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from dbaas_agent import status, systemd
from dbaas_agent.agent import Agent
from dbaas_agent.drivers.base import UnansweredError
from dbaas_agent.errors import AgentError

SECONDS = 1100
"""How long systemd may take to start or stop the service."""
_ANSWER_SECONDS = 120


def running(agent: Agent) -> bool:
    return systemd.show(agent.config.service).active == "active"


def wait_until_settled(agent: Agent) -> None:
    """Wait while it starts, which it may do with files of before: AgentError(not_actionable) when that takes too long."""
    with suppress(AgentError):
        wait_for_answer(agent)
    unit = systemd.show(agent.config.service)
    if unit.active == "activating" and unit.sub != "auto-restart":
        raise AgentError("not_actionable", "the datastore is starting; run it again when that is done")


def begin(agent: Agent, act: Callable[[str, float], None]) -> None:
    """Start or restart it; settings on trial are taken back when it does not work with them, AgentError(conflict) tells so then."""
    with agent.overrides.turn():
        try:
            _begin(agent, act)
        except AgentError as fault:
            if not agent.overrides.take_back():
                raise
            try:
                _begin(agent, systemd.restart)
            finally:
                agent.overrides.forget()
            msg = f"the datastore does not start with its new settings ({fault.msg}); they were taken back, and it works as before"
            raise AgentError("conflict", msg, **fault.details) from fault
        agent.overrides.prove()


def _begin(agent: Agent, act: Callable[[str, float], None]) -> None:
    act(agent.config.service, SECONDS)
    wait_for_answer(agent)


def wait_for_answer(agent: Agent) -> str:
    """The server's version as soon as it answers; AgentError when it ends, or stays silent for too long."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while True:
        try:
            return agent.ping()
        except UnansweredError as silence:
            verdict = status.of_service(systemd.show(agent.config.service), silence.msg)
        if verdict.status != status.BLOCKED:
            raise AgentError("agent", verdict.fault or f"the service is {verdict.status}")
        if time.monotonic() > deadline:
            raise AgentError("timeout", f"no answer within {_ANSWER_SECONDS} seconds: {verdict.fault}")
        time.sleep(0.5)
