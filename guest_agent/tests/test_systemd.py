# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that systemd demands, and what is told of a unit that does not start."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest
from dbaas_agent import systemd
from dbaas_agent.errors import AgentError
from dbaas_agent.subproc import Completed
from dbaas_agent.systemd import mount_unit_name


@pytest.mark.parametrize(
    "path", ["/var/lib/dbaas", "/srv/db-1/data_2", "/a.b/.hidden", "/.dot", "/data-é", "/a b", "/with:colon@at"]
)
def test_mount_unit_name_is_what_systemd_escape_says(path: str) -> None:
    said = subprocess.run(
        ["systemd-escape", "--path", "--suffix=mount", path], check=True, capture_output=True, text=True, timeout=10
    )
    assert mount_unit_name(path) == said.stdout.strip()


def test_a_unit_that_does_not_start_tells_what_it_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: Sequence[str], *_bounds: object, **_bound: object) -> Completed:
        if command[0] == "systemd-run":
            raise AgentError("agent", "it failed", output="see the journal")
        return Completed(0, "no such file\nAborting\n" if command[0] == "journalctl" else "", "")

    monkeypatch.setattr(systemd, "run", run)
    with pytest.raises(AgentError) as refusal:
        systemd.start_transient("dbaas-scratch", ["server"], {}, 10)
    assert refusal.value.reason == "agent"
    assert refusal.value.details == {"output": "see the journal", "lines": ["no such file", "Aborting"]}
