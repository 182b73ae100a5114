# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Freezing, with a PID 1 that only remembers."""

from __future__ import annotations

from typing import Any

import pytest
from dbaas_agent import freeze, systemd
from dbaas_agent.errors import AgentError
from dbaas_agent.systemd import Unit

FAULT = AgentError("agent", "no")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    acts: list[Any] = []
    monkeypatch.setattr(systemd, "end_transient", lambda unit: acts.append(("end", unit)))
    monkeypatch.setattr(systemd, "start_transient", lambda unit, _command, told, _timeout: acts.append((unit, told)))
    monkeypatch.setattr(systemd, "run_outside", lambda _unit, command, *_: acts.append(tuple(command)))
    return acts


def test_the_guard_is_there_before_anything_stands_still(done: list[Any]) -> None:
    assert freeze.begin("/data", 7, check=False)["changed"]
    guard = ("dbaas-thaw", {"RuntimeMaxSec": "7", "ExecStopPost": "-/usr/sbin/fsfreeze --unfreeze /data"})
    assert done == [("end", "dbaas-thaw"), guard, ("fsfreeze", "--freeze", "/data")]


def test_what_cannot_be_frozen_has_no_guard(done: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise FAULT

    monkeypatch.setattr(systemd, "run_outside", fail)
    with pytest.raises(AgentError) as told:
        freeze.begin("/data", 7, check=False)
    assert told.value is FAULT
    assert done[-1] == ("end", "dbaas-thaw")


@pytest.mark.parametrize("seconds", [0, -1, 61])
def test_it_is_never_frozen_for_long(done: list[Any], seconds: int) -> None:
    with pytest.raises(AgentError) as told:
        freeze.begin("/data", seconds, check=False)
    assert (told.value.reason, done) == ("invalid", [])


@pytest.mark.parametrize(("active", "changed"), [("active", True), ("deactivating", True), ("inactive", False)])
def test_it_is_thawed_once(done: list[Any], monkeypatch: pytest.MonkeyPatch, active: str, changed: bool) -> None:
    monkeypatch.setattr(systemd, "show", lambda _unit: Unit(active=active))
    assert freeze.end(check=True)["changed"] is changed
    assert done == []
    assert freeze.end(check=False)["changed"] is changed
    assert done == ([("end", "dbaas-thaw")] if changed else [])


def test_a_check_changes_nothing(done: list[Any]) -> None:
    assert freeze.begin("/data", 7, check=True)["changed"]
    assert done == []
