# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of a database: reads {client, host, port, user, password, database, ca} as JSON, and what it is to do.

`client` is `mysql` or `postgresql`. `seconds` (30) is its patience for each answer. `ca` is the CA certificate that the
server's certificate and address are verified with; "" connects without TLS. `certificate` is a file with the client's own,
its key beside it as FILE.key. {error: NAME, code: NUMBER OR SQLSTATE} tells that connecting or a statement failed.

`statements` are run; prints {rows: [...]} of the last one, or the error. `meanwhile` is a command that is run before the
last one; then the session must go on, and another one is opened after it; prints `serials` of the server's certificates
in both sessions, too.
`write` {table, first, rows, row_bytes, bytes_per_second} inserts rows (id, body, digest) at that pace, each for itself, with
ids from `first` on, until there are that many or one fails; prints {acknowledged: HOW MANY, seconds}, and the error.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import ssl
import subprocess
import sys
import time
from typing import Any

import pg8000
import pymysql

FAULTS = (pymysql.MySQLError, pg8000.Error, OSError)


def connect(wanted: dict[str, Any]) -> Any:
    """A connection as it is wanted, on which each statement is a transaction."""
    tls = ssl.create_default_context(cadata=wanted["ca"]) if wanted["ca"] else None
    if tls is not None and wanted.get("certificate"):
        tls.load_cert_chain(wanted["certificate"], f"{wanted['certificate']}.key")
    return contextlib.closing(CLIENTS[wanted["client"]](wanted, tls))


def mysql(wanted: dict[str, Any], tls: ssl.SSLContext | None) -> Any:
    """To MariaDB or MySQL."""
    return pymysql.connect(
        host=wanted["host"],
        port=wanted["port"],
        user=wanted["user"],
        password=wanted["password"],
        database=wanted["database"] or None,
        ssl=tls,
        ssl_disabled=tls is None,
        connect_timeout=10,
        read_timeout=wanted.get("seconds", 30),
        autocommit=True,
    )


def postgresql(wanted: dict[str, Any], tls: ssl.SSLContext | None) -> Any:
    """To PostgreSQL."""
    connection = pg8000.connect(
        host=wanted["host"],
        port=wanted["port"],
        user=wanted["user"],
        password=wanted["password"],
        database=wanted["database"] or "postgres",
        ssl_context=tls or False,
        timeout=wanted.get("seconds", 30),
    )
    connection.autocommit = True
    return connection


CLIENTS = {"mysql": mysql, "postgresql": postgresql}


def failure(fault: Exception) -> dict[str, Any]:
    """What went wrong."""
    cause = fault.__context__ or fault
    told = fault.args[0] if fault.args else 0
    code = told.get("C") if isinstance(told, dict) else told if isinstance(told, int) else 0
    return {"error": type(cause).__name__, "code": code}


def talk(wanted: dict[str, Any]) -> dict[str, Any]:
    """The answer of the database."""
    *first, last = wanted["statements"]
    told: dict[str, Any] = {}
    try:
        with connect(wanted) as connection:
            cursor = connection.cursor()
            for statement in first:
                cursor.execute(statement)
            if wanted.get("meanwhile"):
                subprocess.run(wanted["meanwhile"], check=True, capture_output=True, timeout=60)
                with connect(wanted) as another:
                    told["serials"] = [_serial(connection), _serial(another)]
            cursor.execute(last)
            return {"rows": [list(row) for row in cursor.fetchall()], **told}
    except FAULTS as fault:
        return failure(fault)


def write(wanted: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
    """How far it came."""
    acknowledged, started = 0, time.monotonic()
    told: dict[str, Any] = {}
    insert = f"INSERT INTO {task['table']} (id, body, digest) VALUES (%s, %s, %s)"  # noqa: S608 (the test's own)
    try:
        with connect(wanted) as connection:
            cursor = connection.cursor()
            while acknowledged < task["rows"]:
                body = secrets.token_hex(task["row_bytes"] // 2)
                digest = hashlib.sha256(body.encode()).hexdigest()
                cursor.execute(insert, (task["first"] + acknowledged, body, digest))
                acknowledged += 1
                due = started + acknowledged * task["row_bytes"] / task["bytes_per_second"]
                time.sleep(max(0.0, due - time.monotonic()))
    except FAULTS as fault:
        told = failure(fault)
    return {"acknowledged": acknowledged, "seconds": round(time.monotonic() - started, 1), **told}


def main(wanted: dict[str, Any]) -> dict[str, Any]:
    """What it is to do."""
    return write(wanted, wanted["write"]) if "write" in wanted else talk(wanted)


def _serial(connection: Any) -> str:
    socket = getattr(connection, "_usock", None) or connection._sock
    return str(socket.getpeercert()["serialNumber"])


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin)), default=str))
