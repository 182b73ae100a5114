# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server for nobody, which applies the log in a data directory and ends."""

from __future__ import annotations

from typing import Any

from dbaas_agent import systemd
from dbaas_agent.errors import AgentError

_UNIT = "dbaas-recover"
_SECONDS = 7 * 86400.0
_STATEMENT = "UPDATE pg_catalog.pg_subscription SET subenabled = false WHERE subenabled"
_SCRIPT = 'printf "%s\\n" "$1" | { shift; exec "$@"; }'


def recover(driver: Any, target: str, restore_command: str) -> None:
    """Recover the directory, which is the datastore's user's, and disable its subscriptions. AgentError(agent) when that fails.

    restore_command: as the setting of this name.
    """
    config = driver.config
    own = {
        "data_directory": target,
        # A server without sessions can have none while it recovers.
        "hot_standby": "off",
        # Whatever the configuration says: a statement that is refused ends it, and is heard of.
        "exit_on_error": "on",
        "log_min_messages": "warning",
        "lc_messages": "C",
        "logging_collector": "off",
        "log_destination": "stderr",
        "default_transaction_read_only": "off",
        "restore_command": restore_command,
    }
    program, *options = driver.server_command(target)
    server = [
        program,
        "--single",
        *options,
        *(word for name, value in own.items() for word in ("-c", f"{name}={value}")),
        "postgres",
    ]
    systemd.end_transient(_UNIT)
    try:
        command = ["sh", "-c", _SCRIPT.replace("$", "$$"), "sh", _STATEMENT, *server]
        done = systemd.run_outside(_UNIT, command, config.datastore_user, config.datastore_group, _SECONDS)
    except AgentError as fault:
        raise AgentError("agent", f"the restored data cannot be recovered: {fault.msg}", **fault.details) from fault
    finally:
        systemd.end_transient(_UNIT)
    refused = [line for line in done.err.splitlines() if "ERROR:" in line]
    if refused:
        raise AgentError("agent", f"the restored data cannot be recovered: {refused[0]}", output=done.err[-2000:])
