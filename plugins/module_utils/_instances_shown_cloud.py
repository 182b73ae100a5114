# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances of a project as modules and the inventory show them. Effects (reading only); private to the collection."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_view import view
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import find, find_all


def shown(connection: t.Any, name: str | None = None, *, prefix: str) -> tuple[list[dict[str, t.Any]], bool]:
    """All instances, or the one of that name if there is one, as view tells them; and whether the store could be asked."""
    instances = [found for found in [find(connection, name)] if found] if name else find_all(connection)
    uids = [instance.anchor.uid for instance in instances] if name else None
    # Only of a server that runs does a heartbeat change the status.
    run = {found.anchor.uid for found in instances if found.server and found.server.status == "ACTIVE"}
    heartbeats, reachable = _store.heartbeats_if_reachable(connection, prefix=prefix, uids=uids, confirm=run)
    now = time.time()
    rows = [
        view(instance, heartbeats.get(instance.anchor.uid), now=now, store_reachable=reachable)
        for instance in instances
    ]
    return rows, reachable


def require(connection: t.Any, name: str, prefix: str) -> dict[str, t.Any]:
    """The instance that option instance names, as shown tells it. DbaasError (not_found) when there is none."""
    rows, _reachable = shown(connection, name, prefix=prefix)
    if not rows:
        raise DbaasError("not_found", f"instance: there is no instance {name!r}", option="instance")
    return rows[0]
