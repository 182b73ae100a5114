# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end-to-end tests have to know of a datastore. DBAAS_E2E_DATASTORE names the one that they use; without it, it is MariaDB."""

from __future__ import annotations

import dataclasses
import os
import shlex
import ssl
from pathlib import Path
from typing import Any

import pg8000
import pymysql


@dataclasses.dataclass(frozen=True)
class Login:
    """How a client comes to a database. ca: file of the CA that verifies the server and its address; None: without TLS."""

    host: str
    port: int
    user: str
    password: str
    database: str
    ca: Path | None


@dataclasses.dataclass(frozen=True)
class Tuning:
    """Parameters for configuration groups: names, and values as the group takes them and the server shows them.

    first: an integer that follows while the server runs, from 20 to 100 at least; too_much: out of its range. second: another one, with its default.
    waits: one that needs a restart: its value, the same as shown, and its default. broken: values with which the server does not start.
    reserved: a parameter that no group may set.
    """

    first: str
    too_much: int
    second: tuple[str, str]
    waits: tuple[str, str, str, str]
    broken: dict[str, Any]
    reserved: str
    by_hand: str
    """Statement that gives the first one the value 99 behind the collection's back."""


@dataclasses.dataclass(frozen=True)
class Datastore:
    """A version of it, with what its clients and its administrator say; what asks whether something holds answers 1 for yes.

    server: its program. administrator: a command in the guest to which a statement is added. value: a parameter's value, {} is its name.
    secured: asks whether the session has TLS. of_root: asks whether it may do everything. memory: asks for the bytes of its cache.
    log: one that can be switched on, and gets slow statements; slow: asks whether it does. sleep: a statement of eleven seconds, and a word of it
    by which it is known in the log. bare: counts what a new server leaves open. closed: asks whether no client is let in.
    tls_required: asks whether nobody is let in without TLS. hold_up: a script after which a check of tables waits for 30 seconds.
    system: a database that is the system's. others: options of a second database. passwords: whether a user may have two.
    """

    name: str
    version: str
    port: int
    service: str
    server: str
    administrator: str
    value: str
    secured: str
    memory: str
    log: str
    slow: str
    sleep: tuple[str, str]
    of_root: str
    bare: str
    server_version: str
    closed: str
    tls_required: str
    hold_up: str
    system: str
    others: dict[str, str]
    passwords: bool
    tuning: Tuning

    @property
    def wish(self) -> dict[str, Any]:
        """Variables of the playbooks."""
        return {"datastore": self.name, "datastore_version": self.version}

    def ask(self, statement: str) -> str:
        """A script for the guest that asks as its administrator."""
        return f"sudo {self.administrator} {shlex.quote(statement)}"

    def values(self, *names: str) -> str:
        """A statement for the values of parameters."""
        return "SELECT " + ", ".join(self.value.format(name) for name in names)


class Mysql(Datastore):
    """MariaDB and MySQL."""

    faults = (pymysql.MySQLError, OSError)

    def command(self, login: Login, directory: Path, statement: str) -> tuple[list[str], dict[str, str]]:
        """The client's command and its environment; the password stands in a file of mode 0600."""
        options = directory / "client.cnf"
        options.touch(mode=0o600)
        options.write_text(f"[client]\nuser={login.user}\npassword={login.password}\n")
        tls = [f"--ssl-ca={login.ca}", "--ssl-verify-server-cert"] if login.ca else ["--skip-ssl"]
        where = [f"--defaults-extra-file={options}", f"--host={login.host}", f"--port={login.port}"]
        how = [*tls, "--connect-timeout=20", "--batch", "--skip-column-names", login.database]
        return ["mariadb", *where, *how, f"--execute={statement}"], {}

    def connect(self, login: Login) -> Any:
        """A connection for a writer: each statement is a transaction, and waits for 5 seconds at most."""
        return pymysql.connect(
            host=login.host,
            port=login.port,
            user=login.user,
            password=login.password,
            database=login.database,
            ssl=ssl.create_default_context(cafile=str(login.ca)),
            connect_timeout=3,
            read_timeout=5,
            write_timeout=5,
            autocommit=True,
        )


class Postgresql(Datastore):
    """PostgreSQL."""

    faults = (pg8000.Error, OSError)

    def command(self, login: Login, directory: Path, statement: str) -> tuple[list[str], dict[str, str]]:
        """The client's command and its environment; the password stands in a file of mode 0600."""
        passwords = directory / "pgpass"
        passwords.touch(mode=0o600)
        passwords.write_text(f"*:*:*:*:{login.password}\n")
        tls = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(login.ca)} if login.ca else {"PGSSLMODE": "disable"}
        where = ["--host", login.host, "--port", str(login.port), "--username", login.user, "--dbname", login.database]
        how = ["--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--field-separator= ", "--no-password"]
        return ["psql", *where, *how, "--command", statement], {
            **tls,
            "PGPASSFILE": str(passwords),
            "PGCONNECT_TIMEOUT": "20",
        }

    def connect(self, login: Login) -> Any:
        """A connection for a writer: each statement is a transaction, and waits for 5 seconds at most."""
        context = ssl.create_default_context(cafile=str(login.ca))
        connection = pg8000.connect(
            host=login.host,
            port=login.port,
            user=login.user,
            password=login.password,
            database=login.database,
            ssl_context=context,
            timeout=5,
        )
        connection.autocommit = True
        return connection


_LOCKED = """
sudo systemd-run --quiet mariadb --execute 'LOCK TABLES shop.t WRITE; SELECT SLEEP(30)'
until sudo mariadb --execute 'SHOW PROCESSLIST' | grep -F 'SELECT SLEEP(30)'; do sleep 0.1; done
"""
MARIADB = Mysql(
    name="mariadb",
    version="10.11",
    port=3306,
    service="mariadb",
    server="mariadbd",
    administrator="mariadb -Ne",
    value="@@GLOBAL.{}",
    secured="SELECT VARIABLE_VALUE <> '' FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'",
    memory="SELECT @@innodb_buffer_pool_size",
    log="slow",
    slow="SELECT @@slow_query_log",
    sleep=("SELECT SLEEP(11)", "SLEEP(11)"),
    of_root=(
        "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES"
        " WHERE GRANTEE = ''root'@'%'' AND PRIVILEGE_TYPE = 'SUPER' AND IS_GRANTABLE = 'YES'"
    ),
    bare=(
        "SELECT (SELECT COUNT(*) FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost'))"
        " + (SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'test')"
    ),
    server_version="SELECT VERSION()",
    closed="SELECT @@skip_networking",
    tls_required="SELECT @@require_secure_transport",
    hold_up=_LOCKED,
    system="mysql",
    others={"character_set": "latin1"},
    passwords=True,
    tuning=Tuning(
        first="max_connections",
        too_much=1,
        second=("wait_timeout", "28800"),
        waits=("innodb_sort_buffer_size", "2M", "2097152", "1048576"),
        broken={"innodb_log_write_ahead_size": 513},
        reserved="datadir",
        by_hand="SET GLOBAL max_connections = 99",
    ),
)
ALL = {datastore.name: datastore for datastore in (MARIADB,)}
TESTED = ALL[os.environ.get("DBAAS_E2E_DATASTORE", MARIADB.name)]
