# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of an instance on Neutron: claims as tags of its anchor. Effects; private to the collection."""

from __future__ import annotations

import datetime
import email.utils
import random
import re
import secrets
import time
import typing as t
from http import HTTPStatus

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _lock
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError, as_dbaas_error, require_ok
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import name_problems, refuse
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import find_anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._lock import Claim, Outcome
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline

SHORTEST_LEASE = 20
"""Seconds; below it a slow answer of the cloud would cost the lock."""


SPREAD = random.SystemRandom()


class Tags:
    """The tags of one security group, as the protocols of the lock ask for them."""

    def __init__(self, connection: t.Any, group_id: str) -> None:
        self._network = connection.network
        self._url = f"/security-groups/{group_id}/tags"

    def run(self, protocol: _lock.Protocol) -> Outcome:
        """Carry out a protocol to its end."""
        answer: t.Any = None
        while True:
            try:
                request = protocol.send(answer)
            except StopIteration as ended:
                outcome: Outcome = ended.value
                return outcome
            answer = self._answer(request)

    def read(self) -> _lock.Reading:
        """The tags and Neutron's time; this machine's where Neutron tells none, as behind a bare uWSGI."""
        response = require_ok(self._network.get(self._url), "Read the tags of the anchor")
        date = response.headers.get("Date")
        now = email.utils.parsedate_to_datetime(date).timestamp() if date else time.time()
        return _lock.Reading(frozenset(response.json()["tags"]), int(now))

    def _answer(self, request: _lock.Add | _lock.Remove | _lock.Read) -> t.Any:
        if isinstance(request, _lock.Read):
            return self.read()
        change = self._network.put if isinstance(request, _lock.Add) else self._network.delete
        try:
            return bool(change(f"{self._url}/{request.tag}").status_code < HTTPStatus.BAD_REQUEST)
        except Exception as raised:
            if as_dbaas_error(raised) is None:
                raise
            return False


def present(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State present: get the lock, or renew it for the holder that is named."""
    params = module.params
    _refuse_unfit(params)
    anchor = _anchor_id(connection, params["name"])
    if anchor is None:
        raise DbaasError("not_found", f"there is no instance {params['name']!r} in this project", name=params["name"])
    tags = Tags(connection, anchor)
    holder = params["holder"] or secrets.token_hex(3)
    wanted = Claim(params["operation"], _lock.digest(params["arguments"]), holder, 0, 0)
    if module.check_mode:
        return _foretold(tags, wanted)
    if params["holder"]:
        mine = _renewed(tags, params["name"], holder, params["lease"])
        return {"changed": False, "lock": _shown(mine)}
    mine = _claimed(tags, wanted, params["lease"], Deadline(params["timeout"] if params["wait"] else 0))
    return {"changed": True, "lock": _shown(mine)}


def absent(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State absent: give the lock back."""
    params = module.params
    anchor = _anchor_id(connection, params["name"])
    if anchor is None:
        return {"changed": False, "lock": None}
    tags = Tags(connection, anchor)
    mine = [claim for claim in _lock.claims(tags.read().tags) if claim.holder == params["holder"]]
    if not module.check_mode:
        for claim in mine:
            tags.run(_lock.release(claim))
    return {"changed": bool(mine), "lock": None}


def _refuse_unfit(params: t.Mapping[str, t.Any]) -> None:
    if not re.fullmatch(r"[a-z0-9_]{1,21}", params["operation"]):
        msg = f"operation: {params['operation']!r}: 1 to 21 small letters, digits and underscores are allowed"
        raise DbaasError("invalid", msg, option="operation")
    if params["lease"] < SHORTEST_LEASE:
        raise DbaasError("invalid", f"lease: {params['lease']}: at least {SHORTEST_LEASE} seconds", option="lease")


def _anchor_id(connection: t.Any, name: str) -> str | None:
    refuse(name_problems(name))
    found = find_anchor(connection, name)
    return found[0].id if found else None


def _foretold(tags: Tags, wanted: Claim) -> dict[str, t.Any]:
    reading = tags.read()
    living = [claim for claim in _lock.claims(reading.tags) if not _lock.lapsed(claim, reading.now)]
    if any(claim.holder == wanted.holder for claim in living):
        return {"changed": False, "lock": None}
    if living:
        raise _refusal(living[0])
    return {"changed": True, "lock": None}


def _claimed(tags: Tags, wanted: Claim, lease: int, deadline: Deadline) -> Claim:
    """The claim that holds the lock. Other work is refused at once; the same work waits for a run that may be dead."""
    last: list[Claim] = []

    def attempt() -> Claim | None:
        outcome = tags.run(_lock.claim(wanted, lease))
        if outcome.held_by is not None:
            last[:] = [outcome.held_by]
            if not outcome.held_by.same_work(wanted):
                raise _refusal(outcome.held_by)
        return outcome.mine

    try:
        return deadline.until(attempt, "the lock of the instance", pause=0.5 + 1.5 * SPREAD.random())
    except DbaasError as error:
        if error.reason == "timeout" and last:
            raise _refusal(last[0]) from error
        raise


def _renewed(tags: Tags, name: str, holder: str, lease: int) -> Claim:
    claims = [claim for claim in _lock.claims(tags.read().tags) if claim.holder == holder]
    outcome = tags.run(_lock.renew(max(claims, key=lambda claim: claim.until), lease)) if claims else Outcome()
    if outcome.mine is None:
        msg = f"this run has lost the lock of {name}: it was not renewed in time; run the operation again"
        raise DbaasError("conflict", msg, held_by=outcome.held_by and _shown(outcome.held_by))
    return outcome.mine


def _refusal(first: Claim) -> DbaasError:
    shown = _shown(first)
    msg = (
        f"{first.operation} has held the lock since {shown['since']}: wait for its end and run this again."
        f" If it was killed, the lock is free at {shown['until']}; the same operation then goes on where it stopped."
    )
    return DbaasError("conflict", msg, held_by=shown)


def _shown(claim: Claim) -> dict[str, str]:
    since, until = (
        datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for seconds in (claim.since, claim.until)
    )
    return {"operation": claim.operation, "holder": claim.holder, "since": since, "until": until}
