# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kind of job is; drivers offer them by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import Any, ClassVar, Protocol

STOPPING_VERBS = frozenset(
    {"datastore_initialise", "datastore_restart", "datastore_stop", "volume_prepare", "volume_release"}
)


class Data(Enum):
    """What a job does with the data, whoever owns that."""

    ASKS = "asks the server"
    READS = "reads the data directory, and keeps something beside it"
    WRITES = "writes into the data directory"
    MAKES = "makes a data directory on the volume"


class Report(Protocol):
    """What a job tells while it runs. No secret."""

    def progress(
        self, phase: str, item: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        """How far it is; as often as one likes."""

    def log(self, event: str, level: str = "info", **fields: Any) -> None:
        """A line for the journal."""


class Kind(ABC):
    """One job of a kind, to be done by the driver.

    args, secrets: what it takes, as in dbaas_agent.schema; everything in ``secrets`` is secret. seconds: it is ended after
    so many. memory: the bound of its processes, for systemd. excludes: the verbs that are refused while it runs.
    data: what it does with the data.
    """

    args: ClassVar[dict[str, Any]] = {}
    secrets: ClassVar[dict[str, Any]] = {}
    seconds: ClassVar[int]
    memory: ClassVar[str] = "256M"
    excludes: ClassVar[frozenset[str]] = STOPPING_VERBS
    data: ClassVar[Data] = Data.ASKS

    def __init__(self, driver: Any, args: dict[str, Any], secrets: dict[str, Any]) -> None:
        self._driver = driver
        self._args = args
        self._secrets = secrets

    @classmethod
    def spec(cls) -> dict[str, Any]:
        """What ``args`` and ``secrets`` of job_start have to be."""
        secrets = {name: {**option, "secret": True} for name, option in cls.secrets.items()}
        return {
            "args": {"type": "dict", "required": True, "options": cls.args},
            "secrets": {"type": "dict", "required": True, "options": secrets},
        }

    @abstractmethod
    def verify(self) -> None:
        """AgentError when it cannot be done as asked. Runs in the agent before anything is made, and only reads."""

    @abstractmethod
    def run(self, report: Report) -> dict[str, Any]:
        """Do it, and return the result. AgentError when it fails; when it is told to end, any point raises Stopped, a
        BaseException: ``finally`` gives back what is held."""
