# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs by which a server follows another one, or lets others follow it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from dbaas_agent import data_directory, marker, service, systemd
from dbaas_agent.addresses import canonical
from dbaas_agent.agent import Agent
from dbaas_agent.certificate import speak_for
from dbaas_agent.drivers.base import UnansweredError
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_text, write_atomic
from dbaas_agent.membership import Membership
from dbaas_agent.plans import carry_out
from dbaas_agent.replication import PRIMARY, REPLICA, Upstream

Result = dict[str, Any]
_LONGEST_DELAY = 30 * 86400
_LONGEST_WAIT = 120
_ADDRESSES = ("writer_addresses", "reader_addresses", "endpoint_addresses")


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
    plan = agent.driver.plan_replica_account(args["name"], password, args["tls"])
    if args["slot"] or not wanted:
        slot = agent.driver.plan_replica_slot(args["name"], wanted)
        plan = replace(plan, statements=[*slot.statements, *plan.statements])
    return carry_out(agent, plan, check)


def replica_slot(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    return carry_out(agent, agent.driver.plan_replica_slot(args["name"], args["state"] == "present"), check)


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


def replica_discard(agent: Agent, _args: dict[str, Any], check: bool) -> Result:
    """The data of a replica go, so that it can be made anew."""
    found = agent.volume.require()
    member = agent.gate.member
    if member is None or member.role != REPLICA:
        raise AgentError("not_actionable", "this server is no replica: what it has may be nowhere else")
    there = os.path.lexists(agent.config.data_dir)
    if not check:
        systemd.stop(agent.config.service, service.SECONDS)
        data_directory.discard(agent.config)
        marker.write(agent.config, {**found, "state": marker.EMPTY})
    changed = there or found["state"] != marker.EMPTY
    return {"changed": changed, "diff": {"before": {"data_directory": there}, "after": {"data_directory": False}}}


def replica_await(agent: Agent, args: dict[str, Any], _check: bool) -> Result:
    if not 1 <= args["seconds"] <= _LONGEST_WAIT:
        raise AgentError("invalid", f"seconds: {args['seconds']} is not from 1 to {_LONGEST_WAIT}")
    if not agent.driver.await_applied(args["position"], args["seconds"]):
        raise AgentError("timeout", f"it has not applied {args['position']} within {args['seconds']} seconds")
    return {"replication": agent.driver.replication_facts().shown()}


def member_set(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    """A primary takes writes at once, and follows nobody. A replica takes none, and is told apart whom to follow."""
    agent.volume.require()
    before = agent.gate.member
    member = Membership(
        args["set"],
        args["reign"],
        args["role"],
        args["server_id"],
        "",
        receipts=args["receipts"],
        wanted=args["wanted"],
        receivers=sorted(args["receivers"]),
    )
    if not 0 <= member.receipts <= min(member.wanted, len(member.receivers)):
        msg = f"receipts: {member.receipts}; it has to be from 0 to wanted ({member.wanted}), and to the number of receivers ({len(member.receivers)})"
        raise AgentError("invalid", msg)
    if args["record"]:
        member = replace(member, record=args["record"], record_expires=args["record_expires"] or 0)
    elif before is not None:
        member = replace(member, record=before.record, record_expires=before.record_expires)
    member = replace(member, **_addresses(args, before if before and before.set == member.set else member))
    if before is not None and before.set == member.set and before.reign > member.reign:
        msg = f"reign: {member.reign} is over, this member knows of {before.reign}"
        raise AgentError("conflict", msg)
    changed = before is None or before.shown() != member.shown()
    spoke_for = before.endpoint_addresses if before else []
    if not check and member.endpoint_addresses != spoke_for:
        speak_for(agent, member.endpoint_addresses, spoke_for)
    if member.role == PRIMARY:
        changed = _lead(agent, member, args["followers"], check) or changed
    elif not check:
        _step_back(agent, member)
    return {"changed": changed, "diff": {"before": before.shown() if before else {}, "after": member.shown()}}


def _addresses(args: dict[str, Any], before: Membership) -> dict[str, Any]:
    """Those that it is told, or else has."""
    return {name: getattr(before, name) if args[name] is None else canonical(name, args[name]) for name in _ADDRESSES}


def _lead(agent: Agent, member: Membership, followers: Sequence[str], check: bool) -> bool:
    """followers: the accounts of those who follow it from now on, whenever they come: what they have not read is kept before it writes anything."""
    stands = not service.running(agent)
    if not check and stands:
        service.begin(agent, systemd.start)
    unknown = stands and check
    plans = (
        []
        if unknown
        else [*(agent.driver.plan_replica_slot(name, True) for name in followers), agent.driver.plan_leave()]
    )
    answers = [carry_out(agent, plan, check) for plan in plans]
    shut = unknown or agent.driver.kept_out()
    if not check:
        agent.driver.take_seat(member)
        agent.gate.take(member)
        agent.open()
    return stands or shut or any(answer["changed"] for answer in answers)


def _step_back(agent: Agent, member: Membership) -> None:
    agent.gate.take(member)
    with suppress(UnansweredError):  # one that does not run starts so
        agent.driver.keep_out()
    # Not before: whoever waited for receipts would be told that his write is kept.
    agent.driver.take_seat(member)
    agent.hold_addresses()


def member_ticket(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    """What it is stays as it is: a switch that is under way is nobody else's business."""
    member = agent.gate.member
    if member is None:
        raise AgentError("not_actionable", "this server is in no replication set")
    if not check:
        agent.gate.read_by(args["record"], args["expires"])
    changed = (member.record, member.record_expires) != (args["record"], args["expires"])
    return {
        "changed": changed,
        "diff": {"before": {"expires": member.record_expires}, "after": {"expires": args["expires"]}},
    }


def member_unset(agent: Agent, _args: dict[str, Any], check: bool) -> Result:
    """It is an instance of its own from then on, which takes writes."""
    before = agent.gate.member
    left = carry_out(agent, agent.driver.plan_leave(), check)["changed"]
    if not check:
        if before is not None and before.endpoint_addresses:
            speak_for(agent, [], before.endpoint_addresses)
        agent.driver.take_seat(None)
        agent.gate.take(None)  # as long as it is a member, it is kept shut
        agent.hold_addresses()
        if agent.driver.kept_out():
            agent.driver.let_in(agent.held())
    return {"changed": left or before is not None, "diff": {"before": before.shown() if before else {}, "after": {}}}


def writes_drain(agent: Agent, _args: dict[str, Any], check: bool) -> Result:
    """member_set with role primary takes it back."""
    agent.volume.require()
    member = agent.gate.member
    if member is None:
        raise AgentError("not_actionable", "this server is in no replication set")
    require_no_source(agent)
    if not check:
        agent.gate.take(replace(member, role=REPLICA, confirmed=""))
        agent.driver.keep_out()
    position = (
        None if check else agent.driver.last_position(lambda: systemd.stop(agent.config.service, service.SECONDS))
    )
    if not check:
        agent.hold_addresses()
    return {
        "changed": member.role == PRIMARY,
        "diff": {"before": {"role": member.role}, "after": {"role": REPLICA}},
        "position": position,
    }
