# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job datastore_upgrade, with the tool of a script."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent.drivers.mariadb import upgrade
from dbaas_agent.drivers.mariadb.upgrade import DatastoreUpgrade
from dbaas_agent.errors import AgentError
from dbaas_agent.subproc import Completed


class Tool:
    """mariadb-upgrade, which fails so often, and pgrep, which sees another one so often."""

    def __init__(self, failures: int, others: int) -> None:
        self.failures = failures
        self.others = others
        self.runs = 0

    def run(self, command: list[str], *_: Any, **__: Any) -> Completed:
        if command[0] == "pgrep":
            self.others -= 1
            return Completed(0 if self.others >= 0 else 1, "", "")
        self.runs += 1
        if self.runs <= self.failures:
            raise AgentError("agent", "it failed")
        return Completed(0, "fine", "")


def job(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(upgrade, "run", tool.run)
    monkeypatch.setattr(upgrade, "_AGAIN_SECONDS", 0.0)
    driver = SimpleNamespace(ping=lambda: "10.11.19", config=SimpleNamespace(socket="/s"))
    report: Any = SimpleNamespace(progress=lambda *_: None, log=lambda *_, **__: None)
    made = DatastoreUpgrade(driver, {}, {})
    made.verify()
    return made.run(report)


def test_the_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert job(Tool(failures=0, others=0), monkeypatch) == {"server_version": "10.11.19"}


def test_another_one_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    tool = Tool(failures=2, others=2)
    assert job(tool, monkeypatch) == {"server_version": "10.11.19"}
    assert tool.runs == 3


def test_a_failure_of_its_own_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AgentError):
        job(Tool(failures=2, others=1), monkeypatch)
