# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job's journal: a directory on the data volume that appears whole, with one writer for each file at a time.

``request.json`` never changes. ``state.json`` is the job's while its unit lives, then the agent's; there is none before
the job begins. ``cancel`` says that the job was asked to end. ``log.jsonl`` is the job's.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, fields
from typing import Any, TypeVar

from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import ensure_directory, read_object, sync_directory, write_atomic
from dbaas_agent.jobs.record import FAILED, Progress, Record, Request, State

_T = TypeVar("_T")


def root(config: Config) -> str:
    """Where the journals are."""
    return os.path.join(config.mount_point, "jobs")


def identities(directory: str) -> list[str]:
    """The ids of the jobs that have a journal."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    return sorted(
        name for name in names if os.path.exists(os.path.join(directory, name, "request.json")) and name[0] != "."
    )


def sweep(directory: str) -> None:
    """Remove what a stop has left half made or half removed."""
    ensure_directory(directory, 0o700)
    for name in set(os.listdir(directory)) - set(identities(directory)):
        shutil.rmtree(os.path.join(directory, name))


class Journal:
    """The journal of one job."""

    def __init__(self, directory: str, identity: str) -> None:
        self._identity = identity
        self.path = os.path.join(directory, identity)
        self._request = os.path.join(self.path, "request.json")
        self._state = os.path.join(self.path, "state.json")
        self._cancel = os.path.join(self.path, "cancel")
        self._log = os.path.join(self.path, "log.jsonl")

    def create(self, request: Request) -> None:
        """Begin the journal; the directory of all journals is there (``sweep``)."""
        directory = os.path.dirname(self.path)
        partial = os.path.join(directory, f".{self._identity}.new")
        os.mkdir(partial, 0o700)
        write_atomic(os.path.join(partial, "request.json"), _json(asdict(request)))
        os.rename(partial, self.path)
        sync_directory(directory)

    def read(self) -> Record | None:
        """What the journal tells, or None without one; one that cannot be read tells of a failed job."""
        try:
            request = read_object(self._request)
            if request is None:
                return None
            state = read_object(self._state) or {}
            progress = _made(Progress, state.pop("progress", {}))
            return Record(_made(Request, request), _made(State, {**state, "progress": progress}), self._asked())
        except (OSError, ValueError, TypeError) as fault:
            error = AgentError("agent", f"the journal {self.path} cannot be read: {fault}").answer()
            return Record(Request(self._identity, "", {}, 0, [], 0), State(FAILED, ended=0, error=error))

    def write(self, state: State) -> None:
        write_atomic(self._state, _json(asdict(state)))

    def ask_to_end(self) -> None:
        """From now on the job's end, unless it writes one of its own, is that it was cancelled."""
        write_atomic(self._cancel, b"")

    def append(self, line: str) -> None:
        """Add a line to the job's log."""
        with open(self._log, "a", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
            stream.write(line)

    def remove(self) -> None:
        partial = os.path.join(os.path.dirname(self.path), f".{self._identity}.old")
        os.rename(self.path, partial)
        shutil.rmtree(partial)

    def _asked(self) -> bool:
        return os.path.exists(self._cancel)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"


def _made(kind: type[_T], given: Any) -> _T:
    """An object of what is known of it: a newer agent may have written more."""
    if not isinstance(given, dict):
        raise ValueError(f"{kind.__name__}: a JSON object is wanted")
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in given.items() if name in known})
