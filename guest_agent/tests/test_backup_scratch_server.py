# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent import systemd
from dbaas_agent.config import Config
from dbaas_agent.drivers.mysql_family import scratch_server, sessions
from dbaas_agent.drivers.mysql_family.sql import Statement
from dbaas_agent.errors import AgentError

FAULT = AgentError("agent", "no")


@pytest.mark.parametrize(
    ("step", "acts"),
    [
        (None, ["end", "start", "connect", "done", "close", "end"]),
        ("start", ["end", "start", "end"]),
        ("connect", ["end", "start", "connect", "end"]),
        ("done", ["end", "start", "connect", "done", "close", "end"]),
    ],
)
def test_it_serves_nobody_else_and_ends_whatever_happens(
    config: Config, monkeypatch: pytest.MonkeyPatch, step: str | None, acts: list[str]
) -> None:
    done: list[str] = []
    started: list[tuple[list[str], dict[str, str]]] = []

    def act(name: str) -> None:
        done.append(name)
        if name == step:
            raise FAULT

    def start(_unit: str, command: list[str], properties: dict[str, str], _timeout: float) -> None:
        started.append((command, properties))
        act("start")

    def connect(*_: Any) -> Any:
        act("connect")
        return SimpleNamespace(close=lambda: act("close"))

    monkeypatch.setattr(systemd, "end_transient", lambda *_: act("end"))
    monkeypatch.setattr(systemd, "start_transient", start)
    monkeypatch.setattr(sessions, "connect", connect)
    monkeypatch.setattr(sessions, "rows", lambda _connection, statement: act(statement.sql))
    driver: Any = SimpleNamespace(config=config, server="/mysqld", own="SET x", alone=("--alone", "--closed"))

    def serve() -> None:
        with scratch_server.serving(driver, "/data.new") as execute:
            execute(Statement("done"))

    if step:
        with pytest.raises(AgentError) as told:
            serve()
        assert told.value is FAULT
    else:
        serve()
    assert done == acts
    ((command, properties),) = started
    assert (command[0], properties["User"]) == ("/mysqld", config.datastore_user)
    assert {"--datadir=/data.new", "--skip-networking", "--event-scheduler=OFF", "--alone", "--closed"} < set(command)
