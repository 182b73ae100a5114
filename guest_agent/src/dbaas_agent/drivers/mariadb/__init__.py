# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dbaas_agent.drivers.mariadb import accounts, parameters, replication
from dbaas_agent.drivers.mysql_family import driver, semi_sync
from dbaas_agent.drivers.mysql_family.parameters import Server
from dbaas_agent.drivers.mysql_family.sessions import PING_SECONDS, Execute
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.drivers.mysql_family.users import Account
from dbaas_agent.tls_mode import Who

if TYPE_CHECKING:
    from dbaas_agent.backup.strategy import Strategy
    from dbaas_agent.jobs.kind import Kind
    from dbaas_agent.replication import Facts, Upstream


class Driver(driver.Driver):
    """The driver for MariaDB 10.5 and later."""

    server = "/usr/sbin/mariadbd"
    dialect = accounts.Dialect()
    own = (
        "SET SESSION max_statement_time = 0, tx_read_only = OFF, sql_safe_updates = OFF, sql_log_off = ON, sql_log_bin = OFF, slow_query_log = OFF, "
        "sql_select_limit = 18446744073709551615, sql_big_selects = ON"
    )
    collations = Statement(
        "SELECT FULL_COLLATION_NAME AS collation, CHARACTER_SET_NAME AS charset"
        " FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
    )
    kill = "KILL SOFT"
    """SOFT leaves alone what could not be taken back, such as the repair of a table."""
    monitoring = accounts.MONITORING
    words = replication.WORDS
    followed = replication.FOLLOWED
    receipts = semi_sync.Words("master", "slave", number="", alone="wait_no_slave")
    forget_source = (Statement("RESET SLAVE ALL"), Statement("SET GLOBAL gtid_slave_pos = ''"))
    wait = "MASTER_GTID_WAIT"
    read_only = ("read_only",)
    alone = ("--skip-slave-start", "--skip-ssl")
    synonyms = accounts.SYNONYMS

    def position(self) -> str:
        with self.session(PING_SECONDS) as execute:
            (row,) = execute(Statement("SHOW GLOBAL STATUS LIKE 'Innodb_lsn_current'"))
        return f"LSN {row['Value']}"

    def replication_facts(self) -> Facts:
        (server,) = self._kept.ask(replication.SERVER)
        receipts = semi_sync.receipts(self.receipts, self._kept.ask(semi_sync.STATUS))
        return replication.facts(server, self._kept.ask(replication.FOLLOWED), receipts)

    def create_command(self, directory: str) -> list[str]:
        return [
            "mariadb-install-db",
            f"--user={self.config.datastore_user}",
            f"--datadir={directory}",
            "--auth-root-authentication-method=socket",
            "--auth-root-socket-user=root",
            "--skip-test-db",
            "--skip-name-resolve",
            "--force",
        ]

    def secure(self, execute: Execute) -> None:
        for name, host in self._accounts(execute):
            if name == "" or (name == "root" and host != "localhost"):
                execute(Statement("DROP USER %s@%s", (name, host)))
        execute(Statement("ALTER USER root@localhost IDENTIFIED VIA unix_socket"))
        execute(Statement("DROP DATABASE IF EXISTS test"))
        execute(Statement("DELETE FROM mysql.db WHERE User = ''"))
        execute(Statement("FLUSH PRIVILEGES"))

    def reload_tls(self) -> None:
        with self.session() as execute:
            execute(Statement("FLUSH SSL"))

    def speaks_tls(self) -> bool:
        with self.session() as execute:
            return bool(execute(Statement("SELECT @@have_ssl AS spoken"))[0]["spoken"] == "YES")

    def jobs(self) -> dict[str, type[Kind]]:
        from dbaas_agent.drivers.mariadb.upgrade import DatastoreUpgrade
        from dbaas_agent.drivers.mysql_family.check import DatastoreCheck

        return {**super().jobs(), "datastore_check": DatastoreCheck, "datastore_upgrade": DatastoreUpgrade}

    def backup_strategies(self) -> dict[str, type[Strategy]]:
        from dbaas_agent.drivers.mariadb.backup import MariadbBackup
        from dbaas_agent.drivers.mariadb.dump import Dump

        return {"mariadb-backup": MariadbBackup, "mariadb-dump": Dump}

    def _accounts(self, execute: Execute) -> dict[Who, Account]:
        rows = execute(Statement("SELECT User, Host, Priv FROM mysql.global_priv"))
        told = {(row["User"], row["Host"]): json.loads(row["Priv"]) for row in rows}
        return {
            who: Account(*who, accounts.logins(stored), accounts.requirement(stored))
            for who, stored in told.items()
            if not stored.get("is_role")
        }

    def _parameters(self, execute: Execute, configured: Mapping[str, str | None], names: Iterable[str]) -> Server:  # noqa: ARG002 (all are told at once)
        rows = _variables(execute)
        return Server(
            parameters.variables(rows),
            self.running(execute),
            configured,
            self.bare(),
            parameters.OTHER_NAMES,
            parameters.KEPT,
            same=parameters.same,
        )

    def _begin(self, execute: Execute, upstream: Upstream, follows: bool) -> list[Statement]:
        (server,) = execute(replication.SERVER)
        return replication.begin(server, follows, upstream.position)

    def _awaitable(self, position: str) -> str:
        return replication.last_of_each_domain(position)

    def _read_only_by_statement(self, execute: Execute) -> bool:
        origin = (
            "SELECT GLOBAL_VALUE_ORIGIN AS origin FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME = %s"
        )
        return bool(execute(Statement(origin, ("READ_ONLY",)))[0]["origin"] == "SQL")


def _variables(execute: Execute) -> list[dict[str, Any]]:
    return execute(
        Statement(
            "SELECT VARIABLE_NAME, VARIABLE_SCOPE, VARIABLE_TYPE, DEFAULT_VALUE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE,"
            " NUMERIC_BLOCK_SIZE, ENUM_VALUE_LIST, READ_ONLY, COMMAND_LINE_ARGUMENT, GLOBAL_VALUE_ORIGIN, GLOBAL_VALUE_PATH"
            " FROM information_schema.SYSTEM_VARIABLES"
        )
    )
