# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of a database: reads {host, port, user, password, database, ca, statements} as JSON, runs the statements.

`ca` is the CA certificate that the server's certificate and address are verified with; "" connects without TLS. Prints
{rows: [...]} of the last statement, or {error: NAME, code: NUMBER} when connecting or a statement fails.
"""

from __future__ import annotations

import json
import ssl
import sys
from typing import Any

import pymysql


def talk(wanted: dict[str, Any]) -> dict[str, Any]:
    """The answer of the database."""
    try:
        tls = ssl.create_default_context(cadata=wanted["ca"]) if wanted["ca"] else None
        connection = pymysql.connect(
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
        with connection, connection.cursor() as cursor:
            for statement in wanted["statements"]:
                cursor.execute(statement)
            return {"rows": [list(row) for row in cursor.fetchall()]}
    except pymysql.MySQLError as fault:
        cause = fault.__context__ or fault
        return {"error": type(cause).__name__, "code": fault.args[0] if fault.args else 0}


if __name__ == "__main__":
    print(json.dumps(talk(json.load(sys.stdin)), default=str))
