# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a driver must answer about its datastore."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.tls_mode import Policy

if TYPE_CHECKING:
    from dbaas_agent.backup.strategy import Strategy
    from dbaas_agent.jobs.kind import Kind
    from dbaas_agent.membership import Membership
    from dbaas_agent.replication import Facts, Upstream


class UnansweredError(AgentError):
    """The datastore cannot be reached or did not answer within its bound."""

    def __init__(self, msg: str) -> None:
        super().__init__("not_actionable", msg)


@dataclass(frozen=True)
class Plan:
    """Statements to run, each with a method ``shown()``, and what they change; nothing that is shown holds a secret.
    policy: what is to be kept of the TLS mode beside them; None: what is kept. restart: whether the server has to be started again after them.
    stopped: steps after them, each with ``shown()`` and ``put()``, for which the server is stopped before it starts again."""

    statements: list[Any]
    before: dict[str, Any]
    after: dict[str, Any]
    policy: Policy | None = None
    restart: bool = False
    stopped: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """A configuration file. before: its content until now. natural: values that parameters had without it since the server was started."""

    path: str
    content: str
    before: str = ""
    natural: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ParameterPlan:
    """How the running server comes to follow its configuration files.

    statements: to be run, where the driver rereads after the files are in place; before, after: what they and a restart change, by name;
    pending: names of what only a restart changes; natural: of those that change, values that neither a statement nor the file of the settings gave.
    """

    statements: list[Any] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    natural: dict[str, str] = field(default_factory=dict)


class Driver(ABC):
    """One datastore on this guest.

    Every call is bounded in time; a datastore that does not answer is UnansweredError. The plan methods read, validate and
    decide; only ``apply`` and ``lock_down`` write.
    """

    logs: tuple[str, ...] = ()
    """Names of the logs that the datastore writes to files when they are switched on."""
    rereads: bool = False
    """Whether the running server follows its configuration files themselves, read again, and not statements beside them."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def ping(self) -> str:
        """The server's version, from a query that the server answered; bounded to 15 seconds. One thread at a time."""

    @abstractmethod
    def closed(self) -> bool:
        """Whether the server lets no client in, by the collection's order; bounded and called like ping."""

    @abstractmethod
    def position(self) -> str:
        """Where the server is in its history of writes, in its own words; bounded like ping."""

    @abstractmethod
    def replication_facts(self) -> Facts:
        """Its part in replication, as it tells; bounded and called like ping."""

    @abstractmethod
    def plan_replica_account(self, name: str, password: str | None, tls: bool) -> Plan:
        """How there comes to be an account by which one replica may follow this server; None: how there comes to be none."""

    def plan_replica_slot(self, name: str, wanted: bool) -> Plan:  # noqa: ARG002 (most keep it for all alike)
        """How this server comes to keep for the replica of that account what it has not read, or to keep it no longer; it writes nothing that others get."""
        return Plan([], {}, {})

    @abstractmethod
    def plan_follow(self, upstream: Upstream) -> Plan:
        """How this server, which takes no writes, comes to follow another one."""

    @abstractmethod
    def plan_leave(self) -> Plan:
        """How it comes to follow nobody, with what it has applied until then."""

    @abstractmethod
    def create_command(self, directory: str) -> list[str]:
        """The command that fills a new data directory, run as the datastore's user."""

    @abstractmethod
    def is_data_directory(self, directory: str) -> bool:
        """Whether the directory holds this datastore's data."""

    def before_start(self) -> None:  # noqa: B027 (most have nothing to do)
        """What the data need before the server may start for clients; its service asks for it, as root, by `agent.pyz before-start`. Bounded by nothing."""

    @abstractmethod
    def lock_down(self) -> None:
        """Close what a new data directory leaves open."""

    @abstractmethod
    def reload_tls(self) -> None:
        """Have the running server read its certificate again."""

    @abstractmethod
    def stop_writes(self, hurry: bool) -> None:
        """Have the server refuse writes of ordinary accounts; AgentError when some that run keep it from that.

        hurry: end what is in the way. Bounded to 30 seconds.
        """

    @abstractmethod
    def allow_writes(self) -> None:
        """Undo stop_writes, unless the server has been started since and refuses writes by its configuration."""

    @abstractmethod
    def keep_out(self) -> None:
        """Have no client write here, and end the sessions that might; bounded to 30 seconds. It lasts until let_in; see take_seat for the next start."""

    @abstractmethod
    def let_in(self, held: bool) -> None:
        """Undo keep_out. held: writes stay stopped all the same (see stop_writes)."""

    @abstractmethod
    def kept_out(self) -> bool:
        """Whether no client can write here, by keep_out or since the server started so; bounded and called like ping."""

    @abstractmethod
    def take_seat(self, member: Membership | None) -> None:
        """Be that member of a replication set, which starts without taking writes, and waits for receipts or gives them; None: of none, which starts as
        others do. AgentError(not_actionable) where the server cannot wait for so many."""

    def attend(self) -> None:  # noqa: B027 (most have nothing to do)
        """As a replica, follow what the primary has beside its data; bounded and called like ping."""

    @abstractmethod
    def last_position(self, stop: Callable[[], None]) -> str:
        """What the server has at last, once no client writes here: a word as in Facts. One that writes by itself is stopped for that."""

    @abstractmethod
    def await_applied(self, position: str, seconds: int) -> bool:
        """Wait until the server has applied all of that; whether it did within the time."""

    def make_room(self) -> bool:
        """Give back space on the volume that only convenience holds, and say whether there was any; bounded to 15 seconds. Most have none."""
        return False

    @abstractmethod
    def writes_stopped(self) -> bool:
        """Whether the server refuses writes, for whatever reason; bounded and called like ping."""

    @abstractmethod
    def speaks_tls(self) -> bool:
        """Whether the running server offers TLS."""

    @abstractmethod
    def plan_tls(self, mode: str) -> Plan:
        """How the running server, configured for the mode, and its accounts come to follow it without a restart."""

    @abstractmethod
    def parameters(self) -> list[dict[str, Any]]:
        """What may be set in the configuration of this server, as in validation-rules.json: name, type, restart_required, min, max, step, choices."""

    @abstractmethod
    def check_configuration(self, settings: Settings, file: str) -> None:
        """AgentError(invalid) when the server refuses its configuration files with the settings, or makes something else of a value.

        file: where their content stands as long as it is not in its place.
        """

    @abstractmethod
    def plan_parameters(self, settings: Settings, file: str = "") -> ParameterPlan:
        """How the running server comes to follow its configuration files, or what they would be with the settings, whose content is in ``file``.

        That is for every parameter that the content sets, or that of before did; a name that the server does not know is left alone.
        """

    @abstractmethod
    def logs_on(self) -> frozenset[str]:
        """Which of ``logs`` the running server writes; bounded to 15 seconds."""

    @abstractmethod
    def reopen_log(self, name: str) -> None:
        """Have the server begin a log's file again after it was renamed; bounded to 15 seconds."""

    @abstractmethod
    def databases(self) -> list[dict[str, Any]]:
        """The databases that are no system's: name, character_set, collation."""

    @abstractmethod
    def plan_databases(self, wanted: list[dict[str, Any]]) -> Plan:
        """How to reach the wanted databases (schema: database_set)."""

    @abstractmethod
    def users(self) -> list[dict[str, Any]]:
        """The users that are no system's: name, host, require_tls, require_certificate, passwords (how many will do), databases, grants."""

    @abstractmethod
    def plan_users(self, wanted: list[dict[str, Any]], coming: list[str]) -> Plan:
        """How to reach the wanted users (schema: user_set); coming: databases that count as there."""

    @abstractmethod
    def root_enabled(self) -> bool:
        """Whether there is a superuser who may come from the network."""

    @abstractmethod
    def plan_root(self, enabled: bool, password: str | None, require_tls: bool) -> Plan:
        """How to let that superuser in, or keep it out (schema: root_set)."""

    @abstractmethod
    def end_root_sessions(self) -> None:
        """End the sessions that it has over the network."""

    @abstractmethod
    def apply(self, plan: Plan | ParameterPlan) -> None:
        """Run the plan's statements."""

    def jobs(self) -> dict[str, type[Kind]]:
        """The kinds of job that it offers, by name; they are imported when they are asked for. A driver adds its own."""
        from dbaas_agent.backup.adopt import Adopt
        from dbaas_agent.backup.backup import Backup
        from dbaas_agent.backup.restore import Restore

        return {"adopt": Adopt, "backup": Backup, "restore": Restore}

    @abstractmethod
    def backup_strategies(self) -> dict[str, type[Strategy]]:
        """The ways to take a backup of it, by name, the usual one first; imported when they are asked for."""
