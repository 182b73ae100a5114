# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configuration groups in the store, and the instances that have them. Effects; private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._configuration import Configuration, parse
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import shown

FOLDER = "configurations"


def find(connection: t.Any, name: str, prefix: str) -> Configuration | None:
    """The group of that name."""
    body = _store.read_record(connection, f"{FOLDER}/{name}", prefix=prefix)
    return None if body is None else parse(body, name)


def exists(connection: t.Any, name: str, prefix: str) -> bool:
    """Whether there is a record of that name, a damaged one too."""
    return _store.read_record(connection, f"{FOLDER}/{name}", prefix=prefix) is not None


def find_all(connection: t.Any, prefix: str) -> list[Configuration]:
    """All groups by name."""
    names = sorted(_store.list_records(connection, FOLDER, prefix=prefix))
    found = (find(connection, name, prefix) for name in names)
    return [one for one in found if one is not None]


def write(connection: t.Any, configuration: Configuration, there: Configuration | None, prefix: str) -> None:
    """Keep a group. there: what it was made from. DbaasError (conflict) when somebody else is seen to have changed it meanwhile: what they wrote stands.

    The store has no lock: of two that write within the same moment, the first may not hear of the second.
    """
    if find(connection, configuration.name, prefix) != there:
        raise _changed(configuration.name)
    _store.write_record(connection, f"{FOLDER}/{configuration.name}", configuration.body(), prefix=prefix)
    if find(connection, configuration.name, prefix) != configuration:
        raise _changed(configuration.name)


def _changed(name: str) -> DbaasError:
    msg = f"configuration group {name} was changed by somebody else at the same time: look at it, and set it again"
    return DbaasError("conflict", msg)


def delete(connection: t.Any, name: str, prefix: str) -> None:
    """Remove a group."""
    _store.delete_object(connection, _store.RECORDS, f"{FOLDER}/{name}", prefix=prefix)


def attached(connection: t.Any, prefix: str) -> dict[str, list[dict[str, t.Any]]]:
    """By name of the group, the instances that have it: name, uid, status, fault."""
    found: dict[str, list[dict[str, t.Any]]] = {}
    rows, _reachable = shown(connection, prefix=prefix)
    for instance in rows:
        if instance["configuration"]:
            told = {key: instance[key] for key in ("name", "uid", "status", "fault")}
            found.setdefault(instance["configuration"], []).append(told)
    return found
