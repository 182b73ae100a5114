# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases and users that a datastore would refuse, found before a guest is asked. Pure.

Private to this collection.
"""

from __future__ import annotations

import collections
import re
import typing as t

Names = dict[str, dict[str, t.Any]]


def _name_fault(names: Names, kind: str, name: str) -> str | None:
    rule = names[kind]
    if name.lower() in rule["reserved"]:
        return f"{name!r} belongs to the system"
    return None if re.fullmatch(rule["pattern"], name) else f"{name!r}: {rule['allowed']}"


def object_faults(names: Names, databases: t.Sequence[str], users: t.Sequence[dict[str, t.Any]]) -> list[str]:
    """Everything that is wrong with the databases and users of an instance, each fault with the place where it stands.

    Args:
        names: `names` of the datastore's definition: for database, user and host `pattern`, `allowed` (the pattern in
            words) and `reserved` (in lower case).
        databases: names of databases.
        users: dictionaries with name, host, databases, and password or password_file.
    """
    places = [("databases", "database", name) for name in databases]
    for number, user in enumerate(users):
        where = f"users[{number}]"
        places += [(f"{where}.name", "user", user["name"]), (f"{where}.host", "host", user["host"])]
        places += [(f"{where}.databases", "database", name) for name in user["databases"]]
    faults = [f"{where}: {fault}" for where, kind, name in places if (fault := _name_fault(names, kind, name))]
    faults += [
        f"users[{number}]: {user['name']!r} has no password and no password_file; give one of the two"
        for number, user in enumerate(users)
        if not (user.get("password") or user.get("password_file"))
    ]
    named = [("databases", name) for name in databases]
    named += [("users", f"{user['name']}@{user['host'].lower()}") for user in users]
    faults += [
        f"{where}: {name!r} is named twice" for (where, name), times in collections.Counter(named).items() if times > 1
    ]
    return faults
