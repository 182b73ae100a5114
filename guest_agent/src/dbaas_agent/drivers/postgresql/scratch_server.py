# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server for nobody, with another data directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbaas_agent import systemd

SOCKET = "/run/dbaas-scratch"
_UNIT = "dbaas-scratch"
_START_SECONDS = 3600.0
_STOP_SECONDS = 1000.0


@contextmanager
def serving(driver: Any, directory: str) -> Iterator[None]:
    """It has this data directory, which is the datastore's user's and new, and answers in SOCKET alone; it is stopped cleanly at the end.

    What it writes is safe only once it has ended and the file system was told to write everything.
    """
    config = driver.config
    properties = {
        "Type": "notify",
        "User": config.datastore_user,
        "Group": config.datastore_group,
        "RuntimeDirectory": "dbaas-scratch",
        "KillSignal": "SIGINT",
        "TimeoutStartSec": "infinity",
        "TimeoutStopSec": "900",
    }
    own = {
        "data_directory": directory,
        "hba_file": f"{directory}/pg_hba.conf",
        "ident_file": f"{directory}/pg_ident.conf",
        "listen_addresses": "",
        "unix_socket_directories": SOCKET,
        "ssl": "off",
        "logging_collector": "off",
        "log_destination": "stderr",
        "archive_mode": "off",
        "fsync": "off",
        "default_transaction_read_only": "off",
    }
    command = [
        *driver.server_command(directory),
        *(word for name, value in own.items() for word in ("-c", f"{name}={value}")),
    ]
    systemd.end_transient(_UNIT)
    try:
        systemd.start_transient(_UNIT, command, properties, _START_SECONDS)
        yield
    finally:
        systemd.end_transient(_UNIT, _STOP_SECONDS)
