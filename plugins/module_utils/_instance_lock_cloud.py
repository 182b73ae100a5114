# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module instance_lock does. Effects; private to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _lock
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import (
    name_problems,
    operation_problems,
    refuse,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import find_anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._lock_cloud import Tags, Work, claimed, refusal, resumed
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline

SHORTEST_LEASE = 20
"""Seconds; below it a slow answer of the cloud would cost the lock."""


def present(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State present: get the lock, or renew it for the holder that is named."""
    params = module.params
    _refuse_unfit(params)
    anchor = _anchor_id(connection, params["name"])
    if anchor is None:
        raise DbaasError("not_found", f"there is no instance {params['name']!r} in this project", name=params["name"])
    tags = Tags(connection, anchor)
    if module.check_mode:
        return _foretold(tags, params["holder"])
    if params["holder"]:
        lock = resumed(tags, params["holder"], params["lease"])
        lock.renew(shorten=True)
    else:
        work = Work(params["operation"], params["arguments"])
        lock = claimed(tags, work, params["lease"], Deadline(params["timeout"] if params["wait"] else 0))
    return {"changed": not params["holder"], "lock": _lock.shown(lock.claim)}


def absent(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State absent: give the lock back."""
    params = module.params
    anchor = _anchor_id(connection, params["name"])
    if anchor is None:
        return {"changed": False, "lock": None}
    tags = Tags(connection, anchor)
    held = any(claim.holder == params["holder"] for claim in _lock.claims(tags.read().tags))
    if held and not module.check_mode:
        tags.run(_lock.release(params["holder"]))
    return {"changed": held, "lock": None}


def _refuse_unfit(params: t.Mapping[str, t.Any]) -> None:
    refuse(operation_problems(params["operation"]))
    if params["lease"] < SHORTEST_LEASE:
        raise DbaasError("invalid", f"lease: {params['lease']}: at least {SHORTEST_LEASE} seconds", option="lease")


def _anchor_id(connection: t.Any, name: str) -> str | None:
    refuse(name_problems(name))
    found = find_anchor(connection, name)
    return found[0].id if found else None


def _foretold(tags: Tags, holder: str | None) -> dict[str, t.Any]:
    reading = tags.read()
    first = _lock.living(reading.tags, reading.now)
    if first is not None and first.holder != holder:
        raise refusal(first)
    return {"changed": first is None, "lock": None}
