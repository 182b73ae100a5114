# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as hosts of an inventory. Pure; private to the collection."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.dbaas.openstack.plugins.plugin_utils._ssh import connection_vars

ALL = "dbaas_instances"
_GROUPED_BY = ("datastore", "role", "status")


@dataclasses.dataclass(frozen=True)
class Host:
    """A host with its groups and variables."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, t.Any]


def host(instance: t.Mapping[str, t.Any], *, user: str, private_key_file: str = "", jump: str = "") -> Host:
    """What the inventory says of an instance, which is given as module instance_info returns it.

    Ansible can connect to those that have an address and known host keys; the others are hosts all the same, to be seen.
    """
    known = [f"{kind}_{instance[kind]}" for kind in _GROUPED_BY if instance[kind]]
    if instance["datastore"] and instance["datastore_version"]:
        known.append(f"datastore_{instance['datastore']}_{instance['datastore_version']}")
    if instance["replication_set"]:
        known.append(f"replication_set_{instance['replication_set']}")
    reachable = instance["management_host"] and instance["host_keys"]
    way = connection_vars(instance, user=user, private_key_file=private_key_file, jump=jump) if reachable else {}
    groups = (ALL, *(re.sub(r"\W", "_", group.lower()) for group in known))
    return Host(instance["name"], groups, {"dbaas": dict(instance), **way})
