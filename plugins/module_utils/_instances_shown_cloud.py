# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances of a project as modules and the inventory show them. Effects (reading only); private to the collection."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _replication_sets_cloud, _store
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_view import set_of, view
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import find, find_all
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Instance
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_listing import Listed

Rows = list[dict[str, t.Any]]


def shown(connection: t.Any, name: str | None = None, *, prefix: str) -> tuple[Rows, bool]:
    """All instances, or the one of that name if there is one, as view tells them; and whether the store could be asked."""
    if not name:
        return described(connection, find_all(connection), fleet=True, prefix=prefix)
    return described(connection, [one for one in [find(connection, name)] if one], fleet=False, prefix=prefix)


def described(connection: t.Any, instances: t.Sequence[Instance], *, fleet: bool, prefix: str) -> tuple[Rows, bool]:
    """Instances as view tells them. fleet: whether they are all, which is told by listings."""
    uids = None if fleet else [instance.anchor.uid for instance in instances]
    # Only of a server that runs does a heartbeat change the status.
    run = {found.anchor.uid for found in instances if found.server and found.server.status == "ACTIVE"}
    heartbeats, reachable = _store.heartbeats_if_reachable(connection, prefix=prefix, uids=uids, confirm=run)
    sets = _sets(connection, {set_of(instance) for instance in instances} - {""}, fleet, prefix) if reachable else {}
    now = time.time()
    rows = [
        view(instance, heartbeats.get(instance.anchor.uid), now=now, store_reachable=reachable, sets=sets)
        for instance in instances
    ]
    return rows, reachable


def _sets(connection: t.Any, named: t.Collection[str], fleet: bool, prefix: str) -> dict[str, Listed]:
    """The replication sets that instances name, by id; where nobody names one, none are asked for."""
    try:
        if named and fleet:
            return _replication_sets_cloud.list_all(connection, prefix)
        seen = {identity: _replication_sets_cloud.read_summary(connection, identity, prefix) for identity in named}
    except _store.StoreUnavailableError:
        return {}
    return {identity: one for identity, one in seen.items() if one is not None}


def require(connection: t.Any, name: str, prefix: str) -> dict[str, t.Any]:
    """The instance that option instance names, as shown tells it. DbaasError (not_found) when there is none."""
    rows, _reachable = shown(connection, name, prefix=prefix)
    if not rows:
        raise DbaasError("not_found", f"instance: there is no instance {name!r}", option="instance")
    return rows[0]
