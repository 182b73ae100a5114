# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs by which a server follows another one, or lets others follow it."""

from __future__ import annotations

import os
from typing import Any

from dbaas_agent.agent import Agent
from dbaas_agent.drivers.base import UnansweredError
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_text, write_atomic
from dbaas_agent.plans import carry_out
from dbaas_agent.replication import Upstream

Result = dict[str, Any]
_LONGEST_DELAY = 30 * 86400


def require_no_source(agent: Agent) -> None:
    """AgentError(not_actionable) where what is written would part this server's history from the one that it follows."""
    source = agent.driver.replication_facts().source
    if source is not None:
        msg = f"this server follows {source.host}, from where everything comes that is written: ask the primary"
        raise AgentError("not_actionable", msg)


def replica_account(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    require_no_source(agent)
    wanted = args["state"] == "present"
    if wanted and not args["password"]:
        raise AgentError("invalid", "password: an account that is to be there needs one")
    password = args["password"] if wanted else None
    return carry_out(agent, agent.driver.plan_replica_account(args["name"], password, args["tls"]), check)


def replica_follow(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    agent.volume.require()
    if not 0 <= args["delay"] <= _LONGEST_DELAY or not 0 < args["port"] < 65536:
        raise AgentError("invalid", f"delay: 0 to {_LONGEST_DELAY} seconds; port: 1 to 65535")
    if _is_writable(agent):
        raise AgentError(
            "not_actionable", "clients can write here: a server that follows another one has to be closed first"
        )
    authority = args["ca_certificate"]
    ca_file = os.path.join(agent.config.tls_dir, "source.pem") if authority else ""
    upstream = Upstream(
        args["host"], args["port"], args["user"], args["password"], ca_file, args["delay"], args["position"]
    )
    plan = agent.driver.plan_follow(upstream)
    trusted = not authority or read_text(ca_file) == authority
    if authority and not trusted and not check:
        write_atomic(ca_file, authority.encode(), 0o644)
    answer = carry_out(agent, plan, check)
    return {**answer, "changed": answer["changed"] or not trusted}


def _is_writable(agent: Agent) -> bool:
    """Whether clients can write; a server that does not answer takes nothing from anybody."""
    try:
        return agent.driver.replication_facts().writable
    except UnansweredError:
        return False


def replica_leave(agent: Agent, _args: dict[str, Any], check: bool) -> Result:
    return carry_out(agent, agent.driver.plan_leave(), check)
