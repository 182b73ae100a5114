# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MySQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dbaas_agent.drivers import base
from dbaas_agent.drivers.mysql import accounts, parameters, replication
from dbaas_agent.drivers.mysql_family import driver, semi_sync
from dbaas_agent.drivers.mysql_family.parameters import Server, options
from dbaas_agent.drivers.mysql_family.sessions import PING_SECONDS, Execute
from dbaas_agent.drivers.mysql_family.sql import Statement, quote
from dbaas_agent.drivers.mysql_family.users import Account
from dbaas_agent.errors import AgentError
from dbaas_agent.tls_mode import Who

if TYPE_CHECKING:
    from dbaas_agent.backup.strategy import Strategy
    from dbaas_agent.jobs.kind import Kind
    from dbaas_agent.replication import Facts, Upstream

_READ_ONLY = 1238
_WRONG_VALUE = "GLOBAL log_output = 'dbaas'"
"""An assignment that the server refuses after it looked at those before it, and before it made one of them."""


class Driver(driver.Driver):
    """The driver for MySQL 9.7, and for servers made of it."""

    server = "/usr/sbin/mysqld"
    dialect = accounts.Dialect()
    own = (
        "SET SESSION max_execution_time = 0, transaction_read_only = OFF, sql_safe_updates = OFF, sql_log_off = ON, sql_log_bin = OFF,"
        " long_query_time = 31536000, min_examined_row_limit = 18446744073709551615,"
        " sql_select_limit = 18446744073709551615, sql_big_selects = ON"
    )
    collations = Statement(
        "SELECT COLLATION_NAME AS collation, CHARACTER_SET_NAME AS charset"
        " FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
    )
    monitoring = accounts.MONITORING
    words = replication.WORDS
    followed = replication.FOLLOWED
    receipts = semi_sync.Words("source", "replica", number="wait_for_replica_count", alone="wait_no_replica")
    forget_source = (Statement("RESET REPLICA ALL"),)
    wait = "WAIT_FOR_EXECUTED_GTID_SET"
    read_only = ("read_only", "super_read_only")
    alone = ("--skip-replica-start", "--tls-version=")

    def position(self) -> str:
        with self.session(PING_SECONDS) as execute:
            (row,) = execute(Statement("SHOW BINARY LOG STATUS"))
        return f"{row['File']}, {row['Position']}"

    def replication_facts(self) -> Facts:
        (server,) = self._kept.ask(replication.SERVER)
        receipts = semi_sync.receipts(self.receipts, self._kept.ask(semi_sync.STATUS))
        return replication.facts(server, self._kept.ask(replication.FOLLOWED), receipts)

    def create_command(self, directory: str) -> list[str]:
        # The root account has no password until lock_down: only the socket leads to it, for nobody else runs here.
        return [
            self.server,
            "--no-defaults",
            f"--datadir={directory}",
            "--initialize-insecure",
            "--auto-generate-certs=OFF",
            "--skip-log-bin",
        ]

    def secure(self, execute: Execute) -> None:
        plugins = execute(
            Statement("SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'auth_socket'")
        )
        if not plugins:
            execute(Statement("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'"))
        # A limit of its own: a max_user_connections of all would keep the agent out.
        execute(Statement("ALTER USER root@localhost IDENTIFIED WITH auth_socket WITH MAX_USER_CONNECTIONS 1000"))

    def reload_tls(self) -> None:
        with self.session() as execute:
            execute(Statement("ALTER INSTANCE RELOAD TLS"))

    def speaks_tls(self) -> bool:
        with self.session() as execute:
            rows = execute(Statement("SHOW GLOBAL STATUS LIKE 'Ssl_server_not_after'"))
            return bool(rows and rows[0]["Value"])

    def parameters(self) -> list[dict[str, Any]]:
        configured = self.read()
        with self.session() as execute:
            return self._server(execute, configured, configured, self._found_out(execute)).rules()

    def check_configuration(self, settings: base.Settings, file: str) -> None:
        # --help alone lets unknown names pass.
        self._refuse(self.ask(["--validate-config"], {settings.path: file}))
        super().check_configuration(settings, file)

    def jobs(self) -> dict[str, type[Kind]]:
        from dbaas_agent.drivers.mysql.upgrade import DatastoreUpgrade
        from dbaas_agent.drivers.mysql_family.check import DatastoreCheck

        return {**super().jobs(), "datastore_check": DatastoreCheck, "datastore_upgrade": DatastoreUpgrade}

    def backup_strategies(self) -> dict[str, type[Strategy]]:
        from dbaas_agent.drivers.mysql.backup import CloneBackup
        from dbaas_agent.drivers.mysql.dump import Dump
        from dbaas_agent.drivers.mysql.xtrabackup import Xtrabackup

        return {"clone": CloneBackup, "mysqldump": Dump, "xtrabackup": Xtrabackup}

    def _accounts(self, execute: Execute) -> dict[Who, Account]:
        rows = execute(
            Statement(
                "SELECT User, Host, plugin, authentication_string, User_attributes, account_locked, password_expired,"
                " ssl_type, x509_issuer, x509_subject FROM mysql.user"
            )
        )
        edges = execute(Statement("SELECT FROM_USER, FROM_HOST, TO_USER, TO_HOST FROM mysql.role_edges"))
        return accounts.accounts(rows, edges)

    def _parameters(self, execute: Execute, configured: Mapping[str, str | None], names: Iterable[str]) -> Server:
        return self._server(execute, configured, names, {})

    def _server(
        self,
        execute: Execute,
        configured: Mapping[str, str | None],
        names: Iterable[str],
        more: Mapping[str, Mapping[str, Any]],
    ) -> Server:
        bare, running = self.bare(), self.running(execute)
        asked = [parameters.OTHER_NAMES.get(name, name) for name in names]
        fixed = frozenset(name for name in asked if name in running and not _is_dynamic(execute, name))
        defaults = {parameters.OTHER_NAMES.get(name, name): parameters.own(name, bare) for name in bare}
        found = parameters.variables(_rows(execute), fixed, defaults, more)
        return Server(found, running, configured, bare, parameters.OTHER_NAMES, computes=True)

    def _found_out(self, execute: Execute) -> dict[str, dict[str, Any]]:
        """What the server tells by its answers alone: the words of a variable, or its step."""
        bare = self.bare()
        rows = {row["VARIABLE_NAME"]: row for row in _rows(execute) if row["VARIABLE_SCOPE"] != "SESSION_ONLY"}
        kinds = {name: parameters.kind(row, parameters.own(name, bare)) for name, row in rows.items() if name in bare}

        def of(kind: str) -> list[str]:
            return [name for name, other in kinds.items() if other == kind]

        bounds = {name: (int(rows[name]["MIN_VALUE"]), int(rows[name]["MAX_VALUE"])) for name in of("integer")}
        choices = {
            **parameters.enum_words(of("enum"), self._offer),
            **parameters.set_words(of("set"), self._offer),
            **{name: parameters.flag_words(parameters.own(name, bare)) for name in of("flags")},
        }
        steps = parameters.steps(bounds, self._offer)
        return {
            **{name: {"choices": words} for name, words in choices.items()},
            **{name: {"step": step} for name, step in steps.items()},
        }

    def _offer(self, values: Mapping[str, str]) -> dict[str, str | None] | None:
        given = [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]
        done = self.ask(["--no-defaults", *given, "--verbose", "--help"])
        return options(done.out) if done.code == 0 else None

    def _begin(self, execute: Execute, upstream: Upstream, follows: bool) -> list[Statement]:  # noqa: ARG002 (it knows its place itself)
        return []

    def _read_only_by_statement(self, execute: Execute) -> bool:
        rows = execute(Statement(_INFO + " WHERE VARIABLE_NAME = 'read_only'"))
        return bool(rows[0]["VARIABLE_SOURCE"] in ("DYNAMIC", "PERSISTED"))


_INFO = "SELECT VARIABLE_NAME, VARIABLE_SOURCE, VARIABLE_PATH FROM performance_schema.variables_info"


def _rows(execute: Execute) -> list[dict[str, Any]]:
    """What the server tells of its variables."""
    told = Statement(
        "SELECT VARIABLE_NAME, VARIABLE_SCOPE, DATA_TYPE, MIN_VALUE, MAX_VALUE FROM performance_schema.variables_metadata"
    )
    sources = {row["VARIABLE_NAME"]: row for row in execute(Statement(_INFO))}
    rows: Sequence[dict[str, Any]] = execute(told)
    return [{**row, **sources[row["VARIABLE_NAME"]]} for row in rows if row["VARIABLE_NAME"] in sources]


def _is_dynamic(execute: Execute, name: str) -> bool:
    """Whether a statement can give a variable a value; the server is asked with one that it refuses in any case."""
    try:
        execute(Statement(f"SET GLOBAL {quote(name)} = DEFAULT, {_WRONG_VALUE}"))
    except AgentError as fault:
        if fault.reason != "agent":
            raise
        return fault.details.get("code") != _READ_ONLY
    raise AgentError("agent", f"{name}: the server took a value that it has to refuse")
