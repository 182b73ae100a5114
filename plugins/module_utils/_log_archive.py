# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where published logs lie in the store. Pure; private to the collection."""

from __future__ import annotations

import re
import typing as t


def folder(params: t.Mapping[str, t.Any]) -> str:
    """The folder of log ``name`` of instance ``uid``."""
    return f"{params['uid']}/{params['name']}"


def folder_problems(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """By option, what is wrong with it, or False."""
    return {
        "uid": not re.fullmatch(r"[0-9a-f]{32}", params["uid"]) and "it must be 32 hexadecimal digits",
        "name": not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", params["name"])
        and "it must be the name of a log, small letters, digits and '_'",
        "store_prefix": "/" in params["store_prefix"] and "it must not contain /",
    }
