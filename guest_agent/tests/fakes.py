# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A faked driver and a faked systemd; volume, certificates and configuration are files on disk."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import systemd, tls_mode
from dbaas_agent.backup.strategy import Strategy
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver, ParameterPlan, Plan, Settings, UnansweredError
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Kind
from dbaas_agent.systemd import Unit

BASE = "base"
"""What a parameter has that no file sets."""
REFUSED, KEPT = "refused", "kept"
"""Values that the running server refuses, and that it does not take without a word. A parameter whose name begins with start_ changes with a start only."""


def told(content: str) -> dict[str, str]:
    """What a configuration file says."""
    return dict(line.split("=") for line in content.splitlines())


class FakeDriver(Driver):
    """A datastore whose data directory is a file, and which answers while its service runs."""

    logs = ("general", "slow")

    def __init__(self, config: Config, world: World) -> None:
        super().__init__(config)
        self.world = world
        self.calls: list[str] = []
        self.on = frozenset({"general"})
        self.root = False
        self.stopped = False
        self.tls = True
        self.policy: tls_mode.Policy | None = None

    def ping(self) -> str:
        if self.world.unit.active != "active" or self.world.silent:
            raise UnansweredError("silence")
        return "1.0"

    def create_command(self, directory: str) -> list[str]:
        return ["create", directory]

    def is_data_directory(self, directory: str) -> bool:
        return os.path.exists(os.path.join(directory, "data"))

    def lock_down(self) -> None:
        self.calls.append("lock_down")

    def reload_tls(self) -> None:
        self.calls.append("reload_tls")

    def stop_writes(self, hurry: bool) -> None:
        self.calls.append("hurry" if hurry else "stop_writes")
        self.stopped = True

    def allow_writes(self) -> None:
        self.calls.append("allow_writes")
        self.stopped = False

    def writes_stopped(self) -> bool:
        self.ping()
        return self.stopped

    def closed(self) -> bool:
        return False

    def speaks_tls(self) -> bool:
        return self.tls

    def plan_tls(self, mode: str) -> Plan:
        kept = tls_mode.read(self.config)
        after = tls_mode.Policy(mode, self.policy.plain if self.policy else kept.plain)
        steps = [Step()] if after != kept else []
        return Plan(steps, {"mode": kept.mode}, {"mode": mode}, None if after == kept else after)

    def logs_on(self) -> frozenset[str]:
        self.ping()
        return self.on

    def reopen_log(self, name: str) -> None:
        Path(self.config.mount_point, "logs", f"{name}.log").touch()

    def databases(self) -> list[dict[str, Any]]:
        return [{"name": "d"}]

    def plan_databases(self, wanted: list[dict[str, Any]]) -> Plan:
        return Plan([Step()] * len(wanted), {}, {"d": 1})

    def users(self) -> list[dict[str, Any]]:
        return [{"name": "u"}]

    def plan_users(self, wanted: list[dict[str, Any]], coming: list[str]) -> Plan:
        return Plan([Step()] * len(wanted), {}, dict.fromkeys(coming, 1))

    def root_enabled(self) -> bool:
        return self.root

    def plan_root(self, enabled: bool, password: str | None, require_tls: bool) -> Plan:
        return Plan([Step()] if enabled else [], {}, {"root": [password, require_tls]})

    def end_root_sessions(self) -> None:
        self.calls.append("end_root_sessions")

    def parameters(self) -> list[dict[str, Any]]:
        return [{"name": "level", "type": "integer", "restart_required": False}]

    def check_configuration(self, settings: Settings, file: str) -> None:
        assert Path(file).read_text() == settings.content
        if "nonsense" in told(settings.content):
            raise AgentError("invalid", "nonsense: unknown")

    def plan_parameters(self, settings: Settings, file: str = "") -> ParameterPlan:
        wanted = told(Path(file).read_text()) if file else self.world.configured()
        plan = ParameterPlan()
        for name in sorted({*told(settings.content), *told(settings.before)}):
            now, after = self.world.values.get(name, BASE), wanted.get(name, settings.natural.get(name, BASE))
            if now == after:
                continue
            plan.before[name], plan.after[name] = now, after
            if name not in told(settings.before):
                plan.natural[name] = now
            if name.startswith("start_"):
                plan.pending.append(name)
            else:
                plan.statements.append(Step(name, after))
        return plan

    def apply(self, plan: Plan | ParameterPlan) -> None:
        self.calls.append(f"apply {len(plan.statements)}")
        self.kept_at_apply = tls_mode.read(self.config).mode
        for step in plan.statements:
            if step.value == REFUSED:
                raise AgentError("agent", f"{step.name}: no")
            if step.name and step.value != KEPT:
                self.world.values[step.name] = step.value

    def jobs(self) -> dict[str, type[Kind]]:
        return {}

    def backup_strategies(self) -> dict[str, type[Strategy]]:
        return {}


class RereadingDriver(FakeDriver):
    """Its server reads its file again when it is told to."""

    rereads = True

    def apply(self, plan: Plan | ParameterPlan) -> None:
        if isinstance(plan, Plan):
            super().apply(plan)
            return
        configured = self.world.configured()
        super().apply(ParameterPlan([Step(step.name, configured.get(step.name, BASE)) for step in plan.statements]))


@dataclasses.dataclass(frozen=True)
class Step:
    """A statement, which sets a parameter if it has a name."""

    name: str = ""
    value: str = ""

    def shown(self) -> str:
        return "shown"


class World:
    """systemd, and what became of the service."""

    def __init__(self) -> None:
        self.unit = Unit("loaded", "inactive", "dead", "success", "disabled")
        self.silent = False
        self.acts: list[str] = []
        self.file: Path | None = None
        self.values: dict[str, str] = {}
        """What the server runs with."""
        self._starts = 0

    def configured(self) -> dict[str, str]:
        """What its file says."""
        return told(self.file.read_text()) if self.file and self.file.exists() else {}

    def _start(self, name: str) -> None:
        """It does not come up with a setting that is called broken."""
        self._starts += 1
        self.values = self.configured()
        state = "failed" if "start_broken" in self.values else "active"
        self._act(name, active=state, result="success" if state == "active" else "exit-code", started=str(self._starts))
        if state == "failed":
            raise AgentError("agent", "systemctl failed with exit code 1")

    def _set(self, **states: str) -> None:
        self.unit = Unit(**{**self.unit.__dict__, **states})

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(systemd, "show", lambda _unit: self.unit)
        monkeypatch.setattr(systemd, "start", lambda _unit, _timeout: self._start("start"))
        monkeypatch.setattr(systemd, "stop", lambda _unit, _timeout: self._act("stop", active="inactive"))
        monkeypatch.setattr(systemd, "restart", lambda _unit, _timeout: self._start("restart"))
        monkeypatch.setattr(systemd, "start_soon", lambda _unit: self._start("start_soon"))
        monkeypatch.setattr(systemd, "replace_file", self._replace_file)
        monkeypatch.setattr(systemd, "enable", lambda _unit: self._act("enable", file="enabled"))
        monkeypatch.setattr(systemd, "end_transient", lambda _unit: self._act("end_transient"))
        monkeypatch.setattr(systemd, "run_outside", self._run_outside)

    def _act(self, name: str, **states: str) -> None:
        self.acts.append(name)
        self._set(**states)

    def _replace_file(self, path: str, source: str | None) -> None:
        self.file = Path(path)
        if source is None:
            self.file.unlink(missing_ok=True)
        else:
            self.file.write_text(Path(source).read_text())

    def _run_outside(self, _unit: str, command: list[str], *_: Any) -> None:
        self.acts.append(command[0])
        Path(command[1], "data").write_text("x")
