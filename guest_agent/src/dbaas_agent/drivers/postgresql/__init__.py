# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL over its local socket, as role postgres by peer authentication."""

from __future__ import annotations

import glob
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from dbaas_agent import membership, subproc, systemd
from dbaas_agent.config import Config
from dbaas_agent.drivers import base
from dbaas_agent.drivers.all_faults import refuse
from dbaas_agent.drivers.kept_connection import KeptConnection
from dbaas_agent.drivers.postgresql import collations, following, objects, parameters, replication
from dbaas_agent.drivers.postgresql.password import verifier as verifier_of
from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import write_atomic

if TYPE_CHECKING:
    from dbaas_agent.backup.strategy import Strategy
    from dbaas_agent.jobs.kind import Kind
    from dbaas_agent.membership import Membership
    from dbaas_agent.replication import Facts, Upstream

_PING_SECONDS = 4
_SLACK_SECONDS = 1
"""The server itself ends a statement that takes too long; that much later it does not answer."""
_STATEMENT_SECONDS = 60
_RELOAD_SECONDS = 20
_CHECKPOINT_SECONDS = 1
_WATCH_SECONDS = 1.0
_OWN = {
    # What holds passwords is in no log and no statistics.
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_duration": "off",
    "log_min_error_statement": "panic",
    "log_min_messages": "panic",
    "track_activities": "off",
    "auto_explain.log_min_duration": "-1",
    "pg_stat_statements.track": "none",
    # Nobody's operator or function stands for one of the server's.
    "search_path": "pg_catalog",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "standard_conforming_strings": "on",
    "lock_timeout": "0",
}
"""What the agent's sessions have, whatever is set for all sessions, its role or a database. What is not named here shows what the server has."""
_OWN_SINCE = {17: {"transaction_timeout": "0"}}
"""By the version that has them first."""
_BLOCKS_SINCE = 17
_WRITING = {"default_transaction_read_only": "off", "synchronous_commit": "on", "default_tablespace": ""}
_LIBRARY = "psycopg2"
_T = TypeVar("_T")

Execute = Callable[[Statement], list[dict[str, Any]]]

_WRITERS = (
    "SELECT pid FROM pg_stat_activity JOIN pg_roles ON pg_roles.oid = usesysid"
    " WHERE backend_type = 'client backend' AND backend_xid IS NOT NULL AND NOT rolsuper"
)
"""The sessions whose transaction has written; superusers may make room."""


class Driver(base.Driver):
    """The driver for PostgreSQL 15 and later."""

    logs = ("general",)
    rereads = True

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._kept = KeptConnection(lambda: self._connect(_PING_SECONDS, "postgres", self._own()), _rows)
        self._next_transaction = ""

    def ping(self) -> str:
        (row,) = self._kept.ask(Statement("SELECT current_setting('server_version') AS version"))
        return str(row["version"]).split()[0]

    def closed(self) -> bool:
        (row,) = self._kept.ask(Statement("SELECT current_setting('listen_addresses') AS places"))
        return bool(row["places"] == "")

    def position(self) -> str:
        place = "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END"
        (row,) = self._kept.ask(Statement(f"SELECT ({place})::text AS lsn"))
        return f"LSN {row['lsn']} of timeline {self.replication_facts().line.partition('@')[0]}"

    def replication_facts(self) -> Facts:
        (row,) = self._kept.ask(replication.SERVER)
        found = replication.facts(row, partial(replication.history_file, self.config.data_dir))
        return replace(found, writable=found.writable and not objects.is_closed(self.config.data_dir))

    def plan_replica_account(self, name: str, password: str | None, tls: bool) -> base.Plan:  # noqa: ARG002 (pg_hba.conf says it)
        verifier = None if password is None else verifier_of(password)
        with self.session() as execute:
            (row,) = execute(Statement("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s) AS there", (name,)))
        return following.plan_account(name, verifier, row["there"])

    def plan_replica_slot(self, name: str, wanted: bool) -> base.Plan:
        with self.session() as execute:
            found = execute(
                Statement("SELECT wal_status = 'lost' AS lost FROM pg_replication_slots WHERE slot_name = %s", (name,))
            )
        return following.plan_slot(name, wanted, there=bool(found), lost=any(row["lost"] for row in found))

    def plan_follow(self, upstream: Upstream) -> base.Plan:
        try:
            source = self.replication_facts().source
        except base.UnansweredError:
            source = None  # A primary is stopped before another one takes over, and started again to follow.
        return following.plan_follow(
            source, upstream, self.config, self.program("pg_rewind"), self.configuration_file()
        )

    def plan_leave(self) -> base.Plan:
        return following.plan_leave(self.replication_facts().source, self.config)

    def create_command(self, directory: str) -> list[str]:
        return [
            self.program("initdb"),
            f"--pgdata={directory}",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale-provider=icu",
            "--icu-locale=und",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--auth-local=peer",
            "--auth-host=scram-sha-256",
        ]

    def is_data_directory(self, directory: str) -> bool:
        return os.path.isfile(os.path.join(directory, "PG_VERSION"))

    def before_start(self) -> None:
        self._order_writes(b"")
        member = membership.read(self.config)
        objects.before_start(self.config.data_dir)
        # Who follows another one can only be read.
        follows = os.path.exists(os.path.join(self.config.data_dir, "standby.signal"))
        objects.close(
            self.config.data_dir, member is not None and not follows and not member.may_write(membership.boot())
        )
        collations.before_start(self, self.server_command())

    def lock_down(self) -> None:
        objects.lock_down(self.session)

    def reload_tls(self) -> None:
        self.reload()

    def reload(self) -> None:
        """Have the server read its files again, and wait until it did: AgentError when it does not within 20 seconds, since one is wrong."""
        with self.session(seconds=_PING_SECONDS) as execute:
            (row,) = execute(Statement("SELECT clock_timestamp()::text AS began, pg_reload_conf()"))
            deadline = time.monotonic() + _RELOAD_SECONDS
            while not execute(Statement("SELECT pg_conf_load_time() >= %s::timestamptz AS read", (row["began"],)))[0][
                "read"
            ]:
                if time.monotonic() > deadline:
                    raise AgentError("agent", "the server does not read its configuration files: one of them is wrong")
                time.sleep(0.05)

    def stop_writes(self, hurry: bool) -> None:
        # A transaction that has begun goes on, and a client may say READ WRITE all the same: both are known by what they write.
        self._order_writes(b"default_transaction_read_only = on\n")
        self.reload()
        deadline = time.monotonic() + (_WATCH_SECONDS if hurry else 0)
        with self.session(seconds=_PING_SECONDS) as execute:
            while True:
                writers = [row["pid"] for row in execute(Statement(_WRITERS))]
                if time.monotonic() >= deadline:
                    break
                for pid in writers:
                    execute(Statement("SELECT pg_terminate_backend(%s::int)", (str(pid),)))
                time.sleep(_WATCH_SECONDS / 50)
        self._checkpoint_soon()
        if writers:
            raise AgentError("agent", "transactions of clients are in the way")

    def _checkpoint_soon(self) -> None:
        """Have one begun, and do not wait: the log of what was written can go after it."""
        with suppress(AgentError), self.session(seconds=_CHECKPOINT_SECONDS) as execute:
            execute(Statement("CHECKPOINT"))

    def allow_writes(self) -> None:
        self._order_writes(b"")
        self.reload()

    def keep_out(self) -> None:
        with suppress(base.UnansweredError):
            if self.follows():
                return
        objects.close(self.config.data_dir, True)
        with suppress(base.UnansweredError):
            self.reload()
            objects.end_clients(self.session)

    def let_in(self, held: bool) -> None:
        objects.close(self.config.data_dir, False)
        if not held:
            self._order_writes(b"")
        self.reload()

    def kept_out(self) -> bool:
        return self.follows() or objects.is_closed(self.config.data_dir)

    def follows(self) -> bool:
        """Whether another server is followed, by the server's word alone: a job may not read the data directory."""
        return bool(self._kept.ask(Statement("SELECT pg_is_in_recovery() AS follows"))[0]["follows"])

    def take_seat(self, member: Membership | None) -> None:
        """Its members have no numbers, and before_start sees to how one of them starts."""
        if member is None:
            following.forget(self.config)
        self._place(following.RECEIPTS, following.receipts(member).encode())
        with suppress(base.UnansweredError):
            self.reload()
            if member is not None and not self.follows():
                objects.publish_access(self.session, self.config.data_dir)

    def attend(self) -> None:
        if objects.take_access(partial(self.session, seconds=_PING_SECONDS), self.config.data_dir):
            self.reload()

    def last_position(self, stop: Callable[[], None]) -> str:
        stop()
        told = subproc.run([self.program("pg_controldata"), self.config.data_dir]).out
        return replication.last_position(told, partial(replication.history_file, self.config.data_dir))

    def await_applied(self, position: str, seconds: int) -> bool:
        wanted = position.rpartition(":")[2]
        deadline = time.monotonic() + seconds
        with self.session(seconds=_PING_SECONDS) as execute:
            while True:
                (row,) = execute(Statement(replication.APPLIED, (wanted,)))
                if row["applied"] or time.monotonic() > deadline:
                    return bool(row["applied"])
                time.sleep(0.05)

    def writes_stopped(self) -> bool:
        """Not when somebody wrote since it was asked last, if only the agent itself: then it is looked after again."""
        (row,) = self._kept.ask(
            Statement(
                f"SELECT current_setting('default_transaction_read_only') = 'on' AND NOT EXISTS ({_WRITERS}) AS stopped,"
                " pg_snapshot_xmax(pg_current_snapshot())::text AS next"
            )
        )
        before, self._next_transaction = self._next_transaction, row["next"]
        return bool(row["stopped"]) and before in ("", row["next"])

    def _order_writes(self, settings: bytes) -> None:
        self._place("postgresql-writes.conf", settings)

    def _place(self, name: str, settings: bytes) -> None:
        """Have the settings in a file that the base configuration includes; it lies beside the data, so that no copy of the data has it."""
        write_atomic(os.path.join(self.config.mount_point, name), settings, 0o644)

    def speaks_tls(self) -> bool:
        return objects.speaks_tls(self.session)

    def plan_tls(self, mode: str) -> base.Plan:
        return objects.plan_tls(self.session, self.config, mode)

    def parameters(self) -> list[dict[str, Any]]:
        return parameters.rules(self._settings())

    def _settings(self) -> list[dict[str, Any]]:
        with self._bare_session() as execute:
            return execute(
                Statement(
                    "SELECT name, vartype, unit, context, min_val, max_val, enumvals, source, reset_val FROM pg_settings"
                )
            )

    def check_configuration(self, settings: base.Settings, file: str) -> None:
        asked = parameters.given(settings.content)
        refuse(parameters.faults(settings.content, self._read(list(asked), {settings.path: file})))

    def plan_parameters(self, settings: base.Settings, file: str = "") -> base.ParameterPlan:
        rows = self._settings()
        configured = self._read(parameters.names_of(settings, rows), {settings.path: file} if file else {})
        with self.session(seconds=_PING_SECONDS) as execute:
            altered = execute(
                Statement(
                    "SELECT lower(name) AS name FROM pg_file_settings WHERE sourcefile LIKE '%%/postgresql.auto.conf'"
                )
            )
        server = parameters.Server(rows, configured, frozenset(row["name"] for row in altered))
        return parameters.plan(settings, server)

    def _read(self, names: Sequence[str], instead: Mapping[str, str]) -> dict[str, str]:
        """What the server would start with, but for ALTER SYSTEM: it reads its configuration files and ends."""
        if not names:
            names = ["port"]
        server, *options = self.server_command()
        script = f'for name in "$@"; do value=$({server} -C "$name" {" ".join(options)}) || exit; printf "%s=%s\\\\0" "$name" "$value"; done'
        altered = os.path.join(self.config.data_dir, "postgresql.auto.conf")
        binds = {**instead, **({altered: "/dev/null"} if os.path.exists(altered) else {})}
        command = ["sh", "-c", script.replace("$", "$$"), "sh", *names]
        done = systemd.ask_outside("dbaas-read-configuration", command, self.config.service, binds)
        if done.code != 0:
            faults = parameters.complaints(done.err)
            raise AgentError("invalid", f"the server refuses its configuration: {'; '.join(faults)}", faults=faults)
        pairs = (entry.partition("=") for entry in done.out.split("\0") if entry)
        return {name: value for name, _dummy, value in pairs}

    def logs_on(self) -> frozenset[str]:
        with self.session(seconds=_PING_SECONDS) as execute:
            (row,) = execute(Statement("SELECT current_setting('log_destination') AS places"))
        return frozenset(self.logs if "stderr" in row["places"] else ())

    def reopen_log(self, name: str) -> None:  # noqa: ARG002 (there is one)
        with self.session(seconds=_PING_SECONDS) as execute:
            execute(Statement("SELECT pg_rotate_logfile()"))

    def databases(self) -> list[dict[str, Any]]:
        return objects.databases(self.session)

    def plan_databases(self, wanted: list[dict[str, Any]]) -> base.Plan:
        return objects.plan_databases(self.session, wanted)

    def users(self) -> list[dict[str, Any]]:
        return objects.users(self.session, self.config)

    def plan_users(self, wanted: list[dict[str, Any]], coming: list[str]) -> base.Plan:
        return objects.plan_users(self.session, self.config, wanted, coming)

    def root_enabled(self) -> bool:
        return objects.root_enabled(self.session)

    def plan_root(self, enabled: bool, password: str | None, require_tls: bool) -> base.Plan:
        return objects.plan_root(self.session, self.config, enabled, password, require_tls)

    def end_root_sessions(self) -> None:
        objects.end_root_sessions(self.session)

    def apply(self, plan: base.Plan | base.ParameterPlan) -> None:
        if isinstance(plan, base.ParameterPlan):
            with self.session() as execute:
                for statement in plan.statements:
                    if statement != parameters.RELOAD:
                        execute(statement)
            self.reload()
        else:
            objects.apply(self.session, (lambda: None) if plan.restart else self.reload, plan)

    def jobs(self) -> dict[str, type[Kind]]:
        from dbaas_agent.drivers.postgresql.check import DatastoreCheck
        from dbaas_agent.drivers.postgresql.upgrade import DatastoreUpgrade

        return {**super().jobs(), "datastore_check": DatastoreCheck, "datastore_upgrade": DatastoreUpgrade}

    def backup_strategies(self) -> dict[str, type[Strategy]]:
        from dbaas_agent.drivers.postgresql.backup_blocks import BlockBackup
        from dbaas_agent.drivers.postgresql.backup_log import LogBackup
        from dbaas_agent.drivers.postgresql.dump import Dump

        files = BlockBackup if int(self.config.version) >= _BLOCKS_SINCE else LogBackup
        return {"pg_basebackup": files, "pg_dump": Dump}

    @contextmanager
    def session(
        self, database: str = "postgres", seconds: int = _STATEMENT_SECONDS, socket: str = ""
    ) -> Iterator[Execute]:
        """A connection on which each statement may take so long; 0: as long as it wants. One that is left ends its statement.

        socket: the directory of another server's.
        """
        with self._session(database, seconds, {**self._own(), **_WRITING}, socket) as execute:
            yield execute

    @contextmanager
    def _bare_session(self) -> Iterator[Execute]:
        """A session that sets nothing itself: its settings are the server's."""
        with self._session("postgres", 0, {}) as execute:
            yield execute

    @contextmanager
    def _session(self, database: str, seconds: int, options: Mapping[str, str], socket: str = "") -> Iterator[Execute]:
        connection = self._connect(seconds, database, options, socket)
        try:
            yield lambda statement: _rows(connection, statement)
        finally:
            connection.close()

    def _own(self) -> dict[str, str]:
        newer = (settings for version, settings in _OWN_SINCE.items() if int(self.config.version) >= version)
        return {**_OWN, **{name: value for settings in newer for name, value in settings.items()}}

    def server_command(self, data_dir: str = "") -> list[str]:
        """The server with its files, as its service runs it, or with another data directory."""
        return [
            self.program("postgres"),
            "-D",
            data_dir or self.config.data_dir,
            "-c",
            f"config_file={self.configuration_file()}",
        ]

    def configuration_file(self) -> str:
        """What includes all other files."""
        return f"/etc/postgresql/{self.config.version}/main/postgresql.conf"

    def program(self, name: str) -> str:
        """Where a program of the server's version lies."""
        return f"/usr/lib/postgresql/{self.config.version}/bin/{name}"

    def port(self, socket: str = "") -> str:
        """In the name of the socket; the server touches it while it runs, and one that was killed leaves its own behind.

        socket: the directory of another server's.
        """
        sockets = glob.glob(os.path.join(socket or self.config.socket, ".s.PGSQL.*[0-9]"))
        if not sockets:
            raise base.UnansweredError("the server does not run")
        return max(sockets, key=os.path.getmtime).rpartition(".")[2]

    def _connect(self, seconds: int, database: str, options: Mapping[str, str], socket: str = "") -> Any:
        client, port = _library(), self.port(socket)
        bounds = {"statement_timeout": f"{seconds}s"} if options else {}

        def connect() -> Any:
            connection = client.connect(
                connection_factory=_bounded_connection(),
                host=socket or self.config.socket,
                port=port,
                user="postgres",
                dbname=database,
                client_encoding="UTF8",
                application_name="dbaas-agent",
                options=_as_options({**options, **bounds}),
            )
            connection.autocommit = True
            connection.seconds = seconds + _SLACK_SECONDS if seconds else None
            return connection

        return _translated(connect)


def _library() -> Any:
    """The client library, with our way to wait for the server: its own has no bound."""
    client = import_module(_LIBRARY)
    client.extensions.set_wait_callback(_wait)
    return client


@lru_cache(maxsize=1)
def _bounded_connection() -> Any:
    """The class of a connection that is waited for at most so many seconds; None: as long as it takes."""
    return type("BoundedConnection", (import_module(_LIBRARY).extensions.connection,), {"seconds": _PING_SECONDS})


def _wait(connection: Any) -> None:
    """Wait until what the connection does is done; a statement that nobody waits for any more is ended."""
    states = import_module(_LIBRARY).extensions
    ends = None if connection.seconds is None else time.monotonic() + connection.seconds
    try:
        while (state := connection.poll()) != states.POLL_OK:
            sides = ([connection], []) if state == states.POLL_READ else ([], [connection])
            left = None if ends is None else max(0.0, ends - time.monotonic())
            if not any(select.select(*sides, [], left)):
                raise base.UnansweredError("the server does not answer in time")
    except (AgentError, import_module(_LIBRARY).Error, OSError):
        raise
    except BaseException:
        connection.cancel()
        raise


def _as_options(settings: Mapping[str, str]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _rows(connection: Any, statement: Statement) -> list[dict[str, Any]]:
    def fetch() -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.bound())
            if cursor.description is None:
                return []
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]

    return _translated(fetch)


def _translated(action: Callable[[], _T]) -> _T:
    """The action's result; the client library's errors become ours, without the statement that it quotes."""
    errors = import_module(_LIBRARY)
    try:
        return action()
    except errors.Error as fault:
        state = fault.pgcode or ""
        if state and not state.startswith(_GONE):
            raise _refused(fault) from None
        raise base.UnansweredError(
            f"the server does not answer ({type(fault).__name__} {state})".replace(" )", ")")
        ) from None


_GONE = ("08", "57P")
"""Classes of states of a server that is not there: connections that break, shutdown, start, recovery."""
_CANCELLED = "57014"
_SYNTAX_ERROR = "42601"


def _refused(fault: Any) -> AgentError:
    state = fault.pgcode
    if state == _CANCELLED:
        return AgentError("timeout", "the server did not carry out a statement in time", code=state)
    text = "" if state == _SYNTAX_ERROR else f": {fault.diag.message_primary}"
    return AgentError("agent", f"the server refused a statement with error {state}{text}", code=state)
