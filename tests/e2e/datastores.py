# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end-to-end tests have to know of a datastore. DBAAS_E2E_DATASTORE names the one that they use; without it, it is MariaDB."""

from __future__ import annotations

import dataclasses
import os
import shlex
import socket
import ssl
from pathlib import Path
from typing import Any

import pg8000
import pymysql
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore_files import load, places


@dataclasses.dataclass(frozen=True)
class Login:
    """How a client comes to a database. ca: file of the CA that verifies the server and its address; None: without TLS.

    patience: seconds for which a writer waits for each answer.
    """

    host: str
    port: int
    user: str
    password: str
    database: str
    ca: Path | None
    patience: float = 5


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
    by_hand: tuple[str, ...]
    """Statements that give the first one the value 99 behind the collection's back."""


@dataclasses.dataclass(frozen=True)
class Datastore:
    """A version of it, with what its clients and its administrator say; what asks whether something holds answers 1 for yes.

    administrator: a command in the guest to which a statement is added. value: a parameter's value, {} is its name.
    secured: asks whether the session has TLS. of_root: asks whether it may do everything. memory: asks for the bytes of its cache.
    log: one that can be switched on, and gets slow statements; slow: asks whether it does. sleep: a statement of eleven seconds, and a word of it
    by which it is known in the log. bare: counts what a new server leaves open. closed: asks whether no client is let in.
    tls_required: asks whether nobody is let in without TLS. hold_up: a script after which a check of tables waits for 30 seconds.
    tables: at how many of database shop a check looks: two of the tests, and those of the system that are in it.
    older: whether its archive has an older release than the newest one.
    mode: in which a primary waits for receipts of replicas.
    rotates: statements after which a primary has no more of its log than it has to keep.
    system: a database that is the system's. others: options of a second database. passwords: whether a user may have two.
    """

    name: str
    version: str
    port: int
    service: str
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
    tables: int
    older: bool
    mode: str
    rotates: tuple[str, ...]
    system: str
    others: dict[str, str]
    passwords: bool
    tuning: Tuning

    @property
    def wish(self) -> dict[str, Any]:
        """Variables of the playbooks."""
        return {"datastore": self.name, "datastore_version": self.version}

    @property
    def definition(self) -> dict[str, Any]:
        """Its definition, as the lookup returns it."""
        return load(self.name, self.version, places([]))

    def ask(self, *statements: str) -> str:
        """A script for the guest that asks as its administrator, one after the other."""
        return "; ".join(f"sudo {self.administrator} {shlex.quote(statement)}" for statement in statements)

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
        """A connection for a writer: each statement is a transaction."""
        return pymysql.connect(
            host=login.host,
            port=login.port,
            user=login.user,
            password=login.password,
            database=login.database,
            ssl=ssl.create_default_context(cafile=str(login.ca)),
            connect_timeout=min(3, login.patience),
            read_timeout=login.patience,
            write_timeout=login.patience,
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
        """A connection for a writer: each statement is a transaction."""
        # The library would leave a socket of its own open when the server does not answer.
        link = socket.create_connection((login.host, login.port), timeout=login.patience)
        try:
            connection = pg8000.Connection(
                host=login.host,
                sock=link,
                user=login.user,
                password=login.password,
                database=login.database,
                ssl_context=ssl.create_default_context(cafile=str(login.ca)),
            )
        except BaseException:
            link.close()
            raise
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
    administrator="mariadb -Ne",
    value="@@GLOBAL.{}",
    secured="SELECT VARIABLE_VALUE <> '' FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'",
    memory="SELECT @@innodb_buffer_pool_size",
    log="slow",
    slow="SELECT @@slow_query_log",
    sleep=("SELECT SLEEP(11)", "SLEEP(11)"),
    of_root=(
        "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES"
        " WHERE GRANTEE = '''root''@''%''' AND PRIVILEGE_TYPE = 'SUPER' AND IS_GRANTABLE = 'YES'"
    ),
    bare=(
        "SELECT (SELECT COUNT(*) FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost'))"
        " + (SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'test')"
    ),
    server_version="SELECT VERSION()",
    closed="SELECT @@skip_networking",
    tls_required="SELECT @@require_secure_transport",
    hold_up=_LOCKED,
    tables=2,
    older=True,
    mode="semi_sync",
    rotates=("FLUSH BINARY LOGS",),
    system="mysql",
    others={"character_set": "latin1"},
    passwords=True,
    tuning=Tuning(
        first="max_connections",
        too_much=200000,
        second=("wait_timeout", "28800"),
        waits=("innodb_sort_buffer_size", "2M", "2097152", "1048576"),
        broken={"innodb_log_write_ahead_size": 513},
        reserved="datadir",
        by_hand=("SET GLOBAL max_connections = 99",),
    ),
)
MYSQL = dataclasses.replace(
    MARIADB,
    name="mysql",
    version="9.7",
    service="mysql",
    administrator="mysql -Ne",
    secured="SELECT VARIABLE_VALUE <> '' FROM performance_schema.session_status WHERE VARIABLE_NAME = 'Ssl_cipher'",
    bare=(
        "SELECT (SELECT COUNT(*) FROM mysql.user WHERE User = '' OR (User = 'root' AND Host <> 'localhost'))"
        " + (SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'test')"
    ),
    hold_up=_LOCKED.replace("mariadb", "mysql"),
    older=False,
    tuning=dataclasses.replace(MARIADB.tuning, broken={"thread_stack": 1 << 40}),
)
POSTGRESQL = Postgresql(
    name="postgresql",
    version="15",
    port=5432,
    service="postgresql@15-main",
    administrator="-u postgres env PGPORT=$(sudo sed -n 4p /var/lib/dbaas/data/postmaster.pid) psql -XAtqc",
    value="current_setting('{}')",
    # As itself: its own session is another role's.
    secured="SET ROLE NONE; SELECT count(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl",
    memory="SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'",
    log="general",
    slow="SELECT (current_setting('log_statement') = 'all')::int",
    sleep=("SELECT pg_sleep(11)", "pg_sleep(11)"),
    of_root="SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolsuper",
    bare=(
        "SELECT (SELECT count(*) FROM pg_roles WHERE rolsuper AND rolname <> 'postgres')"
        " + (SELECT count(*) FROM pg_database WHERE datallowconn AND has_database_privilege('pg_monitor', oid, 'CONNECT'))"
    ),
    server_version="SELECT split_part(current_setting('server_version'), ' ', 1)",
    closed="SELECT (current_setting('listen_addresses') = '')::int",
    tls_required="SELECT (count(*) > 0)::int FROM pg_hba_file_rules WHERE type = 'hostnossl' AND auth_method = 'reject'",
    hold_up="""
ask="sudo -u postgres env PGPORT=$(sudo sed -n 4p /var/lib/dbaas/data/postmaster.pid) psql -XAtq -d shop"
sudo systemd-run --quiet $ask -c 'BEGIN' -c 'LOCK TABLE t IN ACCESS EXCLUSIVE MODE' -c 'SELECT pg_sleep(30)'
until test "$($ask -c "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND mode = 'AccessExclusiveLock' AND granted")" = 1; do sleep 0.1; done
""",
    tables=70,
    older=True,
    mode="sync",
    rotates=("SELECT pg_switch_wal()", "CHECKPOINT"),
    system="postgres",
    others={"character_set": "LATIN1", "collation": "C"},
    passwords=False,
    tuning=Tuning(
        first="max_parallel_workers",
        too_much=5000,
        second=("maintenance_io_concurrency", "10"),
        waits=("max_locks_per_transaction", "128", "128", "64"),
        broken={"shared_buffers": "1000GB"},
        reserved="data_directory",
        by_hand=("ALTER SYSTEM SET max_parallel_workers = 99", "SELECT pg_reload_conf()"),
    ),
)
ALL = {datastore.name: datastore for datastore in (MARIADB, MYSQL, POSTGRESQL)}
TESTED = ALL[os.environ.get("DBAAS_E2E_DATASTORE", MARIADB.name)]
