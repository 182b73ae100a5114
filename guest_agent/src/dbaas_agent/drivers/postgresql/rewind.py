# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a PostgreSQL that has writes of its own becomes one that can follow another: by pg_rewind."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from dbaas_agent import data_directory, systemd
from dbaas_agent.config import Config
from dbaas_agent.drivers.postgresql.replication import begins, history_file
from dbaas_agent.drivers.postgresql.sql import MAINTENANCE
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_text

_REWIND_SECONDS = 1000
_BEGIN = re.compile(r"^START WAL LOCATION: [0-9A-F/]+ \(file ([0-9A-F]{24})\)", re.MULTILINE)
_PART = re.compile(r"[0-9A-F]{24}")
_PART_BYTES = 16 * 2**20
"""As initdb makes a cluster."""


@dataclass(frozen=True)
class Rewound:
    """A step that takes back what the server, which is stopped, wrote and the other one has not; nothing where there is nothing of that kind.

    AgentError(conflict) when that is not possible.
    """

    config: Config
    program: str
    settings_file: str
    way: str

    def shown(self) -> str:
        """As what it is known."""
        return "pg_rewind"

    def put(self) -> None:
        """Have it done; run again after it was stopped midway, it goes on."""
        command = [
            self.program,
            f"--target-pgdata={self.config.data_dir}",
            f"--config-file={self.settings_file}",
            f"--source-server={self.way} dbname={MAINTENANCE}",
        ]
        user, group = self.config.datastore_user, self.config.datastore_group
        try:
            with data_directory.being_rewound(self.config):
                systemd.run_outside("dbaas-rewind", command, user, group, _REWIND_SECONDS)
        except AgentError as fault:
            if fault.reason == "timeout":
                raise
            msg = f"what this server wrote and its source has not cannot be taken back: it has to be made anew ({fault.msg})"
            raise AgentError("conflict", msg, **fault.details) from fault
        self._require_log()

    def _require_log(self) -> None:
        """The server would wait for ever for what nobody has any more."""
        label = read_text(os.path.join(self.config.data_dir, "backup_label"))
        parts = os.listdir(os.path.join(self.config.data_dir, "pg_wal"))
        gone = lacking(label or "", parts, partial(history_file, self.config.data_dir))
        if gone:
            msg = f"its source does not have {gone} any more, a part of the log that this server lacks: it has to be made anew"
            raise AgentError("conflict", msg)


def lacking(label: str, log: Iterable[str], history: Callable[[int], str]) -> str:
    """The first file of the log that a server needs after pg_rewind, and that is not there; empty where all are, or nothing was rewound.

    pg_rewind brings all that its source has. label: the content of backup_label, which says where the server begins to read. log: names in pg_wal.
    history: see ``begins``.
    """
    begin = _BEGIN.search(label)
    if begin is None:
        return ""
    parts = {name for name in log if _PART.fullmatch(name)}
    timelines = [
        (one, _byte(lsn) // _PART_BYTES) for one, lsn in begins(max(_timeline(name) for name in parts), history)
    ]
    for number in range(_number(begin[1]), max(_number(name) for name in parts)):
        timeline = next(one for one, first in reversed(timelines) if first <= number)
        name = f"{timeline:08X}{number // 256:08X}{number % 256:08X}"
        if name not in parts:
            return name
    return ""


def _timeline(name: str) -> int:
    return int(name[:8], 16)


def _number(name: str) -> int:
    """Of the part in the whole log."""
    return int(name[8:16], 16) * (2**32 // _PART_BYTES) + int(name[16:], 16)


def _byte(lsn: str) -> int:
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)
