# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of the family for nobody, with another data directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dbaas_agent import systemd
from dbaas_agent.drivers.mysql_family import sessions
from dbaas_agent.drivers.mysql_family.sql import Statement

SOCKET = "/run/dbaas-scratch/server.sock"
_UNIT = "dbaas-scratch"
_START_SECONDS = 7 * 86400.0
_STOP_SECONDS = 1000.0
_STATEMENT_SECONDS = 3600


class Scratch:
    """Statements on the server, as sessions.Execute."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __call__(self, statement: Statement) -> list[dict[str, Any]]:
        return sessions.rows(self._connection, statement)

    def speak(self, character_set: str) -> None:
        """From now on statements come in this character set."""
        self._connection.set_charset(character_set)


def client(program: str, *options: str) -> list[str]:
    """The command that has the server carry out what it reads."""
    usual = ["--no-defaults", "--binary-mode", "--max-allowed-packet=1G", f"--socket={SOCKET}", "--user=root"]
    return [program, *usual, *options]


@contextmanager
def serving(driver: Any, directory: str, logged: bool = False) -> Iterator[Scratch]:
    """Statements on a server with this data directory, which is the datastore's user's; it is stopped cleanly at the end.

    It listens on SOCKET alone, writes no log of statements, and nothing in the data begins by itself. Where the instance is new, it comes before certificates.
    logged: whether it has the binary log that is in the directory.
    """
    config = driver.config
    properties = {
        "Type": "notify",
        "User": config.datastore_user,
        "Group": config.datastore_group,
        "RuntimeDirectory": "dbaas-scratch",
        "TimeoutStartSec": "infinity",
        "TimeoutStopSec": "900",
    }
    command = [
        driver.server,
        f"--datadir={directory}",
        f"--socket={SOCKET}",
        "--pid-file=/run/dbaas-scratch/server.pid",
        "--skip-networking",
        *([] if logged else ["--skip-log-bin"]),
        "--general-log=OFF",
        "--slow-query-log=OFF",
        "--event-scheduler=OFF",
        "--wait-timeout=31536000",
        "--max-allowed-packet=1G",
        *driver.alone,
    ]
    systemd.end_transient(_UNIT)
    try:
        systemd.start_transient(_UNIT, command, properties, _START_SECONDS)
        connection = sessions.connect(SOCKET, _STATEMENT_SECONDS, driver.own)
        try:
            yield Scratch(connection)
        finally:
            connection.close()
    finally:
        systemd.end_transient(_UNIT, _STOP_SECONDS)


def forget_source(driver: Any, execute: Scratch) -> None:
    """Data of a replica tell whom it follows."""
    for statement in driver.forget_source:
        execute(statement)


def start_once(driver: Any, directory: str) -> None:
    """Have the server recover the data directory and forget whom the one that was backed up follows, and change nothing else in it."""
    with serving(driver, directory) as execute:
        forget_source(driver, execute)


def recover(driver: Any, directory: str) -> None:
    """Have the copy of the data directory of a server that ran be one of a server that was stopped, with all that it told clients to be kept.

    What was prepared in the data is committed when it is in the binary log; without that log, the server would refuse to start.
    """
    # Two servers of one UUID take each other's GTIDs for their own.
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(directory, "auto.cnf"))
    with serving(driver, directory, logged=True):
        pass
