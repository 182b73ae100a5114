# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's configuration file, validated before anything runs."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from typing import Any

from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_object

_PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*")
_DRIVER = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Config:
    """What the agent knows about its guest; paths are absolute, intervals are seconds."""

    uid: str
    datastore: str
    version: str
    driver: str
    service: str
    data_dir: str
    tls_dir: str
    datastore_user: str
    datastore_group: str
    socket: str
    mount_point: str = "/var/lib/dbaas"
    heartbeat_interval: int = 30
    log_bytes: int = 32 * 1024**2
    ticket_file: str = "/etc/dbaas/heartbeat.ticket"
    store_ca_file: str = ""
    state_dir: str = "/var/lib/dbaas-agent"


_FORMS: dict[str, re.Pattern[str]] = {
    "uid": _NAME,
    "datastore": _NAME,
    "version": _NAME,
    "driver": _DRIVER,
    "service": _NAME,
    "mount_point": _PATH,
    "data_dir": _PATH,
    "tls_dir": _PATH,
    "datastore_user": _NAME,
    "datastore_group": _NAME,
    "socket": _PATH,
    "ticket_file": _PATH,
    "store_ca_file": re.compile(f"({_PATH.pattern})?"),
    "state_dir": _PATH,
}
_RANGES = {"heartbeat_interval": (5, 3600), "log_bytes": (65536, 2**40)}


def parse(given: dict[str, Any]) -> Config:
    """A Config from the file's object; AgentError(invalid) names every fault."""
    known = {field.name: field for field in fields(Config)}
    faults = [f"{name}: unknown" for name in sorted(set(given) - set(known))]
    for name, field in known.items():
        if name in given:
            faults.extend(_fault(name, given[name]))
        elif field.default is MISSING:
            faults.append(f"{name}: required")
    if not faults:
        inside = given.get("mount_point", Config.mount_point) + "/"
        faults.extend(
            f"{name}: {given[name]!r} must lie below the mount point {inside}"
            for name in ("data_dir", "tls_dir")
            if not given[name].startswith(inside)
        )
    if faults:
        raise AgentError("invalid", "configuration: " + "; ".join(faults), faults=faults)
    return Config(**given)


def _fault(name: str, value: Any) -> list[str]:
    if name in _RANGES:
        low, high = _RANGES[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return [f"{name}: {value!r} is no integer from {low} to {high}"]
        return []
    if not isinstance(value, str) or not _FORMS[name].fullmatch(value) or ".." in value.split("/"):
        return [f"{name}: {value!r} is not of the form {_FORMS[name].pattern}"]
    return []


def load(path: str) -> Config:
    """The configuration file at the path."""
    try:
        given = read_object(path)
    except (OSError, ValueError) as fault:
        raise AgentError("invalid", f"configuration {path}: {fault}") from fault
    if given is None:
        raise AgentError("invalid", f"configuration {path}: no such file")
    return parse(given)
