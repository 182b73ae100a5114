# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB over its local socket, as root by peer authentication."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from dbaas_agent import systemd, tls_mode
from dbaas_agent.config import Config
from dbaas_agent.drivers import (
    base,
    mariadb_databases,
    mariadb_grants,
    mariadb_parameters,
    mariadb_sql,
    mariadb_tls,
    mariadb_users,
    mariadb_writers,
)
from dbaas_agent.drivers.mariadb_databases import CharacterSets
from dbaas_agent.drivers.mariadb_grants import Held, Known, Places, Scope
from dbaas_agent.drivers.mariadb_sql import Statement
from dbaas_agent.drivers.mariadb_users import Account
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import identity
from dbaas_agent.tls_mode import Who

if TYPE_CHECKING:
    from dbaas_agent.jobs.kind import Kind

_SERVER = "/usr/sbin/mariadbd"
_PING_SECONDS = 5
_STATEMENT_SECONDS = 60
_PARAMETER_SECONDS = 600
"""A buffer pool and a redo log take their time to change their size."""
_SYNTAX_ERROR = 1064
_LOCK_TIMED_OUT = 1205
_LOCK_SECONDS = 2
_SQL_MODE = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
_OWN = (
    "SET SESSION max_statement_time = 0, tx_read_only = OFF, sql_safe_updates = OFF, sql_log_off = ON, slow_query_log = OFF, "
    "sql_select_limit = 18446744073709551615, sql_big_selects = ON"
)
"""What may be set for all sessions, and is not for the agent's: its statements, which hold passwords, are in no log."""
_T = TypeVar("_T")

Execute = Callable[[Statement], list[dict[str, Any]]]


class Driver(base.Driver):
    """The driver for MariaDB 10.5 and later."""

    logs = ("general", "slow")

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._pinger: Any = None
        self._reading = threading.Lock()
        self._seen_bare: tuple[object, dict[str, str | None]] | None = None

    def ping(self) -> str:
        return str(self._quickly(Statement("SELECT VERSION() AS version"))[0]["version"])

    def closed(self) -> bool:
        return self._quickly(Statement("SELECT @@skip_networking AS closed"))[0]["closed"] not in (0, "OFF")

    def _quickly(self, statement: Statement) -> list[dict[str, Any]]:
        """On the connection that is kept, or on a new one; bounded to 15 seconds."""
        if self._pinger is not None:
            try:
                return _rows(self._pinger, statement)
            except AgentError:
                self._pinger.close()
                self._pinger = None
        self._pinger = self._connect(_PING_SECONDS)
        return _rows(self._pinger, statement)

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

    def is_data_directory(self, directory: str) -> bool:
        return os.path.isdir(os.path.join(directory, "mysql"))

    def lock_down(self) -> None:
        with self.session() as execute:
            for name, host in _stored(execute):
                if name == "" or (name == "root" and host != "localhost"):
                    execute(Statement("DROP USER %s@%s", (name, host)))
            execute(Statement("ALTER USER root@localhost IDENTIFIED VIA unix_socket"))
            execute(Statement("DROP DATABASE IF EXISTS test"))
            execute(Statement("DELETE FROM mysql.db WHERE User = ''"))
            execute(Statement("FLUSH PRIVILEGES"))

    def reload_tls(self) -> None:
        with self.session() as execute:
            execute(Statement("FLUSH SSL"))

    def stop_writes(self, hurry: bool) -> None:
        ends = [mariadb_writers.writing, mariadb_writers.idle] if hurry else []
        with self.session(_PING_SECONDS) as execute:
            # It waits for the statements that write just now, and others wait behind it.
            execute(Statement(f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}"))
            while True:
                try:
                    execute(Statement("SET GLOBAL read_only = ON"))
                    return
                except AgentError as fault:
                    if fault.details.get("code") != _LOCK_TIMED_OUT:
                        raise
                    if not ends:
                        raise AgentError("agent", "statements or locks of clients are in the way") from fault
                for thread in ends.pop(0)(execute(Statement("SHOW FULL PROCESSLIST"))):
                    self._end(execute, thread)

    def _end(self, execute: Execute, thread: int) -> None:
        with suppress(AgentError):
            # SOFT leaves alone what could not be taken back, such as the repair of a table.
            execute(Statement(f"KILL SOFT {thread}"))

    def allow_writes(self) -> None:
        origin = (
            "SELECT GLOBAL_VALUE_ORIGIN AS origin FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME = %s"
        )
        with self.session(_PING_SECONDS) as execute:
            if execute(Statement(origin, ("READ_ONLY",)))[0]["origin"] == "SQL":
                execute(Statement("SET GLOBAL read_only = OFF"))

    def writes_stopped(self) -> bool:
        return self._quickly(Statement("SELECT @@GLOBAL.read_only AS stopped"))[0]["stopped"] not in (0, "OFF")

    def speaks_tls(self) -> bool:
        with self.session() as execute:
            return bool(execute(Statement("SELECT @@have_ssl AS spoken"))[0]["spoken"] == "YES")

    def plan_tls(self, mode: str) -> base.Plan:
        with self.session() as execute:
            requires = {who: mariadb_tls.requirement(told) for who, told in _stored(execute).items()}
            (row,) = execute(Statement("SELECT @@require_secure_transport AS secure"))
            return mariadb_tls.plan_mode(tls_mode.read(self.config), mode, requires, bool(row["secure"]))

    def parameters(self) -> list[dict[str, Any]]:
        with self.session() as execute:
            return mariadb_parameters.rules(_variables(execute), self._read())

    def check_configuration(self, settings: base.Settings, file: str) -> None:
        mariadb_sql.refuse(mariadb_parameters.faults(settings.content, self._read({settings.path: file})))

    def plan_parameters(self, settings: base.Settings, file: str = "") -> base.ParameterPlan:
        configured = self._read({settings.path: file} if file else {})
        with self.session() as execute:
            rows = _variables(execute)
            running = {row["Variable_name"]: row["Value"] for row in execute(Statement("SHOW GLOBAL VARIABLES"))}
        return mariadb_parameters.plan(settings, mariadb_parameters.Server(rows, running, configured, self._bare()))

    def _bare(self) -> dict[str, str | None]:
        """The parameters with what the server would start with if it had no files; read again when the server is another."""
        server = identity(_SERVER)
        if self._seen_bare is None or self._seen_bare[0] != server:
            self._seen_bare = server, self._read(options=["--no-defaults"])
        return self._seen_bare[1]

    def _read(self, instead: Mapping[str, str] | None = None, options: Sequence[str] = ()) -> dict[str, str | None]:
        """The parameters with what the server would start with (None: its own): it reads its configuration files and ends."""
        command = [_SERVER, *options, "--user=root", "--datadir=/nonexistent", "--verbose", "--help"]
        with self._reading:
            done = systemd.ask_outside("dbaas-read-configuration", command, self.config.service, instead or {})
        if done.code != 0:
            faults = [line.partition("[ERROR] ")[2] for line in done.err.splitlines() if "[ERROR] " in line]
            raise AgentError("invalid", f"the server refuses its configuration: {'; '.join(faults)}", faults=faults)
        return mariadb_parameters.options(done.out)

    def logs_on(self) -> frozenset[str]:
        with self.session(_PING_SECONDS) as execute:
            (row,) = execute(
                Statement(
                    "SELECT @@GLOBAL.general_log AS general, @@GLOBAL.slow_query_log AS slow, @@GLOBAL.log_output AS place"
                )
            )
        return frozenset(name for name in self.logs if row[name] and "FILE" in row["place"])

    def reopen_log(self, name: str) -> None:
        with self.session(_PING_SECONDS) as execute:
            execute(Statement(f"FLUSH NO_WRITE_TO_BINLOG {name.upper()} LOGS"))

    def databases(self) -> list[dict[str, Any]]:
        with self.session() as execute:
            return sorted(_databases(execute).values(), key=lambda row: str(row["name"]))

    def plan_databases(self, wanted: list[dict[str, Any]]) -> base.Plan:
        with self.session() as execute:
            collations = execute(
                Statement(
                    "SELECT FULL_COLLATION_NAME AS collation, CHARACTER_SET_NAME AS charset"
                    " FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
                )
            )
            defaults = execute(
                Statement(
                    "SELECT CHARACTER_SET_NAME AS charset, DEFAULT_COLLATE_NAME AS collation"
                    " FROM information_schema.CHARACTER_SETS"
                )
            )
            server = execute(Statement("SELECT @@character_set_server AS charset, @@collation_server AS collation"))[0]
            known = CharacterSets(
                {row["collation"]: row["charset"] for row in collations},
                {row["charset"]: row["collation"] for row in defaults},
                (server["charset"], server["collation"]),
            )
            return mariadb_databases.plan_databases(wanted, _databases(execute), known)

    def users(self) -> list[dict[str, Any]]:
        with self.session() as execute:
            known = _privileges(execute)
            return [account.shown(known) for _dummy, account in sorted(_users(execute).items())]

    def plan_users(self, wanted: list[dict[str, Any]], coming: list[str]) -> base.Plan:
        with self.session() as execute:
            tables = frozenset(named for named in mariadb_grants.tables_of(wanted) if _is_table(execute, *named))
            places = Places(frozenset({*_databases(execute), *coming}), tables)
            policy = tls_mode.read(self.config)
            return mariadb_users.plan_users(wanted, _users(execute), _privileges(execute), places, policy)

    def root_enabled(self) -> bool:
        with self.session() as execute:
            return mariadb_users.ROOT in _stored(execute)

    def plan_root(self, enabled: bool, password: str | None, require_tls: bool) -> base.Plan:
        with self.session() as execute:
            root, policy = _accounts(execute).get(mariadb_users.ROOT), tls_mode.read(self.config)
            return mariadb_users.plan_root(root, enabled, password, require_tls, policy)

    def end_root_sessions(self) -> None:
        with self.session() as execute:
            for row in execute(Statement("SHOW PROCESSLIST")):
                if row["User"] == "root" and row["Host"] != "localhost":
                    with suppress(AgentError):  # it ended by itself
                        execute(Statement(f"KILL {row['Id']}"))

    def apply(self, plan: base.Plan | base.ParameterPlan) -> None:
        seconds = _PARAMETER_SECONDS if isinstance(plan, base.ParameterPlan) else _STATEMENT_SECONDS
        with self.session(seconds) as execute:
            for statement in plan.statements:
                execute(statement)

    def jobs(self) -> dict[str, type[Kind]]:
        from dbaas_agent.drivers.mariadb_check import DatastoreCheck
        from dbaas_agent.drivers.mariadb_upgrade import DatastoreUpgrade

        return {"datastore_check": DatastoreCheck, "datastore_upgrade": DatastoreUpgrade}

    @contextmanager
    def session(self, seconds: int = _STATEMENT_SECONDS) -> Iterator[Execute]:
        """A connection on which each statement may take so long; one that is left by no AgentError ends its statement."""
        connection = self._connect(seconds)
        try:
            yield lambda statement: _rows(connection, statement)
        except AgentError:
            raise
        except BaseException:
            self._kill(connection.thread_id())
            raise
        finally:
            connection.close()

    def _kill(self, thread: int) -> None:
        """The server would go on with a statement that nobody waits for any more."""
        with suppress(AgentError), self.session() as execute:
            execute(Statement(f"KILL {thread}"))

    def _connect(self, seconds: int) -> Any:
        client = _library("pymysql")
        return _translated(
            lambda: client.connect(
                unix_socket=self.config.socket,
                user="root",
                charset="utf8mb4",
                autocommit=True,
                sql_mode=_SQL_MODE,
                init_command=_OWN,
                connect_timeout=_PING_SECONDS,
                read_timeout=seconds,
                write_timeout=seconds,
                cursorclass=_library("pymysql.cursors").DictCursor,
            )
        )


def _library(name: str) -> Any:
    """A module of the client library, without the 7 MiB that it loads for passwords on a network without TLS."""
    sys.modules.setdefault("cryptography", None)  # type: ignore[arg-type]
    return import_module(name)


def _rows(connection: Any, statement: Statement) -> list[dict[str, Any]]:
    def fetch() -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.bound())
            return list(cursor.fetchall())

    return _translated(fetch)


def _translated(action: Callable[[], _T]) -> _T:
    """The action's result; the client library's errors become ours, without the statement that the server quotes."""
    errors = _library("pymysql.err")
    try:
        return action()
    except (errors.OperationalError, errors.InterfaceError, OSError) as fault:
        code = fault.args[0] if fault.args and isinstance(fault.args[0], int) else 0
        if 1000 <= code < 2000:
            raise _refused(fault) from None
        raise base.UnansweredError(f"the server does not answer ({type(fault).__name__} {code})") from None
    except errors.MySQLError as fault:
        raise _refused(fault) from None


def _refused(fault: Any) -> AgentError:
    code = fault.args[0] if fault.args else 0
    text = "" if code == _SYNTAX_ERROR or len(fault.args) < 2 else f": {fault.args[1]}"
    return AgentError("agent", f"the server refused a statement with error {code}{text}", code=code)


def _databases(execute: Execute) -> dict[str, dict[str, Any]]:
    rows = execute(
        Statement(
            "SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS character_set,"
            " DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA"
        )
    )
    return {row["name"]: row for row in rows if row["name"].lower() not in mariadb_sql.SYSTEM_DATABASES}


def _variables(execute: Execute) -> list[dict[str, Any]]:
    return execute(
        Statement(
            "SELECT VARIABLE_NAME, VARIABLE_SCOPE, VARIABLE_TYPE, DEFAULT_VALUE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE,"
            " NUMERIC_BLOCK_SIZE, ENUM_VALUE_LIST, READ_ONLY, COMMAND_LINE_ARGUMENT, GLOBAL_VALUE_ORIGIN, GLOBAL_VALUE_PATH"
            " FROM information_schema.SYSTEM_VARIABLES"
        )
    )


def _is_table(execute: Execute, database: str, table: str) -> bool:
    asked = "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"
    return bool(execute(Statement(asked, (database, table))))


def _users(execute: Execute) -> dict[Who, Account]:
    """The accounts that are no system's."""
    return {
        who: account for who, account in _accounts(execute).items() if who[0].lower() not in mariadb_sql.SYSTEM_USERS
    }


def _accounts(execute: Execute) -> dict[Who, Account]:
    """All accounts that are no roles, with their grants."""
    stored = _stored(execute)
    grants = _grants(execute, list(stored))
    return {who: Account(*who, *mariadb_users.logins(told), grants[who]) for who, told in stored.items()}


def _stored(execute: Execute) -> dict[Who, dict[str, Any]]:
    """What the server keeps of each account that is no role."""
    rows = execute(Statement("SELECT User, Host, Priv FROM mysql.global_priv"))
    told = {(row["User"], row["Host"]): json.loads(row["Priv"]) for row in rows}
    return {who: account for who, account in told.items() if not account.get("is_role")}


def _grants(execute: Execute, accounts: list[Who]) -> dict[Who, dict[Scope, Held]]:
    grants: dict[Who, dict[Scope, Held]] = {who: {} for who in accounts}
    by_grantee = {f"'{name}'@'{host}'": (name, host) for name, host in accounts}
    everything: dict[Who, list[tuple[str, bool]]] = {}
    for row in execute(
        Statement("SELECT GRANTEE, PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.USER_PRIVILEGES")
    ):
        if row["GRANTEE"] in by_grantee and row["PRIVILEGE_TYPE"] != "USAGE":
            held = everything.setdefault(by_grantee[row["GRANTEE"]], [])
            held.append((row["PRIVILEGE_TYPE"], row["IS_GRANTABLE"] == "YES"))
    for who, rows in everything.items():
        grants[who][Scope(mariadb_grants.EVERYTHING)] = Held(
            frozenset(privilege for privilege, _dummy in rows), any(grantable for _dummy, grantable in rows)
        )
    for row in execute(Statement("SELECT * FROM mysql.db")):
        privileges = _of_columns(name for name, value in row.items() if name.endswith("_priv") and value == "Y")
        _add(grants, row, Scope(row["Db"]), privileges)
    for row in execute(Statement("SELECT User, Host, Db, Table_name, Table_priv FROM mysql.tables_priv")):
        privileges = mariadb_grants.privileges_of_set(row["Table_priv"].split(","))
        _add(grants, row, Scope(row["Db"], row["Table_name"]), privileges)
    return grants


def _add(grants: dict[Who, dict[Scope, Held]], row: dict[str, Any], scope: Scope, privileges: frozenset[str]) -> None:
    who = (row["User"], row["Host"])
    if who in grants:
        grants[who][scope] = Held(privileges - {"GRANT"}, "GRANT" in privileges)


def _of_columns(columns: Iterable[str]) -> frozenset[str]:
    return frozenset(map(mariadb_grants.privilege_of_column, columns))


def _privileges(execute: Execute) -> Known:
    """What the server knows, from the columns in which it keeps it."""
    rows = execute(
        Statement(
            "SELECT TABLE_NAME AS place, COLUMN_NAME AS name, COLUMN_TYPE AS type FROM information_schema.COLUMNS"
            " WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME IN ('db', 'tables_priv')"
        )
    )
    of_database = _of_columns(row["name"] for row in rows if row["place"] == "db" and row["name"].endswith("_priv"))
    (of_table,) = [row["type"] for row in rows if row["place"] == "tables_priv" and row["name"] == "Table_priv"]
    words = re.findall(r"'([^']*)'", of_table)
    return Known(of_database - {"GRANT"}, mariadb_grants.privileges_of_set(words) - {"GRANT"})
