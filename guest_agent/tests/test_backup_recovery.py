# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery, with a server that is a script."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent import subproc, systemd
from dbaas_agent.config import Config
from dbaas_agent.drivers.postgresql.recovery import recover
from dbaas_agent.errors import AgentError
from dbaas_agent.subproc import Completed

SAID = 'echo "LOG:  redo done" >&2'


@pytest.mark.parametrize(
    ("end", "fails"),
    [
        ("", False),
        ("echo 'backend> ERROR:  no such table' >&2", True),
        ("echo 'FATAL:  no checkpoint' >&2; exit 1", True),
    ],
)
def test_what_the_server_refuses_is_a_fault_and_its_unit_ends(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, fails: bool
) -> None:
    done: list[str] = []
    server, heard = tmp_path / "postgres", tmp_path / "heard"
    server.write_text(f'#!/bin/sh\n(for word; do echo "$word"; done; cat) > {heard}\n{SAID}\n{end}\n')
    server.chmod(0o755)

    def run(_unit: str, command: list[str], user: str, _group: str, _timeout: float) -> Completed:
        done.append(user)
        return subproc.run([word.replace("$$", "$") for word in command])

    monkeypatch.setattr(systemd, "end_transient", lambda _unit: done.append("end"))
    monkeypatch.setattr(systemd, "run_outside", run)
    driver: Any = SimpleNamespace(
        config=config, server_command=lambda directory: [str(server), "-D", directory, "-c", "config_file=/etc/x"]
    )
    if fails:
        with pytest.raises(AgentError) as told:
            recover(driver, "/data.new", "cp /log/%f %p")
        assert told.value.reason == "agent"
        assert end.split("'")[1] in told.value.details["output"]
    else:
        recover(driver, "/data.new", "cp /log/%f %p")
    assert done == ["end", config.datastore_user, "end"]
    *words, statement = heard.read_text().splitlines()
    assert words[:3] == ["--single", "-D", "/data.new"]
    assert {"data_directory=/data.new", "config_file=/etc/x", "restore_command=cp /log/%f %p"} < set(words)
    assert "pg_subscription" in statement
