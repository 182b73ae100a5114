# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which server group is an instance's, and whose it is when the one that it was made for is gone. Pure; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import ServerGroup


def server_group_of(
    groups: t.Iterable[t.Any], uid: str, server_ids: t.Collection[str], lives: t.Callable[[str], bool]
) -> ServerGroup | None:
    """The group that was made for the instance, or that which its server joined.

    groups: as Nova tells them. server_ids: the instance's. lives: whether the instance with a uid is there.
    """
    own = _anchor.server_tag(uid)
    fitting = [group for group in groups if group.name == own or not set(server_ids).isdisjoint(group.member_ids or ())]
    if not fitting:
        return None
    group = min(fitting, key=lambda group: group.name != own)
    made_for = _anchor.tagged(group.name)
    return ServerGroup(
        id=group.id,
        name=group.name,
        policy=group.policy or next(iter(group.policies or ()), ""),
        owned=group.name == own or bool(made_for and not lives(made_for)),
        shared=not set(group.member_ids or ()).issubset(server_ids),
    )
