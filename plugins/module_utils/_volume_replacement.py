# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps put another data volume in the place of an instance's, and the one of before back. Pure; private to the collection.

Each step leaves a state from which the same plan goes on. While both count as the one that the instance works with, that is the
older one: nothing is lost by a run that is killed there.
"""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import (
    Step,
    refuse_locked,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    DATA,
    DISCARDED,
    INITIALISED,
    NEXT,
    OF_BACKUPS,
    PREVIOUS,
    RESTORED,
    ROLE,
    Instance,
    Volume,
)


def plan_next(instance: Instance, *, backup: str, size: int, snapshot: str = "") -> list[Step]:
    """Steps to a volume of so many GiB, or as many as now, for the data of a backup (its id). DbaasError not_actionable.

    snapshot: the one of which it is made; without it the volume is empty.
    """
    now = _current(instance)
    size = max(size, now.size)
    if _is_replaced(instance, backup):
        return []
    previous = _with(instance, PREVIOUS)
    if previous:
        msg = (
            f"{instance.group.name} still has volume {previous[0].id}, which it worked with before the last restore:"
            " playbook restore_confirm deletes it, restore_undo goes back to it"
        )
        raise DbaasError("not_actionable", msg, volume_id=previous[0].id)
    refuse_locked("be restored", instance)
    there = _next(instance, backup)
    good = there is not None and there.size == size and not there.status.startswith("error")
    old = [one for one in instance.other_volumes if not (good and one is there)]
    steps = [_let_go(instance, one) for one in old]
    if good:
        return steps
    metadata = {key: value for key, value in now.metadata.items() if key not in (INITIALISED, ROLE)}
    metadata |= {ROLE: NEXT, RESTORED: backup}
    details = {"size": size, "type": now.type, "snapshot": snapshot, "metadata": metadata}
    return [*steps, Step("create", "next_volume", now.name, details, now.id)]


def plan_replace(instance: Instance, *, backup: str) -> list[Step]:
    """Steps by which the instance works with that volume, its own being detached. DbaasError not_actionable."""
    now = _current(instance)
    if _is_replaced(instance, backup):
        return []
    coming = _next(instance, backup)
    if coming is None:
        raise DbaasError("not_actionable", f"{instance.group.name} has no volume that could take the place of {now.id}")
    _refuse_attached(instance, now)
    steps = [] if coming.role == DATA else [_role(coming, DATA)]
    return [*steps, _role(now, PREVIOUS)]


def plan_put_back(instance: Instance) -> list[Step]:
    """Steps by which it works with the volume of before again, its own being detached. DbaasError not_actionable."""
    now = _current(instance)
    previous = _with(instance, PREVIOUS)
    # A run was killed between the two steps.
    half = [one for one in _with(instance, DATA) if one is not now]
    if not previous:
        if half or _with(instance, DISCARDED):
            return [_role(one, DISCARDED) for one in half]
        msg = f"{instance.group.name} has no volume of before a restore: there is nothing to undo"
        raise DbaasError("not_actionable", msg)
    _refuse_attached(instance, now)
    return [_role(previous[-1], DATA), _role(now, DISCARDED)]


def plan_drop(instance: Instance) -> list[Step]:
    """Steps by which it has no volume but the one that it works with."""
    _current(instance)
    return [_let_go(instance, one) for one in instance.other_volumes]


def _current(instance: Instance) -> Volume:
    if instance.volume is None:
        raise DbaasError("not_actionable", f"{instance.group.name} has no data volume")
    return instance.volume


def _with(instance: Instance, role: str) -> list[Volume]:
    return [one for one in instance.volumes if one.role == role]


def _is_replaced(instance: Instance, backup: str) -> bool:
    return _current(instance).metadata.get(RESTORED) == backup and bool(_with(instance, PREVIOUS))


def _next(instance: Instance, backup: str) -> Volume | None:
    return next(
        (one for one in instance.other_volumes if one.role in (NEXT, DATA) and one.metadata.get(RESTORED) == backup),
        None,
    )


def _refuse_attached(instance: Instance, volume: Volume) -> None:
    if instance.server is not None and volume.id in instance.server.volume_ids:
        msg = f"volume {volume.id} is attached to the server of {instance.group.name}: detach it first"
        raise DbaasError("not_actionable", msg, volume_id=volume.id)


def _role(volume: Volume, role: str) -> Step:
    return Step("update", "volume_metadata", volume.name, {"metadata": {ROLE: role}}, volume.id)


def _let_go(instance: Instance, volume: Volume) -> Step:
    """Deletes it, or leaves it to the backups that are snapshots of it, with which it goes."""
    if volume.id in instance.backups.values():
        return _role(volume, OF_BACKUPS)
    return Step("delete", "volume", volume.name, {"size": volume.size, "role": volume.role}, volume.id)


REPLACEMENTS: dict[str, t.Callable[..., list[Step]]] = {
    "make_next_volume": plan_next,
    "replace_volume": plan_replace,
    "put_volume_back": plan_put_back,
    "drop_volumes": plan_drop,
}
"""By action; the first two take options."""
