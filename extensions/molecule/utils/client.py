# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of a database: reads {host, port, user, password, database, ca, statements} as JSON, runs the statements.

`ca` is the CA certificate that the server's certificate and address are verified with; "" connects without TLS.
`certificate` is a file with the client's own, its key beside it as FILE.key. `meanwhile` is a command that is run before
the last statement; then the session must go on, and another one is opened after it. Prints {rows: [...]} of the last
statement, with `serials` of the server's certificates in both sessions where there is a `meanwhile`, or
{error: NAME, code: NUMBER} when connecting or a statement fails.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from typing import Any

import pymysql


def talk(wanted: dict[str, Any]) -> dict[str, Any]:
    """The answer of the database."""
    *first, last = wanted["statements"]
    told: dict[str, Any] = {}
    try:
        connection = _connected(wanted)
        with connection, connection.cursor() as cursor:
            for statement in first:
                cursor.execute(statement)
            if wanted.get("meanwhile"):
                subprocess.run(wanted["meanwhile"], check=True, capture_output=True, timeout=60)
                with _connected(wanted) as another:
                    told["serials"] = [_serial(connection), _serial(another)]
            cursor.execute(last)
            return {"rows": [list(row) for row in cursor.fetchall()], **told}
    except pymysql.MySQLError as fault:
        cause = fault.__context__ or fault
        return {"error": type(cause).__name__, "code": fault.args[0] if fault.args else 0}


def _connected(wanted: dict[str, Any]) -> Any:
    tls = ssl.create_default_context(cadata=wanted["ca"]) if wanted["ca"] else None
    if tls is not None and wanted.get("certificate"):
        tls.load_cert_chain(wanted["certificate"], f"{wanted['certificate']}.key")
    return pymysql.connect(
        host=wanted["host"],
        port=wanted["port"],
        user=wanted["user"],
        password=wanted["password"],
        database=wanted["database"] or None,
        ssl=tls,
        ssl_disabled=tls is None,
        connect_timeout=10,
        read_timeout=30,
        autocommit=True,
    )


def _serial(connection: Any) -> str:
    return str(connection._sock.getpeercert()["serialNumber"])


if __name__ == "__main__":
    print(json.dumps(talk(json.load(sys.stdin)), default=str))
