# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a driver must answer about its datastore."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.tls_mode import Policy

if TYPE_CHECKING:
    from dbaas_agent.jobs.kind import Kind


class UnansweredError(AgentError):
    """The datastore cannot be reached or did not answer within its bound."""

    def __init__(self, msg: str) -> None:
        super().__init__("not_actionable", msg)


@dataclass(frozen=True)
class Plan:
    """Statements to run, each with a method ``shown()``, and what they change; nothing that is shown holds a secret.
    policy: what is to be kept of the TLS mode beside them; None: what is kept."""

    statements: list[Any]
    before: dict[str, Any]
    after: dict[str, Any]
    policy: Policy | None = None


@dataclass(frozen=True)
class ParameterPlan:
    """How the running server comes to follow its configuration files: statements to run, what they change, and by name what only a restart does."""

    statements: list[Any]
    before: dict[str, Any]
    after: dict[str, Any]
    pending: list[str]


class Driver(ABC):
    """One datastore on this guest.

    Every call is bounded in time; a datastore that does not answer is UnansweredError. The plan methods read, validate and
    decide; only ``apply`` and ``lock_down`` write.
    """

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def ping(self) -> str:
        """The server's version, from a query that the server answered; bounded to 15 seconds. One thread at a time."""

    @abstractmethod
    def closed(self) -> bool:
        """Whether the server lets no client in, by the collection's order; bounded and called like ping."""

    @abstractmethod
    def create_command(self, directory: str) -> list[str]:
        """The command that fills a new data directory, run as the datastore's user."""

    @abstractmethod
    def is_data_directory(self, directory: str) -> bool:
        """Whether the directory holds this datastore's data."""

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
    def parameters_in(self, content: str) -> set[str]:
        """The parameters that a configuration file sets."""

    @abstractmethod
    def check_configuration(self, extra: str, content: str) -> None:
        """Have the server read its configuration files, and after them the one at the path ``extra``, which holds the content.

        AgentError(invalid) when it refuses them, or makes something else of a value of the content.
        """

    @abstractmethod
    def plan_parameters(self, names: set[str], extra: str = "") -> ParameterPlan:
        """How the running server comes to follow its configuration files, and the one at the path ``extra`` after them, for these parameters.

        A name that it does not know is left alone.
        """

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

    @abstractmethod
    def jobs(self) -> dict[str, type[Kind]]:
        """The kinds of job that it offers, by name; they are imported when they are asked for."""
