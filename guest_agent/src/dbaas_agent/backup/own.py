# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies that the operator has put into this guest; they stand before the driver's of the same name."""

from __future__ import annotations

import os
import re
import stat
from importlib import util
from typing import TYPE_CHECKING

from dbaas_agent.errors import AgentError

if TYPE_CHECKING:
    from dbaas_agent.backup.strategy import Strategy

DIRECTORY = "/etc/dbaas/strategies"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def find(name: str) -> type[Strategy] | None:
    """The class ``OwnStrategy`` of the file NAME.py; None where there is no such file.

    AgentError(unsupported) when somebody else than root could have written it, or it has no such class.
    """
    path = os.path.join(DIRECTORY, f"{name}.py")
    if not _NAME.fullmatch(name) or not os.path.lexists(path):
        return None
    for place in (DIRECTORY, path):
        _require_roots_own(place)
    spec = util.spec_from_file_location(f"dbaas_own_{name.replace('-', '_')}", path)
    if spec is None or spec.loader is None:
        raise AgentError("unsupported", f"{path} is no Python")
    module = util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        found: type[Strategy] = module.OwnStrategy
    except Exception as fault:  # Whatever the operator wrote.
        raise AgentError("unsupported", f"{path} has no class OwnStrategy: {type(fault).__name__}: {fault}") from fault
    return found


def _require_roots_own(path: str) -> None:
    seen = os.lstat(path)
    if seen.st_uid != 0 or seen.st_mode & 0o022 or stat.S_ISLNK(seen.st_mode):
        raise AgentError("unsupported", f"{path}: it must belong to root, and nobody else may write it")
