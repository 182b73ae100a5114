# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB over its local socket, as root by peer authentication."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from dbaas_agent.config import Config
from dbaas_agent.drivers import base, mariadb_sql
from dbaas_agent.drivers.mariadb_sql import Account, CharacterSets, Grant, Statement
from dbaas_agent.errors import AgentError

if TYPE_CHECKING:
    from dbaas_agent.jobs.kind import Kind

_PING_SECONDS = 5
_STATEMENT_SECONDS = 60
_SYNTAX_ERROR = 1064
_SQL_MODE = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
_T = TypeVar("_T")

Execute = Callable[[Statement], list[dict[str, Any]]]


class Driver(base.Driver):
    """The driver for MariaDB 10.5 and later."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._pinger: Any = None

    def ping(self) -> str:
        if self._pinger is not None:
            try:
                return self._version()
            except AgentError:
                self._pinger.close()
                self._pinger = None
        self._pinger = self._connect(_PING_SECONDS)
        return self._version()

    def _version(self) -> str:
        return str(_rows(self._pinger, Statement("SELECT VERSION() AS version"))[0]["version"])

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
            for row in _users(execute):
                if row["User"] == "" or (row["User"] == "root" and row["Host"] != "localhost"):
                    execute(Statement("DROP USER %s@%s", (row["User"], row["Host"])))
            execute(Statement("ALTER USER root@localhost IDENTIFIED VIA unix_socket"))
            execute(Statement("DROP DATABASE IF EXISTS test"))
            execute(Statement("DELETE FROM mysql.db WHERE User = ''"))
            execute(Statement("FLUSH PRIVILEGES"))

    def reload_tls(self) -> None:
        with self.session() as execute:
            execute(Statement("FLUSH SSL"))

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
            return mariadb_sql.plan_databases(wanted, _databases(execute), known)

    def users(self) -> list[dict[str, Any]]:
        with self.session() as execute:
            return [
                {"name": account.name, "host": account.host, "databases": account.databases}
                for _dummy, account in sorted(_accounts(execute).items())
            ]

    def plan_users(self, wanted: list[dict[str, Any]]) -> base.Plan:
        with self.session() as execute:
            return mariadb_sql.plan_users(wanted, _accounts(execute))

    def apply(self, plan: base.Plan) -> None:
        with self.session() as execute:
            for statement in plan.statements:
                execute(statement)

    def jobs(self) -> dict[str, type[Kind]]:
        from dbaas_agent.drivers.mariadb_check import DatastoreCheck

        return {"datastore_check": DatastoreCheck}

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
            cursor.execute(statement.sql, statement.values)
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


def _users(execute: Execute) -> list[dict[str, Any]]:
    """Rows of mysql.user that are no roles. That is a view whose literals have the collation in which the data directory
    was made: comparing with it in SQL fails under another one.
    """
    return [row for row in execute(Statement("SELECT * FROM mysql.user")) if row["is_role"] == "N"]


def _accounts(execute: Execute) -> dict[tuple[str, str], Account]:
    grants: dict[tuple[str, str], dict[str, Grant]] = {}
    for row in execute(Statement("SELECT * FROM mysql.db")):
        privileges = {name: value for name, value in row.items() if name.endswith("_priv")}
        grantable = privileges.pop("Grant_priv") == "Y"
        held = set(privileges.values())
        grant = Grant("Y" in held, held == {"Y"}, grantable)
        grants.setdefault((row["User"], row["Host"]), {})[row["Db"]] = grant
    users = _users(execute)
    return {
        (row["User"], row["Host"]): Account(
            row["User"],
            row["Host"],
            row["plugin"],
            row["authentication_string"],
            row["ssl_type"] != "",
            grants.get((row["User"], row["Host"]), {}),
        )
        for row in users
        if row["User"].lower() not in mariadb_sql.SYSTEM_USERS
    }
