# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_prune
short_description: Remove backups that a retention policy does not keep
version_added: 0.1.0
description:
  - Keeps, for each instance on its own, what the policy names, everything that a kept backup follows, and what is under way. Everything else is removed.
  - One number of the policy has to be given at least.
  - What has failed stays for a day, unless a good backup has been taken since. Removals that were interrupted are finished.
  - Objects that belong to no backup and are older than a day are removed too.
  - A snapshot that Cinder keeps, because a volume was made of it, stays with a warning until that volume is gone.
  - Check mode shows what would be removed.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  instance:
    description: Only the backups of an instance that had this name, or with this C(dbaas_uid). Without it those of all instances, also of those that are gone.
    type: str
  hourly:
    description: Of so many hours in which there are backups, the newest of each is kept.
    type: int
  daily:
    description: The same for days, by UTC.
    type: int
  weekly:
    description: The same for weeks, which begin on Monday.
    type: int
  monthly:
    description: The same for months.
    type: int
  minimum:
    description: So many of the newest are kept, whenever they were taken. At least 1, which it is without it.
    type: int
seealso:
  - module: dbaas.openstack.backup
  - module: dbaas.openstack.backup_info
"""

EXAMPLES = r"""
- name: Keep a week of days and a year of months
  dbaas.openstack.backup_prune:
    cloud: devcloud
    daily: 7
    monthly: 12
"""

RETURN = r"""
kept:
  description:
    - The backups that stay, each with C(id), C(name), C(instance) and why, C(because). V(in_use) are snapshots that Cinder keeps, which check mode cannot tell.
  returned: success
  type: list
  elements: dict
  sample: [{id: 7a1f0c2d3b4a59687766554433221100, name: orders-monday, instance: orders, because: [minimum, daily]}]
removed:
  description: The backups that go, each with C(id), C(name), C(instance), C(status) and C(bytes).
  returned: success
  type: list
  elements: dict
orphans:
  description: How many objects and snapshots that belong to no backup go.
  returned: success
  type: int
  sample: 0
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: invalid
"""

import dataclasses
import itertools
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _backup,
    _backup_snapshots_cloud,
    _backups_cloud,
    _store,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import Summary
from ansible_collections.dbaas.openstack.plugins.module_utils._backup_retention import Policy, kept, removable
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._place_in_store import refuse_options
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline

_NUMBERS = [field.name for field in dataclasses.fields(Policy)]


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "instance": {"type": "str"},
        **{name: {"type": "int"} for name in _NUMBERS},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """Remove what goes."""
    params, prefix = module.params, module.params["store_prefix"]
    given = {name: params[name] for name in _NUMBERS if params[name] is not None}
    if not given:
        # All but the newest would go.
        raise DbaasError(
            "invalid", f"{', '.join(_NUMBERS)}: one of them at least says what is to be kept", option="minimum"
        )
    least = {name: int(name == "minimum") for name in given}
    refuse_options(params, {name: given[name] < least[name] and f"it must be {least[name]} or more" for name in given})
    policy = Policy(**given)
    now = int(time.time())
    known = _backups_cloud.find_all(connection, prefix)
    meant = _backup.wanted(known, None, params["instance"], None)
    stay, go = [], []
    for _uid, group in itertools.groupby(sorted(meant, key=lambda one: one.uid), key=lambda one: one.uid):
        own = list(group)
        gone = removable(own, policy, now)
        why = kept(own, policy)
        go += gone
        stay += [(one, why.get(one.id, [one.status.lower()])) for one in own if one not in gone]
    orphans = [] if params["instance"] else _backups_cloud.orphans(connection, known, prefix, now)
    snapshots = [] if params["instance"] else _backup_snapshots_cloud.orphans(connection, {one.id for one in known})
    if not module.check_mode:
        in_use = [one for one in go if not _deleted(module, connection, one)]
        go = [one for one in go if one not in in_use]
        stay += [(one, ["in_use"]) for one in in_use]
        for container, name in orphans:
            _store.delete_object(connection, container, name, prefix="")
        for snapshot_id in snapshots:
            _backup_snapshots_cloud.delete_orphan(connection, snapshot_id, Deadline(params["timeout"]))
    shown = [{key: getattr(one, key) for key in ("id", "name", "instance", "status", "bytes")} for one in go]
    lost = len(orphans) + len(snapshots)
    names = sorted(one.name for one in go)
    return {
        "changed": bool(go or lost),
        "kept": [_kept(one, why) for one, why in stay],
        "removed": shown,
        "orphans": lost,
        "diff": {"before": {"removed": names, "orphans": lost}, "after": {"removed": [], "orphans": 0}},
    }


def _deleted(module: AnsibleModule, connection: t.Any, one: Summary) -> bool:
    """Whether it is gone now; it stays, with a warning, where Cinder keeps its snapshot."""
    try:
        _backups_cloud.delete(connection, one, module.params["store_prefix"])
    except DbaasError as fault:
        if "snapshot_id" not in fault.details or fault.reason != "conflict":
            raise
        module.warn(f"backup {one.name} stays: {fault.msg}")
        return False
    return True


def _kept(one: Summary, why: t.Sequence[str]) -> dict[str, t.Any]:
    return {"id": one.id, "name": one.name, "instance": one.instance, "because": list(why)}


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
