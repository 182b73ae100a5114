# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of what is asked for, all of them at once. Pure, and of no datastore."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dbaas_agent.errors import AgentError


def foreign(item: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """A fault for each option that other datastores have and is asked for."""
    return [f"{name}: this datastore has none" for name in names if item[name]]


def repeated(where: str, keys: Iterable[Any]) -> list[str]:
    """A fault for each key that is there more than once."""
    seen: set[Any] = set()
    doubles = {key for key in keys if key in seen or seen.add(key)}  # type: ignore[func-returns-value]
    return [f"{where}: {key!r} is named twice" for key in sorted(doubles)]


def refuse(faults: list[str]) -> None:
    """AgentError(invalid) with all of them, if there are any."""
    if faults:
        raise AgentError("invalid", "; ".join(faults), faults=faults)
