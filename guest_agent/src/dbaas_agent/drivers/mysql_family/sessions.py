# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of the guest's own administrator over the local socket."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from dbaas_agent.drivers.base import UnansweredError
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.errors import AgentError

PING_SECONDS = 5
_SYNTAX_ERROR = 1064
_SERVERS_CODES, _CLIENTS_THOUSAND = 1000, 2
"""A server has codes from 1000 on, but 2000 to 2999, which are the client's own: that it found or heard nobody."""
_SQL_MODE = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
_T = TypeVar("_T")

Execute = Callable[[Statement], list[dict[str, Any]]]


def connect(socket: str, seconds: int, own: str) -> Any:
    """A connection on which each statement may take so long. own: a statement that it begins with.

    Without TLS, for which PyMySQL 1.2 would read all authorities of the system each time, some 1 MiB of memory.
    """
    client = _library("pymysql")
    return _translated(
        lambda: client.connect(
            unix_socket=socket,
            ssl_disabled=True,
            user="root",
            charset="utf8mb4",
            autocommit=True,
            sql_mode=_SQL_MODE,
            init_command=own,
            connect_timeout=PING_SECONDS,
            read_timeout=seconds,
            write_timeout=seconds,
            cursorclass=_library("pymysql.cursors").DictCursor,
        )
    )


def _library(name: str) -> Any:
    """A module of the client library, without the 7 MiB that it loads for passwords on a network without TLS."""
    sys.modules.setdefault("cryptography", None)  # type: ignore[arg-type]
    return import_module(name)


def rows(connection: Any, statement: Statement) -> list[dict[str, Any]]:
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
        if code >= _SERVERS_CODES and code // 1000 != _CLIENTS_THOUSAND:
            raise _refused(fault) from None
        raise UnansweredError(f"the server does not answer ({type(fault).__name__} {code})") from None
    except errors.MySQLError as fault:
        raise _refused(fault) from None


def _refused(fault: Any) -> AgentError:
    code = fault.args[0] if fault.args else 0
    text = "" if code == _SYNTAX_ERROR or len(fault.args) < 2 else f": {fault.args[1]}"
    return AgentError("agent", f"the server refused a statement with error {code}{text}", code=code)
