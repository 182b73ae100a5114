# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A faked driver and a faked systemd; volume, certificates and configuration are files on disk."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from dbaas_agent import systemd, tls_mode
from dbaas_agent.backup.strategy import Position, Source, Strategy, Taking
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver, ParameterPlan, Plan, Settings, UnansweredError
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Kind, Report
from dbaas_agent.membership import Membership
from dbaas_agent.replication import GTID_SET, Facts, Upstream
from dbaas_agent.systemd import Unit
from dbaas_agent.upload import Answer

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
        self.shut = False
        self.seat: Membership | None = None
        self.tls = True
        self.policy: tls_mode.Policy | None = None

    def ping(self) -> str:
        if self.world.unit.active != "active" or self.world.silent:
            raise UnansweredError("silence")
        return "1.0"

    def position(self) -> str:
        return f"{self.ping()} is here"

    def replication_facts(self) -> Facts:
        return Facts(GTID_SET, "me", writable=not self.stopped, received="me:1-5", applied="me:1-5")

    def plan_replica_account(self, name: str, password: str | None, tls: bool) -> Plan:
        self.calls.append(f"account {name} {password} {tls}")
        return Plan([Step("account", KEPT)], {}, {})

    def plan_replica_slot(self, name: str, wanted: bool) -> Plan:
        self.calls.append(f"slot {name} {wanted}")
        return Plan([Step("slot", KEPT)], {}, {})

    def plan_follow(self, upstream: Upstream) -> Plan:
        self.upstream = upstream
        return Plan([Step("follow", KEPT)], {}, {})

    def plan_leave(self) -> Plan:
        return Plan([Step("leave", KEPT)], {}, {})

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

    def keep_out(self) -> None:
        self.calls.append("keep_out")
        self.shut = True

    def let_in(self, held: bool) -> None:
        self.calls.append("let_in held" if held else "let_in")
        self.shut = held

    def kept_out(self) -> bool:
        self.ping()
        return self.shut

    def take_seat(self, member: Membership | None) -> None:
        self.seat = member

    def last_position(self, stop: Callable[[], None]) -> str:
        stop()
        return "me:1-9"

    def await_applied(self, position: str, seconds: int) -> bool:
        self.calls.append(f"await {position} {seconds}")
        return position != "never"

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
        self.held: dict[str, str] = {}
        """Addresses, by the unit that holds them."""
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
        monkeypatch.setattr(systemd, "show", self._show)
        monkeypatch.setattr(systemd, "start", lambda _unit, _timeout: self._start("start"))
        monkeypatch.setattr(systemd, "stop", lambda _unit, _timeout: self._act("stop", active="inactive"))
        monkeypatch.setattr(systemd, "restart", lambda _unit, _timeout: self._start("restart"))
        monkeypatch.setattr(systemd, "start_soon", lambda _unit: self._start("start_soon"))
        monkeypatch.setattr(systemd, "replace_file", self._replace_file)
        monkeypatch.setattr(systemd, "enable", lambda _unit: self._act("enable", file="enabled"))
        monkeypatch.setattr(systemd, "end_transient", self._end_transient)
        monkeypatch.setattr(systemd, "start_transient", self._hold)
        monkeypatch.setattr(systemd, "run_outside", self._run_outside)

    def _show(self, unit: str) -> Unit:
        if not unit.startswith("dbaas-address-"):
            return self.unit
        return Unit(active="active", description=self.held[unit]) if unit in self.held else Unit(active="inactive")

    def _end_transient(self, unit: str) -> None:
        if self.held.pop(unit, None) is None:
            self._act("end_transient")

    def _hold(self, unit: str, command: list[str], properties: dict[str, str], _timeout: float) -> None:
        assert unit not in self.held
        assert properties["ExecStopPost"].endswith(" ".join(command))
        self.held[unit] = properties["Description"]

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


class Clock:
    """A time that passes only while one sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class FakeReport:
    """Keeps what a job tells."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str, int | None, int | None, str]] = []
        self.logged: list[dict[str, Any]] = []

    def progress(
        self, phase: str, item: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        self.steps.append((phase, item, done, total, unit))

    def log(self, event: str, level: str = "info", **fields: Any) -> None:
        self.logged.append({"event": event, "level": level, **fields})


class FakeExecute:
    """Statements of a FakeSessions."""

    def __init__(self, sessions: FakeSessions) -> None:
        self._sessions = sessions

    def __call__(self, statement: Any) -> list[dict[str, Any]]:
        return self._sessions.execute(statement)

    def speak(self, character_set: str) -> None:
        self._sessions.asked.append(f"speak {character_set}")


class FakeSessions:
    """A driver's ``session``, of a server that answers from a script: by a text that stands in the statement, rows or a function that makes them."""

    def __init__(self, script: dict[str, Any]) -> None:
        self.script = script
        self.asked: list[str] = []
        self.open = 0

    @contextmanager
    def __call__(self, *_args: Any, **_options: Any) -> Iterator[Any]:
        self.open += 1
        try:
            yield FakeExecute(self)
        finally:
            self.open -= 1

    def execute(self, statement: Any) -> list[dict[str, Any]]:
        self.asked.append(statement.shown())
        rows: Any = next((rows for text, rows in self.script.items() if text in statement.sql), [])
        return list(rows(*statement.values) if callable(rows) else rows)


class FakeStore:
    """The object store in the place of Uploader. fails: by name, the word of its answer."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fails: dict[str, str] = {}

    def __call__(self, _ca_file: str) -> FakeStore:
        return self

    def put(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        path = urlsplit(url).path
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        if os.path.basename(path) in self.fails:
            return Answer(False, self.fails[os.path.basename(path)])
        assert headers.get("ETag", digest) == digest
        self.objects[path] = body
        return Answer(True, "sent")

    def get(self, url: str, _headers: Mapping[str, str]) -> Answer:
        body = self.objects.get(urlsplit(url).path)
        return Answer(False, "http_404") if body is None else Answer(True, "sent", body=body)


class BackupDriver:
    """Has one strategy, ``file``: a backup is what the commands write, and each one of a chain is restored to a file."""

    def __init__(self, config: Config, commands: Sequence[Sequence[str]] = ()) -> None:
        self.config = config
        self.commands = commands
        self.held_up = False
        self.unfinished: AgentError | None = None
        self.unkept: AgentError | None = None
        self.acts: list[tuple[Any, ...]] = []
        self.words: Sequence[str] = ()

    def backup_strategies(self) -> dict[str, type[Strategy]]:
        return {"file": FakeStrategy}

    def take_seat(self, member: Membership | None) -> None:
        self.acts.append(("take_seat", member))


class FakeStrategy(Strategy):
    incremental = True
    follows = True

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        super().verify(parent)
        self.driver.acts.append(("verify", parent))

    @contextmanager
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> Iterator[Taking]:  # noqa: ARG002
        Path(scratch, "needed").touch()
        self.driver.acts.append(("take", parent))
        try:
            yield FakeTaking(self.driver)
            if self.driver.unkept:
                raise self.driver.unkept
        finally:
            self.driver.acts.append(("left",))

    def unpack(self, target: str, number: int) -> Sequence[str]:
        self._act("unpack", target, number)
        return ["sh", "-c", 'cat > "$0"', os.path.join(target, f"part{number}")]

    def apply(self, target: str, number: int, report: Report) -> None:  # noqa: ARG002
        self._act("apply", target, number)

    def complete(self, target: str, count: int, report: Report) -> None:  # noqa: ARG002
        self._act("complete", target, count)

    def settle(self, target: str, report: Report) -> None:  # noqa: ARG002
        self._act("settle", target)

    def follow(self, target: str, report: Report) -> None:  # noqa: ARG002
        self._act("follow", target)

    def _act(self, name: str, target: str, *told: Any) -> None:
        self.driver.acts.append((name, *told, sorted(os.listdir(target))))


class FakeTaking(Taking):
    def __init__(self, driver: BackupDriver) -> None:
        self._driver = driver

    def source(self) -> Source:
        return Source(self._driver.commands, 7)

    def holds_up(self, words: Sequence[str]) -> bool:  # noqa: ARG002
        return self._driver.held_up

    def ended(self, words: Sequence[str]) -> Position:
        self._driver.words = words
        if self._driver.unfinished:
            raise self._driver.unfinished
        return {"lsn": "5"}
