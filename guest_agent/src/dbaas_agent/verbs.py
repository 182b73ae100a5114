# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each verb does: ``HANDLERS`` maps its name to a function of the agent, its arguments and ``check``."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from dbaas_agent import VERSION, data_directory, freeze, marker, schema, service, systemd, tls_mode
from dbaas_agent.agent import Agent
from dbaas_agent.certificate import certify, with_endpoint
from dbaas_agent.errors import AgentError
from dbaas_agent.plans import carry_out
from dbaas_agent.tls import client_subject, shown_time, subjects
from dbaas_agent.verbs_configuration import configuration_set, parameter_list
from dbaas_agent.verbs_logs import log_discard, log_list, log_publish, log_read
from dbaas_agent.verbs_replication import (
    member_set,
    member_ticket,
    member_unset,
    replica_account,
    replica_await,
    replica_discard,
    replica_follow,
    replica_slot,
    require_no_source,
    writes_drain,
)
from dbaas_agent.volume import VolumeWish

Result = dict[str, Any]
_STOPPED = ("inactive", "failed")


def _hello(_agent: Agent, args: dict[str, Any], _check: bool) -> Result:
    common = sorted(set(args["protocols"]) & set(schema.PROTOCOLS))
    if not common:
        raise AgentError("unsupported", f"this agent speaks protocol {schema.PROTOCOLS}", protocols=schema.PROTOCOLS)
    return {"protocol": common[-1], "protocols": schema.PROTOCOLS, "agent_version": VERSION}


def _status(agent: Agent, _args: dict[str, Any], _check: bool) -> Result:
    return agent.observe()


def _volume_prepare(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    wish = VolumeWish(args["volume_id"], args["initialised"], args["filesystem"], args["size"], args["copied_from"])
    return agent.volume.prepare(wish, check)


def _volume_freeze(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    agent.volume.require()
    return freeze.begin(agent.config.mount_point, args["seconds"], check)


def _volume_thaw(agent: Agent, _args: dict[str, Any], check: bool) -> Result:
    del agent
    return freeze.end(check)


def _volume_release(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    active = systemd.show(agent.config.service).active
    if active not in _STOPPED:
        raise AgentError("not_actionable", f"the datastore is {active}: stop it first, datastore_stop does so cleanly")
    return agent.volume.release(check, args["keep_tls"])


def _tls_set(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    agent.volume.require()
    wanted = with_endpoint(agent, subjects(args["names"], args["addresses"]))
    return certify(agent, wanted, check, args["renew"])


def _tls_sign(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    agent.volume.require()
    client_subject(args["name"])
    signed: Result = {"certificate": None, "not_after": None}
    if not check:  # a check takes no turn, and there is one place to work in
        certificate, end = agent.tls.sign_client(args["name"], args["request"])
        signed = {"certificate": certificate, "not_after": shown_time(end)}
    return {"changed": True, "diff": {"before": None, "after": {"name": args["name"]}}, **signed}


def renew_certificate(agent: Agent) -> Result:
    """Issue the server certificate again for the subjects that it has."""
    current = agent.tls.current()
    if current is None:
        raise AgentError("not_actionable", "there is no working certificate to renew")
    return certify(agent, current[0], check=False)


def _follow(agent: Agent, wanted: str | None, check: bool) -> Result:
    """Have the server, which is configured for the TLS mode, and its accounts follow it; None: the mode that they have."""
    kept = tls_mode.read(agent.config).mode
    mode = wanted or kept
    if check and not service.running(agent):
        return {"changed": mode != kept, "diff": {"before": {"mode": kept}, "after": {"mode": mode}}}
    restarts = agent.driver.speaks_tls() != (mode != tls_mode.OFF)
    if restarts and not check:
        service.begin(agent, systemd.restart)
        if agent.driver.speaks_tls() != (mode != tls_mode.OFF):
            raise AgentError("conflict", f"the datastore is not configured for TLS mode {mode}")
    answer = carry_out(agent, agent.driver.plan_tls(mode), check)
    return {**answer, "changed": answer["changed"] or restarts}


def _datastore_initialise(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    found = agent.volume.require()
    wanted = with_endpoint(agent, subjects(args["names"], args["addresses"]))
    made = _own_data_directory(agent, found)
    before = {"marker_state": found["state"], "data_directory": made, "active": service.running(agent)}
    after = {"marker_state": marker.INITIALISED, "data_directory": True, "active": True}
    answer: Result = {"server_version": None, "ca_certificate": None}
    certified = certify(agent, wanted, check)
    if not check:
        if not made:
            with data_directory.being_made(agent.config) as partial:
                data_directory.initialise(agent.driver, partial)
        if agent.gate.member is None:
            agent.driver.take_seat(None)
        agent.logs.prepare()
        enabled = _ensure_enabled(agent.config.service)
        service.begin(agent, systemd.start)
        answer["server_version"] = agent.ping()
        if found["state"] == marker.EMPTY:
            if not data_directory.is_restored(agent.config):
                agent.driver.lock_down()
            data_directory.begin(agent.config, agent.driver.position())
            marker.write(agent.config, {**found, "state": marker.INITIALISED})
        answer["ca_certificate"] = (agent.tls.shown() or {}).get("ca_certificate")
    else:
        enabled = systemd.show(agent.config.service).file != "enabled"
    followed = _follow(agent, args["tls_mode"], check)
    changed = certified["changed"] or enabled or before != after or followed["changed"]
    diff = {side: {**state, "tls": followed["diff"][side]} for side, state in (("before", before), ("after", after))}
    return {"changed": changed, "diff": diff, **answer}


def _own_data_directory(agent: Agent, found: dict[str, Any]) -> bool:
    """Whether a complete data directory of this instance is there; conflict when what is there cannot be trusted."""
    path = agent.config.data_dir
    complete = os.path.isdir(path) and agent.driver.is_data_directory(path)
    if found["state"] == marker.INITIALISED:
        if not complete:
            raise AgentError("conflict", f"the volume is initialised and {path} holds no data: it is not made again")
        return True
    if not os.path.lexists(path):
        return False
    if not complete or not data_directory.is_own(agent.config):
        raise AgentError("conflict", f"{path} exists and was not made by this agent")
    return True


def _ensure_enabled(service: str) -> bool:
    if systemd.show(service).file == "enabled":
        return False
    systemd.enable(service)
    return True


def _datastore_start(agent: Agent, _args: dict[str, Any], check: bool) -> Result:
    _require_initialised(agent)
    return _serve(agent, ("active",), check, lambda: service.begin(agent, systemd.start))


def _datastore_stop(agent: Agent, _args: dict[str, Any], check: bool) -> Result:
    return _serve(agent, _STOPPED, check, lambda: systemd.stop(agent.config.service, service.SECONDS))


def _datastore_restart(agent: Agent, _args: dict[str, Any], check: bool) -> Result:
    _require_initialised(agent)
    return _serve(agent, (), check, lambda: service.begin(agent, systemd.restart))


def _require_initialised(agent: Agent) -> None:
    if agent.volume.require()["state"] != marker.INITIALISED:
        raise AgentError("not_actionable", "the datastore is not initialised")


def _serve(agent: Agent, settled: Sequence[str], check: bool, act: Callable[[], None]) -> Result:
    """Act unless the service is in one of the settled states."""
    before = systemd.show(agent.config.service).active
    changed = before not in settled
    if changed and not check:
        act()
    diff = {"before": {"service": before}, "after": {"service": settled[0] if changed and settled else before}}
    return {"changed": changed, "diff": diff, "status": agent.observe()["status"]}


def _database_list(agent: Agent, _args: dict[str, Any], _check: bool) -> Result:
    return {"databases": agent.driver.databases()}


def _database_set(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    require_no_source(agent)
    return carry_out(agent, agent.driver.plan_databases(args["databases"]), check)


def _user_list(agent: Agent, _args: dict[str, Any], _check: bool) -> Result:
    return {"users": agent.driver.users()}


def _user_set(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    require_no_source(agent)
    return carry_out(agent, agent.driver.plan_users(args["users"], args["coming_databases"]), check)


def _position(agent: Agent, _args: dict[str, Any], _check: bool) -> Result:
    return {"position": agent.driver.position(), "began": data_directory.began(agent.config)}


def _root_status(agent: Agent, _args: dict[str, Any], _check: bool) -> Result:
    return {"enabled": agent.driver.root_enabled()}


def _root_set(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    require_no_source(agent)
    keeps = args["update_password"] == "on_create" and agent.driver.root_enabled()  # noqa: S105 (a word, no password)
    plan = agent.driver.plan_root(args["enabled"], None if keeps else args["password"], args["require_tls"])
    answer = carry_out(agent, plan, check)
    if not args["enabled"] and not check:
        agent.driver.end_root_sessions()
    return answer


def _job_start(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    return agent.jobs.start(args["kind"], args["id"], args["args"], args["secrets"], check)


def _job_status(agent: Agent, args: dict[str, Any], _check: bool) -> Result:
    return {"job": agent.jobs.status(args["id"])}


def _job_list(agent: Agent, _args: dict[str, Any], _check: bool) -> Result:
    return {"jobs": agent.jobs.listing()}


def _job_cancel(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    return agent.jobs.cancel(args["id"], check)


HANDLERS: dict[str, Callable[[Agent, dict[str, Any], bool], Result]] = {
    "hello": _hello,
    "status": _status,
    "volume_prepare": _volume_prepare,
    "volume_freeze": _volume_freeze,
    "volume_thaw": _volume_thaw,
    "volume_release": _volume_release,
    "datastore_initialise": _datastore_initialise,
    "tls_set": _tls_set,
    "tls_sign": _tls_sign,
    "datastore_start": _datastore_start,
    "datastore_stop": _datastore_stop,
    "datastore_restart": _datastore_restart,
    "position": _position,
    "database_list": _database_list,
    "database_set": _database_set,
    "user_list": _user_list,
    "user_set": _user_set,
    "root_status": _root_status,
    "root_set": _root_set,
    "replica_account": replica_account,
    "replica_slot": replica_slot,
    "replica_follow": replica_follow,
    "replica_await": replica_await,
    "replica_discard": replica_discard,
    "member_set": member_set,
    "member_ticket": member_ticket,
    "member_unset": member_unset,
    "writes_drain": writes_drain,
    "parameter_list": parameter_list,
    "configuration_set": configuration_set,
    "log_list": log_list,
    "log_read": log_read,
    "log_publish": log_publish,
    "log_discard": log_discard,
    "job_start": _job_start,
    "job_status": _job_status,
    "job_list": _job_list,
    "job_cancel": _job_cancel,
}
