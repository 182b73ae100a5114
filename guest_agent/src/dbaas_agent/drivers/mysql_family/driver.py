# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver of a server of the family, over its local socket, as root by peer authentication."""

from __future__ import annotations

import os
import re
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, ClassVar

from dbaas_agent import membership, systemd, tls_mode
from dbaas_agent.config import Config
from dbaas_agent.drivers import base
from dbaas_agent.drivers.all_faults import refuse
from dbaas_agent.drivers.kept_connection import KeptConnection
from dbaas_agent.drivers.mysql_family import (
    databases,
    grants,
    parameters,
    replication,
    seat,
    semi_sync,
    sessions,
    tls,
    users,
    writers,
)
from dbaas_agent.drivers.mysql_family.databases import CharacterSets
from dbaas_agent.drivers.mysql_family.grants import Held, Known, Places, Scope
from dbaas_agent.drivers.mysql_family.sessions import PING_SECONDS, Execute
from dbaas_agent.drivers.mysql_family.sql import SYSTEM_DATABASES, Statement, quote
from dbaas_agent.drivers.mysql_family.users import Account
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import identity, write_atomic
from dbaas_agent.membership import Membership
from dbaas_agent.replication import ACCOUNT, PRIMARY, REPLICA, Upstream
from dbaas_agent.subproc import Completed
from dbaas_agent.tls_mode import Who

_STATEMENT_SECONDS = 60
_PARAMETER_SECONDS = 600
"""A buffer pool and a redo log take their time to change their size."""
_LOGGED = Statement("SET SESSION sql_log_bin = ON")
"""For what replicas are to do, too. All else that the agent writes stays here, and on a replica everything: it would part the histories."""
_LOCK_TIMED_OUT = 1205
_LOCK_SECONDS = 2
_ABANDON_SECONDS = 15
_LOOK_SECONDS = 0.1
_PROCESSES = Statement("SHOW FULL PROCESSLIST")


class Driver(base.Driver):
    """What servers of the family are asked alike; what they differ in is in the class attributes and the methods with an underscore."""

    logs = ("general", "slow")
    server: ClassVar[str]
    """The program."""
    dialect: ClassVar[users.Dialect]
    own: ClassVar[str]
    """Sets what may be set for all sessions, and is not for the agent's: its statements, which hold passwords, are in no log."""
    collations: ClassVar[Statement]
    """Asks for each collation, by its whole name, and its charset."""
    kill: ClassVar[str] = "KILL"
    """Ends a connection that keeps the server from stopping its writes."""
    alone: ClassVar[tuple[str, ...]]
    """The options with which it replicates from nobody by itself, and needs no certificate."""
    monitoring: ClassVar[frozenset[str]]
    """Privileges on everything that a user may have."""
    words: ClassVar[replication.Words]
    followed: ClassVar[Statement]
    """Asks whom it follows."""
    receipts: ClassVar[semi_sync.Words]
    forget_source: ClassVar[Sequence[Statement]]
    """Have the server follow nobody, and have no place in another one's history."""
    wait: ClassVar[str]
    """The function that waits for a position for so many seconds; 0: the server has applied it."""
    read_only: ClassVar[tuple[str, ...]]
    """The variables that keep clients from writing; the last one sets those before it, and the first one resets those after it."""
    synonyms: ClassVar[Mapping[str, str]] = {}
    """Other names of privileges."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._kept = KeptConnection(lambda: self._connect(PING_SECONDS), sessions.rows)
        self._reading = threading.Lock()
        self._seen_bare: tuple[object, dict[str, str | None]] | None = None

    @abstractmethod
    def secure(self, execute: Execute) -> None:
        """Close what a new data directory leaves open."""

    @abstractmethod
    def _accounts(self, execute: Execute) -> dict[Who, Account]:
        """All accounts, without their grants."""

    @abstractmethod
    def _parameters(
        self, execute: Execute, configured: Mapping[str, str | None], names: Iterable[str]
    ) -> parameters.Server:
        """What the server tells of these parameters, and maybe of more. configured: what it would start with."""

    @abstractmethod
    def _begin(self, execute: Execute, upstream: Upstream, follows: bool) -> list[Statement]:
        """What gives the server its place in the history of one that it is to follow."""

    @abstractmethod
    def _read_only_by_statement(self, execute: Execute) -> bool:
        """Whether read_only has its value from a statement."""

    def lock_down(self) -> None:
        with self.session() as execute:
            self.secure(execute)

    def ping(self) -> str:
        return str(self._kept.ask(Statement("SELECT VERSION() AS version"))[0]["version"])

    def closed(self) -> bool:
        return self._kept.ask(Statement("SELECT @@skip_networking AS closed"))[0]["closed"] not in (0, "OFF")

    def plan_replica_account(self, name: str, password: str | None, tls: bool) -> base.Plan:
        with self.session() as execute:
            if password is not None and not execute(Statement("SELECT @@log_bin AS logs"))[0]["logs"]:
                msg = "the binary log is off, so nobody can follow: playbook instance_rebuild configures the server as new ones are"
                raise AgentError("not_actionable", msg)
            return replication.plan_account(name, password, tls, (name, users.ANYWHERE) in self._accounts(execute))

    def plan_follow(self, upstream: Upstream) -> base.Plan:
        current = self.replication_facts().source
        with self.session() as execute:
            begin = self._begin(execute, upstream, current is not None)
        return replication.plan_follow(current, upstream, self.words, begin)

    def plan_leave(self) -> base.Plan:
        return replication.plan_leave(self.replication_facts().source, self.words)

    def is_data_directory(self, directory: str) -> bool:
        return os.path.isdir(os.path.join(directory, "mysql"))

    def stop_writes(self, hurry: bool) -> None:
        self._refuse_writes("read_only", [writers.writing, writers.idle] if hurry else [])

    def _refuse_writes(
        self, variable: str, ends: list[Callable[[list[dict[str, Any]]], list[int]]], seconds: int = _LOCK_SECONDS
    ) -> None:
        """ends: whom to end, one after the other, when some are in the way. seconds: how long each try waits for them."""
        with self.session(seconds + PING_SECONDS) as execute:
            # It waits for the statements that write just now, and others wait behind it.
            execute(Statement(f"SET SESSION lock_wait_timeout = {seconds}"))
            while True:
                try:
                    execute(_refusal(variable))
                    return
                except AgentError as fault:
                    if fault.details.get("code") != _LOCK_TIMED_OUT:
                        raise
                    if not ends:
                        raise AgentError("agent", "statements or locks of clients are in the way") from fault
                for thread in ends.pop(0)(execute(_PROCESSES)):
                    self._end(execute, thread)

    def _end(self, execute: Execute, thread: int) -> None:
        with suppress(AgentError):
            execute(Statement(f"{self.kill} {thread}"))

    def allow_writes(self) -> None:
        with self.session(PING_SECONDS) as execute:
            if self._read_only_by_statement(execute):
                execute(Statement("SET GLOBAL read_only = OFF"))

    def keep_out(self) -> None:
        if self.kept_out() and self.replication_facts().source is not None:
            return  # It was closed before it followed anybody: who is there reads.
        try:
            self._refuse_writes(self.read_only[-1], [writers.writing, writers.idle])
        except AgentError:
            if not self._abandon_receipts():
                raise
        with self.session(PING_SECONDS) as execute:
            for thread in writers.clients(execute(_PROCESSES)):
                self._end(execute, thread)

    def _abandon_receipts(self) -> bool:
        """Refuse writes although some wait for receipts that do not come; False where none do. No client is told that such a write is kept: all are cut
        off before the server stops to wait, while others who would write wait for the order."""
        order, off = _refusal(self.read_only[-1]), semi_sync.settings(self.receipts, 0, gives=False)
        with self.session(PING_SECONDS) as execute, ThreadPoolExecutor(1) as side:
            if not writers.awaiting_receipts(execute(_PROCESSES)):
                return False
            refusing = side.submit(self._refuse_writes, self.read_only[-1], [], _ABANDON_SECONDS)
            while not refusing.done():
                rows = execute(_PROCESSES)
                if writers.are_held_back(rows, order.sql):
                    for thread in {*writers.clients(rows), *writers.alive(rows)}:
                        with suppress(AgentError):  # it ended by itself
                            execute(Statement(f"KILL {thread}"))
                    if not writers.alive(execute(_PROCESSES)):
                        self._have_receipts(execute, off)
                time.sleep(_LOOK_SECONDS)
            refusing.result()
        return True

    def let_in(self, held: bool) -> None:
        if held:
            return  # The same word stops the writes.
        with self.session(PING_SECONDS) as execute:
            execute(Statement("SET GLOBAL read_only = OFF"))
        self._resume_events()

    def kept_out(self) -> bool:
        shut = " AND ".join(f"@@GLOBAL.{variable}" for variable in self.read_only)
        return bool(self._kept.ask(Statement(f"SELECT {shut} AS shut"))[0]["shut"])

    def _resume_events(self) -> None:
        """Those that the configuration wants, and those that came as another server's."""
        path = self._seat_path()
        configured = self.read({path: os.devnull} if os.path.exists(path) else {})["event_scheduler"]
        with self.session() as execute:
            execute(_LOGGED)
            for row in execute(seat.OTHERS_EVENTS):
                execute(Statement(f"ALTER EVENT {quote(row['place'])}.{quote(row['name'])} ENABLE"))
            if configured in ("ON", "1"):
                execute(Statement("SET GLOBAL event_scheduler = ON"))

    def take_seat(self, member: Membership | None) -> None:
        receipts, content = semi_sync.settings(self.receipts, 0, gives=False), ""
        if member is not None:
            if member.receipts > 1 and not self.receipts.number:
                raise AgentError(
                    "not_actionable", f"receipts: {member.receipts}; the server can wait for those of one replica"
                )
            waits = member.receipts if member.role == PRIMARY else 0
            receipts = semi_sync.settings(self.receipts, waits, gives=member.gives_receipts(self.config.uid))
            content = seat.settings(os.path.basename(self.server), member.server_id, self.read_only, receipts)
        with suppress(base.UnansweredError), self.session(PING_SECONDS) as execute:
            if member is not None:
                execute(Statement(f"SET GLOBAL server_id = {member.server_id:d}"))
            self._have_receipts(execute, receipts)
        write_atomic(self._seat_path(), content.encode(), 0o644)

    def _have_receipts(self, execute: Execute, wanted: Mapping[str, str]) -> None:
        running = {row["Variable_name"]: row["Value"] for row in execute(semi_sync.VARIABLES)}
        follows = bool(execute(self.followed))
        for statement in semi_sync.statements(self.receipts, wanted, running, follows):
            execute(statement)

    def _is_replica(self) -> bool:
        """Whether what is written here has to come from another server, though it may not follow it yet, or any more."""
        member = membership.read(self.config)
        return member.role == REPLICA if member else self.replication_facts().source is not None

    def _seat_path(self) -> str:
        return os.path.join(self.config.mount_point, seat.FILE)

    def last_position(self, stop: Callable[[], None]) -> str:  # noqa: ARG002 (it writes nothing by itself)
        return self.replication_facts().applied

    def await_applied(self, position: str, seconds: int) -> bool:
        with self.session(seconds + PING_SECONDS) as execute:
            (row,) = execute(Statement(f"SELECT {self.wait}(%s, {seconds:d}) AS late", (self._awaitable(position),)))
        return bool(row["late"] == 0)

    def _awaitable(self, position: str) -> str:
        """The position as the server waits for it."""
        return position

    def make_room(self) -> bool:
        """Binary logs: who has not read them has to be made anew, an incremental backup as well as a replica."""
        with self.session(PING_SECONDS) as execute:
            names = [row["Log_name"] for row in execute(Statement("SHOW BINARY LOGS"))]
            if len(names) > 1:
                execute(Statement("PURGE BINARY LOGS TO %s", (names[-1],)))
            return len(names) > 1

    def writes_stopped(self) -> bool:
        return self._kept.ask(Statement("SELECT @@GLOBAL.read_only AS stopped"))[0]["stopped"] not in (0, "OFF")

    def plan_tls(self, mode: str) -> base.Plan:
        with self.session() as execute:
            accounts = self._accounts(execute)
            # Those of replicas have what they were made with: members of a set have no certificates for clients.
            logins = [one for who, one in accounts.items() if one.login and not re.fullmatch(ACCOUNT, who[0])]
            requires = {one.who: one.require for one in logins}
            (row,) = execute(Statement("SELECT @@require_secure_transport AS secure"))
            if self._is_replica():
                requires = {}  # They come from the primary.
            return tls.plan_mode(tls_mode.read(self.config), mode, requires, bool(row["secure"]))

    def parameters(self) -> list[dict[str, Any]]:
        configured = self.read()
        with self.session() as execute:
            return self._parameters(execute, configured, configured).rules()

    def check_configuration(self, settings: base.Settings, file: str) -> None:
        refuse(parameters.faults(settings.content, self.read({settings.path: file})))

    def plan_parameters(self, settings: base.Settings, file: str = "") -> base.ParameterPlan:
        configured = self.read({settings.path: file} if file else {})
        names = {*parameters.given(settings.content), *parameters.given(settings.before)}
        with self.session() as execute:
            return parameters.plan(settings, self._parameters(execute, configured, names))

    def running(self, execute: Execute) -> dict[str, Any]:
        """The values of all variables."""
        return {row["Variable_name"]: row["Value"] for row in execute(Statement("SHOW GLOBAL VARIABLES"))}

    def bare(self) -> dict[str, str | None]:
        """The parameters with what the server would start with if it had no files; read again when the server is another."""
        server = identity(self.server)
        if self._seen_bare is None or self._seen_bare[0] != server:
            self._seen_bare = server, self.read(options=["--no-defaults"])
        return self._seen_bare[1]

    def read(self, instead: Mapping[str, str] | None = None, options: Sequence[str] = ()) -> dict[str, str | None]:
        """The parameters with what the server would start with (None: its own): it reads its configuration files and ends."""
        done = self.ask([*options, "--verbose", "--help"], instead)
        self._refuse(done)
        return parameters.options(done.out)

    def ask(self, options: Sequence[str], instead: Mapping[str, str] | None = None) -> Completed:
        """What the program prints, without data. instead: files to read at other paths."""
        first = [option for option in options if option == "--no-defaults"]
        rest = [option for option in options if option != "--no-defaults"]
        command = [self.server, *first, "--user=root", "--datadir=/nonexistent", *rest]
        with self._reading:
            return systemd.ask_outside("dbaas-read-configuration", command, self.config.service, instead or {})

    def _refuse(self, done: Completed) -> None:
        """AgentError(invalid) when the server refused its configuration."""
        if done.code != 0:
            faults = [line.partition("[ERROR] ")[2] for line in done.err.splitlines() if "[ERROR] " in line]
            raise AgentError("invalid", f"the server refuses its configuration: {'; '.join(faults)}", faults=faults)

    def logs_on(self) -> frozenset[str]:
        # The log of all statements says who comes: it would grow with each look at it.
        (row,) = self._kept.ask(
            Statement(
                "SELECT @@GLOBAL.general_log AS general, @@GLOBAL.slow_query_log AS slow, @@GLOBAL.log_output AS place"
            )
        )
        return frozenset(name for name in self.logs if row[name] and "FILE" in row["place"])

    def reopen_log(self, name: str) -> None:
        with self.session(PING_SECONDS) as execute:
            execute(Statement(f"FLUSH NO_WRITE_TO_BINLOG {name.upper()} LOGS"))

    def databases(self) -> list[dict[str, Any]]:
        with self.session() as execute:
            return sorted(user_databases(execute).values(), key=lambda row: str(row["name"]))

    def plan_databases(self, wanted: list[dict[str, Any]]) -> base.Plan:
        with self.session() as execute:
            collations = execute(self.collations)
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
            return databases.plan_databases(wanted, user_databases(execute), known)

    def users(self) -> list[dict[str, Any]]:
        with self.session() as execute:
            known = self._privileges(execute)
            return [account.shown(known) for _dummy, account in sorted(self._users(execute).items())]

    def plan_users(self, wanted: list[dict[str, Any]], coming: list[str]) -> base.Plan:
        with self.session() as execute:
            tables = frozenset(named for named in grants.tables_of(wanted) if _is_table(execute, *named))
            places = Places(frozenset({*user_databases(execute), *coming}), tables)
            known, policy = self._privileges(execute), tls_mode.read(self.config)
            return users.plan_users(wanted, self._users(execute), known, places, self.dialect, policy=policy)

    def root_enabled(self) -> bool:
        with self.session() as execute:
            return users.ROOT in self._accounts(execute)

    def plan_root(self, enabled: bool, password: str | None, require_tls: bool) -> base.Plan:
        with self.session() as execute:
            root, policy = self._granted(execute).get(users.ROOT), tls_mode.read(self.config)
            return users.plan_root(root, enabled, password, require_tls, self.dialect, policy=policy)

    def end_root_sessions(self) -> None:
        with self.session() as execute:
            for row in execute(Statement("SHOW PROCESSLIST")):
                if row["User"] == "root" and row["Host"] != "localhost":
                    with suppress(AgentError):  # it ended by itself
                        execute(Statement(f"KILL {row['Id']}"))

    def apply(self, plan: base.Plan | base.ParameterPlan) -> None:
        seconds = _PARAMETER_SECONDS if isinstance(plan, base.ParameterPlan) else _STATEMENT_SECONDS
        with self.session(seconds) as execute:
            if not self._is_replica():
                execute(_LOGGED)
            for statement in plan.statements:
                execute(statement)

    @contextmanager
    def session(self, seconds: int = _STATEMENT_SECONDS) -> Iterator[Execute]:
        """A connection on which each statement may take so long; one that is left by no AgentError ends its statement."""
        connection = self._connect(seconds)
        try:
            yield lambda statement: sessions.rows(connection, statement)
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
        return sessions.connect(self.config.socket, seconds, self.own)

    def _users(self, execute: Execute) -> dict[Who, Account]:
        """The accounts that are no system's."""
        names = self.dialect.names
        return {who: account for who, account in self._granted(execute).items() if not names.are_systems(who[0])}

    def _granted(self, execute: Execute) -> dict[Who, Account]:
        """All accounts, with their grants."""
        accounts = self._accounts(execute)
        held = self._grants(execute, list(accounts))
        return {who: replace(account, grants=held[who]) for who, account in accounts.items()}

    def _grants(self, execute: Execute, accounts: list[Who]) -> dict[Who, dict[Scope, Held]]:
        found: dict[Who, dict[Scope, Held]] = {who: {} for who in accounts}
        by_grantee = {f"'{name}'@'{host}'": (name, host) for name, host in accounts}
        everything: dict[Who, list[tuple[str, bool]]] = {}
        for row in execute(
            Statement("SELECT GRANTEE, PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.USER_PRIVILEGES")
        ):
            if row["GRANTEE"] in by_grantee and row["PRIVILEGE_TYPE"] != "USAGE":
                held = everything.setdefault(by_grantee[row["GRANTEE"]], [])
                held.append((row["PRIVILEGE_TYPE"], row["IS_GRANTABLE"] == "YES"))
        for who, rows in everything.items():
            found[who][Scope(grants.EVERYTHING)] = Held(
                frozenset(privilege for privilege, _dummy in rows), any(grantable for _dummy, grantable in rows)
            )
        for row in execute(Statement("SELECT * FROM mysql.db")):
            privileges = _of_columns(name for name, value in row.items() if name.endswith("_priv") and value == "Y")
            _add(found, row, Scope(row["Db"]), privileges)
        for row in execute(Statement("SELECT User, Host, Db, Table_name, Table_priv FROM mysql.tables_priv")):
            privileges = grants.privileges_of_set(row["Table_priv"].split(","), self.synonyms)
            _add(found, row, Scope(row["Db"], row["Table_name"]), privileges)
        return found

    def _privileges(self, execute: Execute) -> Known:
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
        of_tables = grants.privileges_of_set(words, self.synonyms)
        return Known(of_database - {"GRANT"}, of_tables - {"GRANT"}, self.monitoring, self.synonyms)


def _refusal(variable: str) -> Statement:
    return Statement(f"SET GLOBAL {variable} = ON")


def user_databases(execute: Execute) -> dict[str, dict[str, Any]]:
    """All but the server's own, by name."""
    rows = execute(
        Statement(
            "SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS character_set,"
            " DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA"
        )
    )
    return {row["name"]: row for row in rows if row["name"].lower() not in SYSTEM_DATABASES}


def _is_table(execute: Execute, database: str, table: str) -> bool:
    asked = "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"
    return bool(execute(Statement(asked, (database, table))))


def _add(found: dict[Who, dict[Scope, Held]], row: dict[str, Any], scope: Scope, privileges: frozenset[str]) -> None:
    who = (row["User"], row["Host"])
    if who in found:
        found[who][scope] = Held(privileges - {"GRANT"}, "GRANT" in privileges)


def _of_columns(columns: Iterable[str]) -> frozenset[str]:
    return frozenset(map(grants.privilege_of_column, columns))
