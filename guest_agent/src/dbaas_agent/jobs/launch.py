# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting a job: its journal, its unit, and the way of its secrets, all there or none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from dbaas_agent import systemd
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import remove, write_atomic
from dbaas_agent.jobs.journal import Journal
from dbaas_agent.jobs.record import Request, unit_of
from dbaas_agent.sandbox import SANDBOX
from dbaas_agent.schema import SOCKET

CREDENTIAL = "secrets"
RUN_DIR = os.path.dirname(SOCKET)
_SECONDS = 20.0
# The datastore comes first: in processor, input and output, and when memory runs out.
_PROPERTIES = {
    "Type": "exec",
    "KillMode": "mixed",
    "TimeoutStopSec": "30",
    "SyslogIdentifier": "dbaas-job",
    "CPUWeight": "20",
    "IOWeight": "20",
    "OOMScoreAdjust": "500",
    "TasksMax": "64",
    **SANDBOX,
    "CapabilityBoundingSet": "",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
}


def launch(
    journal: Journal,
    request: Request,
    command: Sequence[str],
    secrets: dict[str, Any],
    properties: Mapping[str, str],
) -> None:
    """Begin the journal and start the command, given the job's id, as its unit; AgentError leaves neither."""
    unit = unit_of(request.id)
    own = {**_PROPERTIES, **properties, "RuntimeMaxSec": str(request.seconds)}
    own["ReadWritePaths"] = " ".join(filter(None, [journal.path, properties.get("ReadWritePaths")]))
    journal.create(request)
    try:
        with _handed_over(request.id, secrets) as credential:
            systemd.start_transient(unit, [*command, request.id], {**own, **credential}, _SECONDS)
    except AgentError:
        with suppress(AgentError):
            systemd.stop(unit, _SECONDS)
        journal.remove()
        raise


@contextmanager
def _handed_over(identity: str, secrets: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The property by which PID 1 takes the secrets over while it starts the unit; the file is there until then."""
    if not secrets:
        yield {}
        return
    path = os.path.join(RUN_DIR, f"{identity}.secrets")
    write_atomic(path, json.dumps(secrets).encode())
    try:
        yield {"LoadCredential": f"{CREDENTIAL}:{path}"}
    finally:
        remove(path)


def taken_over() -> dict[str, Any]:
    """In the job: its secrets."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory is None:
        return {}
    with open(os.path.join(directory, CREDENTIAL), encoding="utf-8") as stream:
        secrets: dict[str, Any] = json.load(stream)
    return secrets
