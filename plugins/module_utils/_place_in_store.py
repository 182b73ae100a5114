# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that name what an instance has in the store, and the tickets for it. Private to the collection."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._private_file import directory_is_there, write_private


def place_problems(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """By option (uid, store_prefix, and dest where it is given), what is wrong with it, or False."""
    dest = params["dest"]
    return {
        "uid": not re.fullmatch(r"[0-9a-f]{32}", params["uid"]) and "it must be 32 hexadecimal digits",
        "dest": dest is not None and not directory_is_there(dest) and "it must be a file in an existing directory",
        "store_prefix": "/" in params["store_prefix"] and "it must not contain /",
    }


def refuse_options(params: t.Mapping[str, t.Any], problems: t.Mapping[str, t.Any]) -> None:
    """DbaasError (invalid) for the first option with a problem."""
    for option, problem in problems.items():
        if problem:
            raise DbaasError("invalid", f"{option} is {params[option]!r}; {problem}.", option=option)


def issue_ticket(
    connection: t.Any,
    dest: str,
    container: str,
    name: str,
    *,
    expires: int,
    prefix: str | None = None,
    method: str = "PUT",
) -> None:
    """Write a ticket for an object, or for all below a prefix, into a file on the controller. See _store.sign."""
    url = _store.sign(connection, container, name, method=method, expires=expires, prefix=prefix)
    write_private(dest, [json.dumps({"url": url, "expires": expires}).encode()])
