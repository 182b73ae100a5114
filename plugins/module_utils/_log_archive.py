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


def name_problem(name: str) -> str | bool:
    """What is wrong with the name of a log, or False."""
    return (
        not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name)
        and "it must be the name of a log, small letters, digits and '_'"
    )
