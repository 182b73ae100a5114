# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of settings that win over the datastore's base configuration, and the way back from settings that do not work."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dbaas_agent import systemd
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver, ParameterPlan, Settings
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_object, read_text, remove, write_atomic
from dbaas_agent.jsonlog import log
from dbaas_agent.systemd import Unit


@dataclass(frozen=True)
class Trial:
    """Settings with which the server has not been seen to work since it was started with others.

    started: that start, as Unit has it. before: by file, its content at that start; None: it was not there.
    pending: by file, the parameters that only a start changes. natural: what others had before they were changed, see Settings.
    taken: the files of before are being put in place, and the server has to be started with them.
    """

    started: str
    before: dict[str, str | None]
    pending: dict[str, list[str]] = field(default_factory=dict)
    natural: dict[str, str] = field(default_factory=dict)
    taken: bool = False

    def is_pending(self, unit: Unit) -> bool:
        """Whether the server runs on with what it was started with."""
        return unit.active == "active" and unit.started == self.started

    def failed(self, unit: Unit) -> bool:
        """Whether the server was started with these settings, and ended."""
        return unit.active == "failed" and unit.started != self.started

    def passed(self, unit: Unit) -> bool:
        """Whether the server was started with these settings, and runs."""
        return unit.active == "active" and unit.started != self.started


class Overrides:
    """``trial`` is also a file in ``state_dir``, written before the settings are: neither a restart of the agent nor one of the guest ends it.
    ``taken``, too: the files with which the server did not start, until it has settings in them again.

    Whoever starts the server or changes the settings does it in ``turn()``; meanwhile the loop takes nothing back.
    """

    def __init__(self, config: Config, driver: Driver) -> None:
        self._config = config
        self._driver = driver
        self._place = os.path.join(config.state_dir, "overrides.json")
        self._taken_place = os.path.join(config.state_dir, "overrides.taken.json")
        self._candidate = os.path.join(config.state_dir, "overrides.candidate")
        self._turn = threading.RLock()
        self._one_candidate = threading.RLock()
        self.trial = self._kept()
        self.taken = self._kept_taken()

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._turn:
            yield

    def pending(self) -> list[str]:
        """The parameters for which the server that runs has to be started again."""
        trial = self.trial
        names = sorted({name for found in trial.pending.values() for name in found}) if trial else []
        return names if trial and names and trial.is_pending(self._unit()) else []

    def check(self, settings: Settings) -> None:
        """AgentError(invalid) when the server would refuse the settings, or take others for them."""
        with self._as_file(settings.content) as file:
            self._driver.check_configuration(settings, file)

    def predict(self, settings: Settings) -> ParameterPlan:
        """What would change in the running server with the settings."""
        with self._as_file(settings.content) as file:
            return self._driver.plan_parameters(settings, file)

    def natural(self) -> dict[str, str]:
        """Values that parameters had without the settings since the server was started."""
        trial = self.trial
        return trial.natural if trial and trial.is_pending(self._unit()) else {}

    def remember(self, path: str, plan: ParameterPlan) -> None:
        """Keep the file of the last start, what only a start changes, and what others had, before anything of the plan is carried out."""
        unit, trial = self._unit(), self.trial
        if trial is None or trial.passed(unit):
            trial = Trial(unit.started, {})
        before = {path: read_text(path), **trial.before}
        pending, natural = {**trial.pending, path: plan.pending}, {**plan.natural, **trial.natural}
        self._keep(replace(trial, before=before, pending=pending, natural=natural))

    def write(self, path: str, content: str | None) -> None:
        """Have the settings in their file, after remember(); None: no file."""
        if read_text(path) != content:
            self._put(path, content)

    def settle(self, path: str) -> None:
        """The file has what it is to have."""
        if path in self.taken:
            self._keep_taken([name for name in self.taken if name != path])

    def prove(self) -> None:
        """The server answers: settings with which it was started have passed."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            if self.trial is not None and self.trial.passed(self._unit()):
                self.forget()
        finally:
            self._turn.release()

    def take_back(self) -> bool:
        """Put the files of the last start in place again; whether the server is to be started with them, and the trial forgotten."""
        trial = self.trial
        if trial is None:
            return False
        changed = [path for path, before in trial.before.items() if read_text(path) != before]
        if not changed and not trial.taken:
            self.forget()
            return False
        self._keep(replace(trial, taken=True))
        self._keep_taken(sorted({*self.taken, *changed}))
        for path in changed:
            self._put(path, trial.before[path])
            log("overrides_taken_back", "warning", file=path)
        return True

    def look(self) -> bool:
        """When the server does not start with settings on trial, go back to those of before; whether that was done. Bounded like a look."""
        if not self._turn.acquire(blocking=False):
            return False
        try:
            if self.trial is None or not self.trial.failed(self._unit()) or not self.take_back():
                return False
            systemd.start_soon(self._config.service)
            self.forget()
            return True
        except (AgentError, OSError) as fault:
            log("overrides_not_taken_back", "error", fault=str(fault))
            return False
        finally:
            self._turn.release()

    def forget(self) -> None:
        """End the trial."""
        remove(self._place)
        self.trial = None

    def _unit(self) -> Unit:
        return systemd.show(self._config.service)

    def _put(self, path: str, content: str | None) -> None:
        if content is None:
            systemd.replace_file(path, None)
            return
        with self._as_file(content) as candidate:
            systemd.replace_file(path, candidate)

    @contextmanager
    def _as_file(self, content: str) -> Iterator[str]:
        """One at a time: a check waits for no turn."""
        with self._one_candidate:
            write_atomic(self._candidate, content.encode())
            try:
                yield self._candidate
            finally:
                remove(self._candidate)

    def _keep(self, trial: Trial) -> None:
        write_atomic(self._place, json.dumps(asdict(trial)).encode())
        self.trial = trial

    def _keep_taken(self, paths: list[str]) -> None:
        write_atomic(self._taken_place, json.dumps({"paths": paths}).encode())
        self.taken = paths

    def _kept_taken(self) -> list[str]:
        try:
            return list((read_object(self._taken_place) or {}).get("paths", []))
        except (OSError, TypeError, ValueError):
            return []

    def _kept(self) -> Trial | None:
        try:
            given: dict[str, Any] | None = read_object(self._place)
            return None if given is None else Trial(**given)
        except (OSError, TypeError, ValueError) as fault:
            log("overrides_invalid", "error", file=self._place, fault=type(fault).__name__)
            return None
